//! How a conversation ended, for people and for scripts.

use sockhop_session::close::code;
use sockhop_session::{CloseCause, CloseEvent, Initiator};

use crate::cli::exit;

/// What to tell, and the code to end with: it is done where this side has closed and the server has
/// answered, or where the server has closed as one that has nothing more to say.
pub(super) fn verdict(event: &CloseEvent) -> (String, u8) {
    let is_wanted = match event.initiator {
        Initiator::Guest => true,
        Initiator::Peer => {
            let fulfilled = [code::NORMAL_CLOSURE, code::GOING_AWAY, code::NO_STATUS_CODE];
            event.cause == CloseCause::Requested && fulfilled.contains(&event.code)
        }
        Initiator::Host | Initiator::Transport => false,
    };
    let code = if is_wanted && event.clean { exit::DONE } else { exit::FAILED };
    (sentence(event), code)
}

fn sentence(event: &CloseEvent) -> String {
    let reason = match (event.code, event.phrase.as_str()) {
        (code::NO_STATUS_CODE, _) => "without a code".to_owned(),
        (code, "") => format!("with {code}"),
        (code, phrase) => format!("with {code} {phrase}"),
    };
    match (event.cause, event.initiator) {
        (CloseCause::Requested, Initiator::Peer) => format!("closed by the server {reason}"),
        (CloseCause::ConnectionLost, _) => "the connection was lost".to_owned(),
        (CloseCause::ProtocolError, _) => "closed: the server broke the protocol".to_owned(),
        (CloseCause::InvalidPayload, _) => {
            "closed: the server sent what cannot be decompressed, or text that is not UTF-8"
                .to_owned()
        }
        (CloseCause::MessageTooBig, _) => "closed: the server sent too big a message".to_owned(),
        (CloseCause::Aborted, _) => "the connection was dropped".to_owned(),
        (CloseCause::PongTimeout, _) => "closed: the server answered no ping".to_owned(),
        (CloseCause::WriteTimeout, _) => "given up: the server takes nothing".to_owned(),
        (
            CloseCause::Requested
            | CloseCause::GoingAway
            | CloseCause::ServiceRestart
            | CloseCause::GuestFailed
            | CloseCause::IdleTimeout
            | CloseCause::SlowReader
            | CloseCause::MessageAbandoned,
            _,
        ) => {
            let unheard = if event.clean { "" } else { ", which the server has not answered" };
            format!("closed {reason}{unheard}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(initiator: Initiator, cause: CloseCause, code: u16) -> CloseEvent {
        CloseEvent {
            initiator,
            cause,
            code_sent: None,
            code_received: None,
            phrase: String::new(),
            clean: true,
            code,
        }
    }

    #[test]
    fn what_was_wanted_is_done_and_what_was_not_has_failed() {
        use CloseCause as C;
        use Initiator as I;
        for (event, sentence, code) in [
            (event(I::Guest, C::Requested, 1000), "closed with 1000", 0),
            (event(I::Guest, C::Requested, 4000), "closed with 4000", 0),
            (event(I::Peer, C::Requested, 1000), "closed by the server with 1000", 0),
            (event(I::Peer, C::Requested, 1001), "closed by the server with 1001", 0),
            (event(I::Peer, C::Requested, 1005), "closed by the server without a code", 0),
            (event(I::Peer, C::Requested, 1011), "closed by the server with 1011", 1),
            (event(I::Peer, C::Requested, 4000), "closed by the server with 4000", 1),
            (event(I::Peer, C::ProtocolError, 1002), "closed: the server broke the protocol", 1),
            (event(I::Transport, C::ConnectionLost, 1006), "the connection was lost", 1),
            (event(I::Host, C::PongTimeout, 1006), "closed: the server answered no ping", 1),
        ] {
            assert_eq!(verdict(&event), (sentence.to_owned(), code));
        }
        let phrase = "bye".to_owned();
        let said = CloseEvent { phrase, ..event(I::Peer, C::Requested, 1001) };
        assert_eq!(verdict(&said).0, "closed by the server with 1001 bye");
        let unheard = CloseEvent { clean: false, ..event(I::Guest, C::Requested, 1000) };
        let sentence = "closed with 1000, which the server has not answered".to_owned();
        assert_eq!(verdict(&unheard), (sentence, 1));
    }
}
