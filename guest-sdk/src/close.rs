//! Closing: why a session ends, and how it did.

pub use crate::bindings::sockhop::websocket::types::{
    CloseCause, CloseEvent, CloseReason, Initiator,
};

impl CloseReason {
    /// A reason with this code and phrase.
    ///
    /// Whether the two may be sent is decided where they are used: see
    /// [`Session::close_with`](crate::Session::close_with).
    #[must_use]
    pub fn new(code: u16, phrase: impl Into<String>) -> Self {
        Self { code, phrase: phrase.into() }
    }
}

/// Status codes of a Close frame, by the names of Jakarta's `CloseReason.CloseCodes`, with the
/// meaning that RFC 6455 §7.4.1 or the IANA registry gives them.
///
/// Applications take theirs from 4000 to 4999; 3000 to 3999 are registered with IANA.
pub mod close_code {
    /// The purpose of the session is fulfilled. The code of a close that names no other.
    pub const NORMAL_CLOSURE: u16 = 1000;
    /// An end goes away: a server stops, a browser leaves the page.
    pub const GOING_AWAY: u16 = 1001;
    /// The peer broke the protocol.
    pub const PROTOCOL_ERROR: u16 = 1002;
    /// The peer sent a kind of data that the endpoint cannot accept, say binary.
    pub const CANNOT_ACCEPT: u16 = 1003;
    /// Reserved. Never sent.
    pub const RESERVED: u16 = 1004;
    /// Stands for a Close frame without a code.
    pub const NO_STATUS_CODE: u16 = 1005;
    /// Stands for a connection that was lost. Never sent.
    pub const CLOSED_ABNORMALLY: u16 = 1006;
    /// The data is not consistent with the kind of the message, such as text that is not UTF-8.
    pub const NOT_CONSISTENT: u16 = 1007;
    /// A message breaks the endpoint's policy; for want of a better code.
    pub const VIOLATED_POLICY: u16 = 1008;
    /// A message is too big to be processed.
    pub const TOO_BIG: u16 = 1009;
    /// The client misses an extension. Sent by clients.
    pub const NO_EXTENSION: u16 = 1010;
    /// The server met a condition that it did not expect.
    pub const UNEXPECTED_CONDITION: u16 = 1011;
    /// The service restarts; the peer may connect again.
    pub const SERVICE_RESTART: u16 = 1012;
    /// The server is overloaded, or the peer too slow; the peer may connect again later.
    pub const TRY_AGAIN_LATER: u16 = 1013;
    /// The server is a gateway, and what is behind it answered wrongly (Jakarta has no name).
    pub const BAD_GATEWAY: u16 = 1014;
    /// Stands for a TLS handshake that failed. Never sent.
    pub const TLS_HANDSHAKE_FAILURE: u16 = 1015;
}
