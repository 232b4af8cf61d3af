//! The table `http2`: what one HTTP/2 connection may take.

use std::time::Duration;

use super::{ByteSize, Setting, reader::Section};

/// Requests and sessions open at once on one connection. 0: HTTP/2 is not spoken. The default is
/// what browsers expect (RFC 9113 §6.5.2 asks for no less).
pub const STREAMS: Setting<u32> = Setting { default: 100, min: 0, max: 10_000 };

/// Bytes that one stream may hold that its session has not read. The connection may hold as many
/// for each of its streams, so that one that is not read starves no other.
pub const STREAM_WINDOW: Setting<ByteSize> = Setting {
    default: ByteSize::from_kib(64),
    min: ByteSize::from_kib(16),
    max: ByteSize::from_mib(16),
};

/// How often a connection that is silent is asked whether it is still there; one that does not
/// answer within as long again is dropped, with all its sessions.
pub const KEEP_ALIVE: Setting<Duration> = Setting {
    default: Duration::from_secs(30),
    min: Duration::from_secs(1),
    max: Duration::from_secs(60 * 60),
};

/// How long a connection without a request or a session is kept.
pub const UNUSED_TIMEOUT: Setting<Duration> = Setting {
    default: Duration::from_secs(60),
    min: Duration::from_millis(100),
    max: Duration::from_secs(60 * 60),
};

/// The largest window that there is, in bytes (RFC 9113 §6.9.1).
const WINDOW_MAX: u64 = (1 << 31) - 1;

/// What one HTTP/2 connection may take.
///
/// # Defaults
///
/// Those of the constants of this room, each with its bounds and its reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Http2 {
    /// Requests and sessions at once; 0 where HTTP/2 is not spoken: [`STREAMS`].
    pub streams: u32,
    /// Unread bytes of one stream: [`STREAM_WINDOW`].
    pub stream_window: ByteSize,
    /// How often a silent connection is asked whether it is there: [`KEEP_ALIVE`].
    pub keep_alive: Duration,
    /// How long an unused connection is kept: [`UNUSED_TIMEOUT`].
    pub idle_timeout: Duration,
}

impl Http2 {
    /// Reads the table; a key that is absent or wrong has its default.
    pub(super) fn read(section: &mut Section<'_, '_>) -> Self {
        Self {
            streams: section.setting("streams", &STREAMS),
            stream_window: section.setting("stream_window", &STREAM_WINDOW),
            keep_alive: section.setting("keep_alive", &KEEP_ALIVE),
            idle_timeout: section.setting("idle_timeout", &UNUSED_TIMEOUT),
        }
    }

    /// Whether HTTP/2 is spoken.
    pub fn is_spoken(&self) -> bool {
        self.streams > 0
    }

    /// The window of a stream, in bytes.
    pub fn stream_window(&self) -> u32 {
        window(self.stream_window.bytes())
    }

    /// The window of a connection, in bytes: one for each stream, as far as there is one so large.
    pub fn connection_window(&self) -> u32 {
        window(self.stream_window.bytes().saturating_mul(self.streams.into()))
    }
}

impl Default for Http2 {
    fn default() -> Self {
        Self {
            streams: STREAMS.default,
            stream_window: STREAM_WINDOW.default,
            keep_alive: KEEP_ALIVE.default,
            idle_timeout: UNUSED_TIMEOUT.default,
        }
    }
}

fn window(bytes: u64) -> u32 {
    let within = bytes.min(WINDOW_MAX);
    u32::try_from(within).unwrap_or(u32::MAX >> 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_holds_a_window_for_each_stream() {
        let by_default = Http2::default();
        assert_eq!(by_default.stream_window(), 64 << 10);
        assert_eq!(by_default.connection_window(), 100 * (64 << 10));
        let most =
            Http2 { streams: STREAMS.max, stream_window: STREAM_WINDOW.max, ..Http2::default() };
        assert_eq!(most.connection_window(), (1 << 31) - 1);
    }
}
