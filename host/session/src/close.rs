//! Close reasons, and the full account of how a session ended.

use thiserror::Error;

/// The longest reason phrase, in bytes of UTF-8: a control frame's payload holds 125 bytes and the
/// code takes two of them (RFC 6455 §5.5).
pub const PHRASE_BYTES_MAX: usize = 123;

/// Close codes by the names that RFC 6455 §7.4.1 and Jakarta's `CloseCodes` give them.
pub mod code {
    /// The purpose of the connection is fulfilled.
    pub const NORMAL_CLOSURE: u16 = 1000;
    /// An endpoint goes away, as a host that stops does.
    pub const GOING_AWAY: u16 = 1001;
    /// The peer broke RFC 6455.
    pub const PROTOCOL_ERROR: u16 = 1002;
    /// Stands for a Close frame without a code; never in a frame itself.
    pub const NO_STATUS_CODE: u16 = 1005;
    /// Stands for a connection that was lost; never in a frame itself.
    pub const CLOSED_ABNORMALLY: u16 = 1006;
    /// A text was not UTF-8.
    pub const NOT_CONSISTENT: u16 = 1007;
    /// A message was too big.
    pub const TOO_BIG: u16 = 1009;
    /// The server failed, as a guest that traps does.
    pub const UNEXPECTED_CONDITION: u16 = 1011;
    /// The service restarts.
    pub const SERVICE_RESTART: u16 = 1012;
    /// The server is overloaded, or the peer too slow for it.
    pub const TRY_AGAIN_LATER: u16 = 1013;
}

/// A reason that may be sent in a Close frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloseReason {
    code: u16,
    phrase: String,
}

/// Why a close reason may not be sent. The guest that gave it is at fault.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum CloseError {
    /// RFC 6455 §7.4 keeps the code from being sent.
    #[error(
        "close code {0} may not be sent; use 1000 to 1003, 1007 to 1014, 3000 to 4999, or \
         1005 for none"
    )]
    InvalidCode(u16),
    /// The phrase does not fit a Close frame.
    #[error("the close phrase has {0} bytes of UTF-8; at most 123 fit")]
    PhraseTooLong(usize),
}

impl CloseReason {
    /// A reason that RFC 6455 §7.4 allows to be sent. Code 1005 stands for a Close frame without a
    /// code, and takes no phrase along.
    ///
    /// # Errors
    /// [`CloseError`] where the code or the phrase may not be sent.
    pub fn new(code: u16, phrase: impl Into<String>) -> Result<Self, CloseError> {
        let phrase = phrase.into();
        if !matches!(code, 1000..=1003 | 1005 | 1007..=1014 | 3000..=4999) {
            return Err(CloseError::InvalidCode(code));
        }
        if phrase.len() > PHRASE_BYTES_MAX {
            return Err(CloseError::PhraseTooLong(phrase.len()));
        }
        Ok(Self { code, phrase })
    }

    /// A reason of the host's own; a phrase that is too long is cut on a code point.
    pub(crate) fn of_host(code: u16, phrase: &str) -> Self {
        let end = phrase.floor_char_boundary(PHRASE_BYTES_MAX);
        Self { code, phrase: phrase[..end].to_owned() }
    }

    /// 1000 without a phrase (Jakarta `Session.close()`).
    #[must_use]
    pub fn normal() -> Self {
        Self { code: code::NORMAL_CLOSURE, phrase: String::new() }
    }

    /// The code to send, or nothing for a Close frame without one.
    #[must_use]
    pub fn wire_code(&self) -> Option<u16> {
        (self.code != code::NO_STATUS_CODE).then_some(self.code)
    }

    /// The phrase; empty for none.
    #[must_use]
    pub fn phrase(&self) -> &str {
        &self.phrase
    }
}

/// Who began to end a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Initiator {
    /// The peer, by a Close frame or by breaking the protocol.
    Peer,
    /// Guest code, by `session.close`.
    Guest,
    /// The host.
    Host,
    /// Nobody: the connection was lost.
    Transport,
}

/// What ended a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseCause {
    /// The peer or a guest asked for it.
    Requested,
    /// The peer broke a rule of RFC 6455.
    ProtocolError,
    /// The peer sent text that is not UTF-8, or data that is not DEFLATE.
    InvalidPayload,
    /// The peer sent a message above the limit.
    MessageTooBig,
    /// The host stops, or the deployment was removed.
    GoingAway,
    /// Another revision takes over.
    ServiceRestart,
    /// The guest trapped or could not be opened. No guest is told: there is none left.
    GuestFailed,
    /// The connection ended without a Close frame from the peer.
    ConnectionLost,
    /// Nothing came or went for as long as the operator allows.
    IdleTimeout,
    /// The peer did not answer a ping in time.
    PongTimeout,
    /// The peer did not take what waited for it in time: no Close frame can be sent.
    WriteTimeout,
    /// More was sent to the session than its peer read, and the operator wants it closed then.
    SlowReader,
    /// A guest began a message piece by piece and gave it up.
    MessageAbandoned,
    /// A guest dropped the connection: no Close frame is sent.
    Aborted,
}

impl CloseCause {
    /// The close code and phrase by which the host tells the peer of this cause: the one mapping
    /// from a cause to the wire (RFC 6455 §7.4.1). A requested close brings its own reason, a lost
    /// connection has nobody to tell.
    #[must_use]
    pub fn reason(self) -> CloseReason {
        match self {
            Self::Requested | Self::ConnectionLost | Self::Aborted => CloseReason::normal(),
            Self::IdleTimeout => CloseReason::of_host(code::GOING_AWAY, "idle for too long"),
            Self::PongTimeout => CloseReason::of_host(code::GOING_AWAY, "no pong came"),
            Self::WriteTimeout => CloseReason::of_host(code::GOING_AWAY, "nothing was read"),
            Self::SlowReader => CloseReason::of_host(code::TRY_AGAIN_LATER, "reads too slowly"),
            Self::MessageAbandoned => {
                CloseReason::of_host(code::UNEXPECTED_CONDITION, "message given up")
            }
            Self::ProtocolError => CloseReason::of_host(code::PROTOCOL_ERROR, "protocol error"),
            Self::InvalidPayload => CloseReason::of_host(code::NOT_CONSISTENT, "invalid payload"),
            Self::MessageTooBig => CloseReason::of_host(code::TOO_BIG, "message is too big"),
            Self::GoingAway => CloseReason::of_host(code::GOING_AWAY, "going away"),
            Self::ServiceRestart => CloseReason::of_host(code::SERVICE_RESTART, "service restart"),
            Self::GuestFailed => {
                CloseReason::of_host(code::UNEXPECTED_CONDITION, "endpoint failed")
            }
        }
    }
}

/// How a session ended, in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloseEvent {
    /// Who began it.
    pub initiator: Initiator,
    /// What it was.
    pub cause: CloseCause,
    /// The code that the host sent.
    pub code_sent: Option<u16>,
    /// The code that the peer sent.
    pub code_received: Option<u16>,
    /// The phrase of the first Close frame either way.
    pub phrase: String,
    /// Whether the closing handshake was completed (RFC 6455 §7.1.4).
    pub clean: bool,
    /// The one code that Jakarta's `onClose` would report.
    pub code: u16,
}

/// A wish to close a session, with who has it and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloseRequest {
    /// Who wishes it.
    pub initiator: Initiator,
    /// Why.
    pub cause: CloseCause,
    /// What to send in the Close frame.
    pub reason: CloseReason,
}

impl CloseRequest {
    /// A guest's wish (Jakarta `Session.close`).
    #[must_use]
    pub fn by_guest(reason: CloseReason) -> Self {
        Self { initiator: Initiator::Guest, cause: CloseCause::Requested, reason }
    }

    /// A guest's wish to have no closing handshake (Jakarta's request 216).
    #[must_use]
    pub fn abort() -> Self {
        let cause = CloseCause::Aborted;
        Self { initiator: Initiator::Guest, cause, reason: cause.reason() }
    }

    /// The host's wish, with the reason that belongs to the cause.
    #[must_use]
    pub fn by_host(cause: CloseCause) -> Self {
        Self { initiator: Initiator::Host, cause, reason: cause.reason() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_that_rfc_6455_keeps_off_the_wire_are_refused() {
        for code in [0, 999, 1004, 1006, 1015, 1016, 2999, 5000, u16::MAX] {
            assert_eq!(CloseReason::new(code, ""), Err(CloseError::InvalidCode(code)));
        }
        for code in [1000, 1003, 1005, 1007, 1014, 3000, 4999] {
            assert!(CloseReason::new(code, "").is_ok(), "{code}");
        }
    }

    #[test]
    fn a_phrase_is_measured_in_bytes_of_utf_8() {
        assert!(CloseReason::new(1000, "x".repeat(123)).is_ok());
        assert_eq!(CloseReason::new(1000, "x".repeat(124)), Err(CloseError::PhraseTooLong(124)));
        assert_eq!(CloseReason::new(1000, "é".repeat(62)), Err(CloseError::PhraseTooLong(124)));
    }

    #[test]
    fn a_close_frame_without_a_code_has_none() {
        let reason = CloseReason::new(1005, "").expect("allowed");
        assert_eq!(reason.wire_code(), None);
        assert_eq!(CloseReason::normal().wire_code(), Some(1000));
    }

    #[test]
    fn a_phrase_of_the_host_is_cut_on_a_code_point() {
        let reason = CloseReason::of_host(1011, &"é".repeat(100));
        assert_eq!(reason.phrase(), "é".repeat(61));
    }
}
