//! What both sides have agreed on.

use super::{
    CLIENT_MAX_WINDOW_BITS, CLIENT_NO_CONTEXT_TAKEOVER, NAME, SERVER_MAX_WINDOW_BITS,
    SERVER_NO_CONTEXT_TAKEOVER, WINDOW_BITS_MAX,
};
use crate::extensions::Extension;

/// What was agreed (RFC 7692 §7.1). Made by [`negotiate`](super::negotiate) in a server, by
/// [`accept_answer`](super::accept_answer) in a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agreed {
    pub(super) server_no_context_takeover: bool,
    pub(super) client_no_context_takeover: bool,
    /// 9 to 15 in a server; 8 to 15 in a client.
    pub(super) server_max_window_bits: u8,
    /// 8 to 15. Less than 15 in a server only where the client has offered the parameter.
    pub(super) client_max_window_bits: u8,
    /// Whether the client asked for a limit on the server's window: then the answer must name one,
    /// even the largest (RFC 7692 §7.1.2.1).
    pub(super) server_bits_asked: bool,
}

impl Agreed {
    /// Whether the server forgets its history after each message (RFC 7692 §7.1.1.1).
    #[must_use]
    pub fn server_no_context_takeover(&self) -> bool {
        self.server_no_context_takeover
    }

    /// Whether the client forgets its history after each message (RFC 7692 §7.1.1.2).
    #[must_use]
    pub fn client_no_context_takeover(&self) -> bool {
        self.client_no_context_takeover
    }

    /// The base-2 logarithm of the server's window, 8 to 15 (RFC 7692 §7.1.2.1).
    #[must_use]
    pub fn server_max_window_bits(&self) -> u8 {
        self.server_max_window_bits
    }

    /// The base-2 logarithm of the client's window, 8 to 15 (RFC 7692 §7.1.2.2).
    #[must_use]
    pub fn client_max_window_bits(&self) -> u8 {
        self.client_max_window_bits
    }

    /// Whether either direction keeps its history between messages, and with it the memory.
    #[must_use]
    pub fn takes_over(&self) -> bool {
        !(self.server_no_context_takeover && self.client_no_context_takeover)
    }

    /// What a server writes into its answer's `Sec-WebSocket-Extensions` (RFC 7692 §7.1).
    #[must_use]
    pub fn response(&self) -> Extension {
        let mut parameters = Vec::new();
        if self.server_no_context_takeover {
            parameters.push((SERVER_NO_CONTEXT_TAKEOVER.to_owned(), None));
        }
        if self.client_no_context_takeover {
            parameters.push((CLIENT_NO_CONTEXT_TAKEOVER.to_owned(), None));
        }
        if self.server_bits_asked || self.server_max_window_bits < WINDOW_BITS_MAX {
            let bits = self.server_max_window_bits.to_string();
            parameters.push((SERVER_MAX_WINDOW_BITS.to_owned(), Some(bits)));
        }
        if self.client_max_window_bits < WINDOW_BITS_MAX {
            let bits = self.client_max_window_bits.to_string();
            parameters.push((CLIENT_MAX_WINDOW_BITS.to_owned(), Some(bits)));
        }
        Extension { name: NAME.to_owned(), parameters }
    }
}
