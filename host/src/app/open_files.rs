//! How many files the host may have open: each connection is one.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The files that are left for other things than connections: listeners, the admin API, what is
/// watched, logged, compiled and served, and the connections beyond the limit that are told so.
const RESERVED: u64 = 256;

/// Raises the limit on open files as far as this process may, and gives it; nothing where there is
/// none. Nothing here counts descriptors by `select`, for which the lower one is kept.
pub(super) fn raise() -> Option<u64> {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(error) => {
            tracing::warn!(%error, "the limit on open files cannot be raised");
            limit.current
        }
    }
}

/// How many of the connections that are wanted there are files for, where that is fewer.
pub(super) fn fewer_connections(wanted: u32, files: Option<u64>) -> Option<u32> {
    let room = files?.saturating_sub(RESERVED).max(1);
    u32::try_from(room).ok().filter(|room| *room < wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_lowered_to_what_there_are_files_for() {
        for (wanted, files, fewer) in [
            (20_000, None, None),
            (20_000, Some(1 << 40), None),
            (20_000, Some(20_256), None),
            (20_000, Some(20_255), Some(19_999)),
            (20_000, Some(1024), Some(768)),
            (20_000, Some(100), Some(1)),
            (1, Some(0), None),
        ] {
            assert_eq!(fewer_connections(wanted, files), fewer, "{wanted} {files:?}");
        }
    }
}
