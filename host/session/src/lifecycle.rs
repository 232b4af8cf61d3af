//! The states of one session and the rules between them.
//!
//! ```text
//! Opening => Open      the guest's `open` returned
//! Opening => Closing   it failed
//! Open    => Closing   a Close frame came, or one is to be sent
//! Closing => Closed    both Close frames have passed, or the other will not come
//! (any)   => Closed    the connection was lost
//! ```
//!
//! The guest hears of messages in `Open` alone, and of the end once, if it opened and still is
//! there.

use crate::close::{CloseCause, CloseEvent, CloseReason, Initiator, code};
use crate::outbound::CloseRequest;

/// One session's state.
#[derive(Debug, Default)]
pub struct Lifecycle {
    state: State,
    guest: Guest,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Opening,
    Open,
    Closing(Closing),
    Closed(Closing),
}

/// Whether there is a guest to tell of the end.
#[derive(Debug, Default, PartialEq)]
enum Guest {
    #[default]
    NotOpened,
    Opened,
    Gone,
}

/// What is known of the end so far.
#[derive(Debug)]
struct Closing {
    initiator: Initiator,
    cause: CloseCause,
    phrase: String,
    /// The code of this side's Close frame, if it has one.
    code: Option<u16>,
    /// Whether that frame has left.
    written: bool,
    received: Option<Option<u16>>,
}

/// What the connection has to do after a Close frame came.
#[derive(Debug, PartialEq, Eq)]
pub enum OnPeerClose {
    /// Answer with a Close frame of the same code; then the handshake is complete.
    Answer,
    /// Nothing: it was the answer to ours, and the handshake is complete.
    Complete,
}

impl Lifecycle {
    /// A session whose handshake is done and whose guest has not been asked to open it yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The guest's `open` succeeded.
    pub fn opened(&mut self) {
        self.guest = Guest::Opened;
        if let State::Opening = self.state {
            self.state = State::Open;
        }
    }

    /// The guest's instance is gone: it hears of nothing any more, the end included.
    pub fn guest_gone(&mut self) {
        self.guest = Guest::Gone;
    }

    /// Whether what the peer sends is to be delivered.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self.state, State::Open)
    }

    /// Whether all is over: nothing is to be read or written any more.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed(_))
    }

    /// Whether a Close frame was sent and the peer's is still to come. A peer that broke the
    /// protocol is not waited for: what it sends cannot be read any more (RFC 6455 §7.1.7).
    #[must_use]
    pub fn awaits_peer(&self) -> bool {
        match &self.state {
            State::Closing(closing) => {
                closing.received.is_none()
                    && (closing.initiator != Initiator::Peer
                        || closing.cause == CloseCause::Requested)
            }
            State::Opening | State::Open | State::Closed(_) => false,
        }
    }

    /// Begins a close of this side's. Answers what to send in the Close frame, or nothing where a
    /// close is under way already.
    pub fn begin_close(&mut self, request: CloseRequest) -> Option<CloseReason> {
        // Opening => Closing, Open => Closing
        if !matches!(self.state, State::Opening | State::Open) {
            return None;
        }
        let code = request.reason.wire_code();
        self.state = State::Closing(Closing {
            initiator: request.initiator,
            cause: request.cause,
            // A Close frame without a code has no place for a phrase.
            phrase: code.map_or("", |_| request.reason.phrase()).to_owned(),
            code,
            written: false,
            received: None,
        });
        Some(request.reason)
    }

    /// This side drops the connection, whatever was under way.
    pub fn aborted(&mut self) {
        // Opening => Closed, Open => Closed, Closing => Closed
        let request = CloseRequest::abort();
        let mut closing = match std::mem::take(&mut self.state) {
            State::Closing(closing) | State::Closed(closing) => closing,
            State::Opening | State::Open => Closing {
                initiator: request.initiator,
                cause: request.cause,
                phrase: String::new(),
                code: None,
                written: false,
                received: None,
            },
        };
        (closing.initiator, closing.cause) = (request.initiator, request.cause);
        self.state = State::Closed(closing);
    }

    /// This side's Close frame, if there is one, has been written to the connection.
    pub fn close_written(&mut self) {
        if let State::Closing(closing) = &mut self.state {
            closing.written = true;
        }
    }

    /// A Close frame came from the peer, with this code (if any) and phrase.
    pub fn peer_closed(&mut self, code: Option<u16>, phrase: &str) -> OnPeerClose {
        match &mut self.state {
            // Closing => Closing, both frames known; `ended` closes it once ours is written.
            State::Closing(closing) | State::Closed(closing) => {
                if closing.received.is_none() {
                    closing.received = Some(code);
                    if !closing.written {
                        // The peer's is the first.
                        phrase.clone_into(&mut closing.phrase);
                    }
                }
                OnPeerClose::Complete
            }
            // Opening => Closing, Open => Closing: RFC 6455 §5.5.1, the answer has the code that
            // came.
            State::Opening | State::Open => {
                self.state = State::Closing(Closing {
                    initiator: Initiator::Peer,
                    cause: CloseCause::Requested,
                    phrase: phrase.to_owned(),
                    code,
                    written: false,
                    received: Some(code),
                });
                OnPeerClose::Answer
            }
        }
    }

    /// The connection has ended, in good order, or because the peer is gone or has not answered in
    /// time. Answers how the session ended, however often it is asked.
    pub fn ended(&mut self) -> CloseEvent {
        let closing = match std::mem::take(&mut self.state) {
            State::Closing(closing) | State::Closed(closing) => closing,
            State::Opening | State::Open => Closing {
                initiator: Initiator::Transport,
                cause: CloseCause::ConnectionLost,
                phrase: String::new(),
                code: None,
                written: false,
                received: None,
            },
        };
        let has_phrase = closing.received.is_some() || closing.written;
        let event = CloseEvent {
            initiator: closing.initiator,
            cause: closing.cause,
            code_sent: closing.code.filter(|_| closing.written),
            code_received: closing.received.flatten(),
            phrase: if has_phrase { closing.phrase.clone() } else { String::new() },
            clean: closing.written && closing.received.is_some(),
            code: jakarta_code(&closing),
        };
        self.state = State::Closed(closing);
        event
    }

    /// Whether the guest is to be told of the end: it opened, and its instance is still there.
    #[must_use]
    pub fn tells_guest(&self) -> bool {
        self.guest == Guest::Opened
    }
}

/// The one code that Jakarta's `onClose` would report.
fn jakarta_code(closing: &Closing) -> u16 {
    match closing.cause {
        CloseCause::ConnectionLost
        | CloseCause::IdleTimeout
        | CloseCause::PongTimeout
        | CloseCause::WriteTimeout
        | CloseCause::Aborted => code::CLOSED_ABNORMALLY,
        CloseCause::Requested if closing.initiator == Initiator::Peer => {
            closing.received.flatten().unwrap_or(code::NO_STATUS_CODE)
        }
        CloseCause::Requested
        | CloseCause::ProtocolError
        | CloseCause::InvalidPayload
        | CloseCause::MessageTooBig
        | CloseCause::GoingAway
        | CloseCause::ServiceRestart
        | CloseCause::SlowReader
        | CloseCause::MessageAbandoned
        | CloseCause::GuestFailed => closing.code.unwrap_or(code::NO_STATUS_CODE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open() -> Lifecycle {
        let mut lifecycle = Lifecycle::new();
        assert!(!lifecycle.is_open(), "nothing before `open` returned");
        lifecycle.opened();
        assert!(lifecycle.is_open());
        lifecycle
    }

    fn by_guest(code: u16, phrase: &str) -> CloseRequest {
        CloseRequest::by_guest(CloseReason::new(code, phrase).expect("may be sent"))
    }

    fn end(mut lifecycle: Lifecycle) -> CloseEvent {
        let event = lifecycle.ended();
        assert_eq!(event, lifecycle.ended(), "the end is the end");
        event
    }

    #[test]
    fn a_close_of_the_peer_is_answered_with_its_code() {
        let mut lifecycle = open();
        assert_eq!(lifecycle.peer_closed(Some(3500), "bye"), OnPeerClose::Answer);
        assert!(!lifecycle.is_open() && !lifecycle.awaits_peer());
        lifecycle.close_written();
        let event = end(lifecycle);
        assert_eq!((event.initiator, event.cause), (Initiator::Peer, CloseCause::Requested));
        assert_eq!(
            (event.code_sent, event.code_received, event.code),
            (Some(3500), Some(3500), 3500)
        );
        assert_eq!((event.phrase.as_str(), event.clean), ("bye", true));
    }

    #[test]
    fn a_close_of_the_peer_without_a_code_is_1005() {
        let mut lifecycle = open();
        lifecycle.peer_closed(None, "");
        lifecycle.close_written();
        let event = end(lifecycle);
        assert_eq!((event.code_sent, event.code_received, event.code), (None, None, 1005));
        assert!(event.clean);
    }

    #[test]
    fn a_close_of_the_guest_is_clean_once_the_peer_has_answered() {
        let mut lifecycle = open();
        let sent = lifecycle.begin_close(by_guest(1009, "phrase")).expect("to be sent");
        assert_eq!(sent.wire_code(), Some(1009));
        lifecycle.close_written();
        assert!(lifecycle.awaits_peer());
        assert_eq!(lifecycle.peer_closed(Some(1000), "other"), OnPeerClose::Complete);
        assert!(!lifecycle.awaits_peer());
        let event = end(lifecycle);
        assert_eq!((event.initiator, event.code, event.clean), (Initiator::Guest, 1009, true));
        assert_eq!((event.code_received, event.phrase.as_str()), (Some(1000), "phrase"));
    }

    #[test]
    fn the_phrase_is_that_of_the_first_frame_that_passed() {
        let mut unsent = open();
        unsent.begin_close(by_guest(1000, "never left"));
        assert_eq!(end(unsent).phrase, "");
        let mut without_code = open();
        without_code.begin_close(by_guest(1005, "no place"));
        without_code.close_written();
        assert_eq!(end(without_code).phrase, "");
        let mut crossed = open();
        crossed.begin_close(by_guest(1000, "second"));
        crossed.peer_closed(Some(1001), "first");
        crossed.close_written();
        assert_eq!(end(crossed).phrase, "first");
    }

    #[test]
    fn a_second_close_is_not_sent() {
        let mut lifecycle = open();
        assert!(lifecycle.begin_close(by_guest(1000, "")).is_some());
        assert!(lifecycle.begin_close(CloseRequest::by_host(CloseCause::GoingAway)).is_none());
        assert_eq!(end(lifecycle).initiator, Initiator::Guest);
    }

    #[test]
    fn a_peer_that_does_not_answer_leaves_an_unclean_close() {
        let mut lifecycle = open();
        lifecycle.begin_close(CloseRequest::by_host(CloseCause::ServiceRestart));
        lifecycle.close_written();
        let event = end(lifecycle);
        assert_eq!((event.code_sent, event.code, event.clean), (Some(1012), 1012, false));
    }

    #[test]
    fn a_close_frame_that_never_left_was_not_sent() {
        let mut lifecycle = open();
        lifecycle.begin_close(by_guest(4000, "bye"));
        let event = end(lifecycle);
        assert_eq!((event.initiator, event.cause), (Initiator::Guest, CloseCause::Requested));
        assert_eq!((event.code_sent, event.code, event.clean), (None, 4000, false));
        let mut lifecycle = open();
        lifecycle.peer_closed(Some(1000), "");
        let event = end(lifecycle);
        assert_eq!((event.code_sent, event.code_received, event.code), (None, Some(1000), 1000));
        assert!(!event.clean, "the answer was not written");
    }

    #[test]
    fn a_lost_connection_is_1006() {
        let event = end(open());
        assert_eq!(
            (event.initiator, event.cause),
            (Initiator::Transport, CloseCause::ConnectionLost)
        );
        assert_eq!((event.code_sent, event.code_received, event.code), (None, None, 1006));
        assert!(!event.clean);
    }

    #[test]
    fn a_peer_that_breaks_the_protocol_is_not_waited_for() {
        let mut lifecycle = open();
        let cause = CloseCause::ProtocolError;
        lifecycle.begin_close(CloseRequest {
            initiator: Initiator::Peer,
            cause,
            reason: cause.reason(),
        });
        assert!(!lifecycle.awaits_peer());
        assert_eq!(end(lifecycle).code, 1002);
    }

    #[test]
    fn a_guest_is_told_only_if_it_opened_and_is_there() {
        let mut lifecycle = Lifecycle::new();
        lifecycle.begin_close(CloseRequest::by_host(CloseCause::GuestFailed));
        assert!(!lifecycle.tells_guest(), "`open` failed");
        let mut lifecycle = open();
        assert!(lifecycle.tells_guest());
        lifecycle.guest_gone();
        assert!(!lifecycle.tells_guest(), "it trapped");
    }

    #[test]
    fn a_peer_may_close_before_open_has_returned() {
        let mut lifecycle = Lifecycle::new();
        lifecycle.peer_closed(Some(1000), "");
        lifecycle.opened();
        assert!(!lifecycle.is_open(), "no message is delivered any more");
        assert!(lifecycle.tells_guest(), "but the end is");
    }
}
