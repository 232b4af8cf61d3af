//! What one side is willing to do.

use super::{WINDOW_BITS_MAX, WINDOW_BITS_MIN};

/// What this side is willing to do: an operator's settings, named as in RFC 7692 §7.1.
///
/// A value out of its range counts as the nearest in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Whether the server may keep its compressor's history from one message to the next. That
    /// costs about 310 KiB a connection in a server, once a message was compressed.
    pub server_takeover: bool,
    /// Whether the client may. That costs about 47 KiB a connection in a server, once a compressed
    /// message came.
    pub client_takeover: bool,
    /// The largest window of what the server sends, 9 to 15.
    pub server_window_bits: u8,
    /// The largest window of what the client sends, 9 to 15. A server can ask for it only where the
    /// client has offered `client_max_window_bits`.
    pub client_window_bits: u8,
    /// How hard to compress, 1 (fast) to 9 (small).
    pub level: u8,
    /// Messages with a payload of fewer bytes are sent as they are.
    pub threshold_bytes: usize,
}

impl Default for Policy {
    /// No takeover in either direction (memory), the full window, level 1 (a server's time is
    /// dearer than the last tenth of size), and nothing below 1 KiB, where hardly anything is won.
    fn default() -> Self {
        Self {
            server_takeover: false,
            client_takeover: false,
            server_window_bits: WINDOW_BITS_MAX,
            client_window_bits: WINDOW_BITS_MAX,
            level: 1,
            threshold_bytes: 1024,
        }
    }
}

impl Policy {
    pub(super) fn server_bits(&self) -> u8 {
        self.server_window_bits.clamp(WINDOW_BITS_MIN, WINDOW_BITS_MAX)
    }

    pub(super) fn client_bits(&self) -> u8 {
        self.client_window_bits.clamp(WINDOW_BITS_MIN, WINDOW_BITS_MAX)
    }
}
