//! How a session ends, told as the contract tells it.

use crate::bindings::sockhop::websocket::session::CloseError;
use crate::bindings::sockhop::websocket::types::{CloseCause, CloseEvent, CloseReason, Initiator};
use crate::close_code::{
    CLOSED_ABNORMALLY, GOING_AWAY, NO_STATUS_CODE, NORMAL_CLOSURE, NOT_CONSISTENT, PROTOCOL_ERROR,
    SERVICE_RESTART, TOO_BIG, TRY_AGAIN_LATER, UNEXPECTED_CONDITION,
};

/// The longest phrase, in bytes of UTF-8 (RFC 6455 §5.5).
const PHRASE_BYTES_MAX: usize = 123;

/// A guest closes, and the peer answers with the code that it is sent.
pub(crate) fn by_guest(reason: Option<&CloseReason>) -> Result<CloseEvent, CloseError> {
    let normal = CloseReason::new(NORMAL_CLOSURE, "");
    let CloseReason { code, phrase } = reason.unwrap_or(&normal);
    if !matches!(code, 1000..=1003 | 1005 | 1007..=1014 | 3000..=4999) {
        return Err(CloseError::InvalidCode(*code));
    }
    if phrase.len() > PHRASE_BYTES_MAX {
        let bytes = u32::try_from(phrase.len()).unwrap_or(u32::MAX);
        return Err(CloseError::PhraseTooLong(bytes));
    }
    // A Close frame without a code has no room for a phrase.
    let phrase = if *code == NO_STATUS_CODE { "" } else { phrase };
    Ok(answered(Initiator::Guest, *code, phrase))
}

/// A guest drops the connection, and nothing is sent.
pub(crate) fn by_abort() -> CloseEvent {
    CloseEvent {
        initiator: Initiator::Guest,
        cause: CloseCause::Requested,
        code_sent: None,
        code_received: None,
        phrase: String::new(),
        clean: false,
        code: CLOSED_ABNORMALLY,
    }
}

/// The peer closes, and is answered with its own code.
pub(crate) fn by_peer(code: u16, phrase: &str) -> CloseEvent {
    answered(Initiator::Peer, code, phrase)
}

/// What a cause other than a wish does: whom it is laid to, what the peer is sent, and whether it
/// answers.
pub(crate) fn by_cause(cause: CloseCause) -> CloseEvent {
    let (initiator, sent, answers) = match cause {
        CloseCause::Requested => return by_peer(NORMAL_CLOSURE, ""),
        CloseCause::ProtocolError => {
            (Initiator::Peer, Some((PROTOCOL_ERROR, "protocol error")), false)
        }
        CloseCause::InvalidPayload => {
            (Initiator::Peer, Some((NOT_CONSISTENT, "invalid payload")), false)
        }
        CloseCause::MessageTooBig => {
            (Initiator::Peer, Some((TOO_BIG, "message is too big")), false)
        }
        CloseCause::GoingAway => (Initiator::Host, Some((GOING_AWAY, "going away")), true),
        CloseCause::ServiceRestart => {
            (Initiator::Host, Some((SERVICE_RESTART, "service restart")), true)
        }
        CloseCause::ConnectionLost => (Initiator::Transport, None, false),
        CloseCause::IdleTimeout => (Initiator::Host, Some((GOING_AWAY, "idle for too long")), true),
        CloseCause::PongTimeout => (Initiator::Host, Some((GOING_AWAY, "no pong came")), false),
        CloseCause::WriteTimeout => (Initiator::Host, None, false),
        CloseCause::SlowReader => {
            (Initiator::Host, Some((TRY_AGAIN_LATER, "reads too slowly")), true)
        }
        CloseCause::MessageAbandoned => {
            (Initiator::Host, Some((UNEXPECTED_CONDITION, "message given up")), true)
        }
    };
    let code_sent = sent.map(|(code, _)| code);
    let is_timeout = matches!(
        cause,
        CloseCause::IdleTimeout | CloseCause::PongTimeout | CloseCause::WriteTimeout
    );
    CloseEvent {
        initiator,
        cause,
        code_sent,
        code_received: code_sent.filter(|_| answers),
        phrase: sent.map_or("", |(_, phrase)| phrase).to_owned(),
        clean: answers,
        code: code_sent.filter(|_| !is_timeout).unwrap_or(CLOSED_ABNORMALLY),
    }
}

/// A close that one side wished and the other answered.
fn answered(initiator: Initiator, code: u16, phrase: &str) -> CloseEvent {
    let on_the_wire = (code != NO_STATUS_CODE).then_some(code);
    CloseEvent {
        initiator,
        cause: CloseCause::Requested,
        code_sent: on_the_wire,
        code_received: on_the_wire,
        phrase: phrase.to_owned(),
        clean: true,
        code,
    }
}
