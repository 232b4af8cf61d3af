//! The open files that this process, and the servers that it starts, may have.

use anyhow::{Context, Result, ensure};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Files that a process has open beside its connections: its log, its component, its polls.
const OTHER_FILES: u64 = 256;

/// Raises the limit on open files to as many as the system allows, for this process and those that
/// it starts from now on, and sees to it that `connections` fit.
///
/// # Errors
/// They do not fit.
pub fn make_room(connections: usize) -> Result<()> {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, ..limit };
    setrlimit(Resource::Nofile, raised).context("the limit on open files cannot be raised")?;
    let wanted = connections as u64 + OTHER_FILES;
    ensure!(
        limit.maximum.is_none_or(|maximum| maximum >= wanted),
        "{connections} connections need {wanted} open files, and {} are allowed: raise the hard \
         limit (ulimit -Hn) or ask for fewer idle connections",
        limit.maximum.unwrap_or_default()
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_connections_than_files_are_refused() {
        make_room(1).expect("room");
        let allowed = getrlimit(Resource::Nofile).maximum.unwrap_or(u64::MAX / 2);
        if let Ok(allowed) = usize::try_from(allowed) {
            assert!(make_room(allowed).is_err() || allowed > usize::MAX / 4);
        }
    }
}
