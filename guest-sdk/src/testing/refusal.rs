//! Why a session did not open.

use crate::CloseReason;

/// Why [`Host::open`](super::Host::open) gave no peer.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotOpened {
    /// The path is none of the endpoint's: a host answers 404.
    #[error("the path {path} is none of the endpoint's, {template}")]
    NoSuchPath {
        /// The path that was asked for.
        path: String,
        /// The endpoint's path.
        template: String,
    },
    /// The configurator rejected the handshake.
    #[error("the configurator rejected the handshake with status {status}")]
    Rejected {
        /// The HTTP status.
        status: u16,
        /// The header fields that it adds.
        headers: Vec<(String, Vec<u8>)>,
        /// The body.
        body: Vec<u8>,
    },
    /// The configurator's decision, or the endpoint's configuration, is one that a host does not
    /// carry out: it answers 500, and this is the reason in its log.
    #[error("the handshake is answered with status 500: {0}")]
    BadDecision(String),
    /// There is no key for the session, or one that is too long: a host answers 500, and this is
    /// the reason in its log.
    #[error("the handshake is answered with status 500: {0}")]
    NoKey(String),
    /// `on_open` failed.
    #[error("on_open failed: {error}")]
    Failed {
        /// The text of its error.
        error: String,
        /// What the peer is told: 1011, unless `on_open` closed the session itself; 1006 where it
        /// dropped the connection.
        close: CloseReason,
    },
}
