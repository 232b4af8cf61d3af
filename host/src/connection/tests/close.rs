//! The closing handshake, whoever begins it and whoever does not take part.

use sockhop_session::outbound::CloseRequest;
use sockhop_session::{CloseCause, CloseEvent, CloseReason, Initiator, SendError};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::fake::{Call, Fake};
use super::peer::{CLOSE, Frame, PING, TEXT, close_frame, frame, text_frame};
use super::{CLOSE_TIMEOUT, Setup, serve, settled, text};

pub(super) fn by_guest(code: u16, phrase: &str) -> CloseRequest {
    CloseRequest::by_guest(CloseReason::new(code, phrase).expect("may be sent"))
}

/// An event of a close that a guest asked for, as far as its peer had no part in it.
fn guests(code: u16, phrase: &str) -> CloseEvent {
    CloseEvent {
        initiator: Initiator::Guest,
        cause: CloseCause::Requested,
        code_sent: Some(code),
        code_received: None,
        phrase: phrase.to_owned(),
        clean: false,
        code,
    }
}

#[tokio::test(start_paused = true)]
async fn a_close_comes_behind_what_is_queued() {
    let mut served = serve(|_session| Fake::silent());
    for number in 0..100 {
        served.session.send(text(&number.to_string())).expect("room");
    }
    served.session.close(by_guest(4001, "bye"));
    assert_eq!(served.session.send(text("late")), Err(SendError::Closed));
    for number in 0..100 {
        assert_eq!(served.peer.read().await, Some(text_frame(&number.to_string())));
    }
    assert_eq!(served.peer.read().await, Some(close_frame(4001, "bye")));
    served.peer.close(4001, "bye").await;
    assert_eq!(served.peer.read().await, None, "the server ends the connection first");
    let (event, calls, notes) = served.ended().await;
    let answered = CloseEvent { code_received: Some(4001), clean: true, ..guests(4001, "bye") };
    assert_eq!(event, answered);
    assert_eq!(calls.close_and_finish(), answered);
    assert_eq!(notes.all(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_delivered_once_a_close_was_asked_for() {
    let mut served = serve(|_session| Fake::silent());
    served.calls.reached(1).await;
    served.session.close(by_guest(1000, ""));
    served.peer.text("crosses the Close frame").await;
    assert_eq!(served.peer.read().await, Some(close_frame(1000, "")));
    served.peer.bytes(&frame(PING, b"so does this")).await;
    served.peer.text("too late").await;
    served.peer.close(1000, "").await;
    assert_eq!(served.peer.rest().await, [], "no pong behind a Close frame");
    let (event, calls, _notes) = served.ended().await;
    assert!(event.clean);
    assert_eq!(calls.messages(), []);
    assert_eq!(calls.close_and_finish(), event);
}

#[tokio::test(start_paused = true)]
async fn a_close_of_the_peer_is_answered_with_its_code() {
    let mut served = serve(|_session| Fake::silent());
    served.peer.text("before").await;
    served.peer.close(3500, "done").await;
    served.peer.bytes(&frame(TEXT, b"behind a Close frame")).await;
    assert_eq!(served.peer.read().await, Some(close_frame(3500, "done")));
    assert_eq!(served.peer.read().await, None);
    assert_eq!(served.session.send(text("late")), Err(SendError::Closed));
    let (event, calls, _notes) = served.ended().await;
    let expected = CloseEvent {
        initiator: Initiator::Peer,
        code_received: Some(3500),
        clean: true,
        ..guests(3500, "done")
    };
    assert_eq!(event, expected);
    assert_eq!(calls.messages(), [text("before")]);
    assert_eq!(calls.close_and_finish(), expected);
}

#[tokio::test(start_paused = true)]
async fn a_close_of_the_peer_without_a_code_is_answered_without_one() {
    let mut served = serve(|_session| Fake::silent());
    served.peer.bytes(&frame(CLOSE, b"")).await;
    assert_eq!(served.peer.read().await, Some(Frame { opcode: CLOSE, payload: vec![] }));
    assert_eq!(served.peer.read().await, None);
    let (event, calls, _notes) = served.ended().await;
    assert_eq!((event.code_sent, event.code_received, event.code), (None, None, 1005));
    assert_eq!((event.initiator, event.clean), (Initiator::Peer, true));
    assert_eq!(calls.close_and_finish(), event);
}

#[tokio::test(start_paused = true)]
async fn closes_that_cross_are_one_clean_close() {
    let mut served = serve(|_session| Fake::silent());
    served.calls.reached(1).await;
    served.session.close(by_guest(4000, "mine"));
    served.peer.close(4999, "yours").await;
    assert_eq!(served.peer.rest().await, [close_frame(4000, "mine")]);
    let (event, calls, _notes) = served.ended().await;
    let expected = CloseEvent { code_received: Some(4999), clean: true, ..guests(4000, "mine") };
    assert_eq!(event, expected);
    assert_eq!(calls.close_and_finish(), expected);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_answer_is_waited_for_as_long_as_was_said() {
    let mut served = serve(|_session| Fake::silent());
    let begun = Instant::now();
    served.session.close(by_guest(1000, ""));
    assert_eq!(served.peer.rest().await, [close_frame(1000, "")]);
    let (event, calls, _notes) = served.ended().await;
    assert!((CLOSE_TIMEOUT..CLOSE_TIMEOUT * 2).contains(&begun.elapsed()));
    assert_eq!(event, guests(1000, ""));
    assert_eq!(calls.close_and_finish(), event);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_ends_the_connection_instead_of_answering_is_not_waited_for() {
    let mut served = serve(|_session| Fake::silent());
    let begun = Instant::now();
    served.session.close(by_guest(1000, ""));
    assert_eq!(served.peer.read().await, Some(close_frame(1000, "")));
    drop(served.peer);
    let event = served.end.await.expect("no panic");
    assert!(begun.elapsed() < CLOSE_TIMEOUT);
    assert_eq!(event, guests(1000, ""));
}

/// The Close frame never leaves: that the guest asked for it is true all the same.
#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_read_is_waited_for_as_long_as_was_said() {
    for messages in [1, 100] {
        let setup = Setup { wire_bytes: 16, ..Setup::default() };
        let served = setup.serve(|_session| Fake::silent());
        for _ in 0..messages {
            served.session.send(text(&"x".repeat(400))).expect("room");
        }
        settled().await;
        let begun = Instant::now();
        served.session.close(by_guest(4000, "bye"));
        let event = served.end.await.expect("no panic");
        assert!((CLOSE_TIMEOUT..CLOSE_TIMEOUT * 2).contains(&begun.elapsed()));
        assert_eq!(event, CloseEvent { code_sent: None, ..guests(4000, "") });
        assert_eq!(served.calls.close_and_finish(), event);
        assert_eq!(served.session.queue().queued_bytes, 0);
        drop(served.peer);
    }
}

/// The answer never leaves, so the closing handshake was not completed (RFC 6455 §7.1.4).
#[tokio::test(start_paused = true)]
async fn a_peer_that_closes_and_does_not_read_is_no_clean_close() {
    let mut served = Setup { wire_bytes: 16, ..Setup::default() }.serve(|_session| Fake::silent());
    served.session.send(text(&"x".repeat(400))).expect("room");
    settled().await;
    let begun = Instant::now();
    served.peer.close(1000, "").await;
    let event = served.end.await.expect("no panic");
    assert!((CLOSE_TIMEOUT..CLOSE_TIMEOUT * 2).contains(&begun.elapsed()));
    assert_eq!((event.initiator, event.code_received), (Initiator::Peer, Some(1000)));
    assert_eq!((event.code_sent, event.code, event.clean), (None, 1000, false));
    assert_eq!(served.calls.close_and_finish(), event);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_dropped_is_1006() {
    let served = serve(|_session| Fake::silent());
    served.calls.reached(1).await;
    drop(served.peer);
    let event = served.end.await.expect("no panic");
    let expected = CloseEvent {
        initiator: Initiator::Transport,
        cause: CloseCause::ConnectionLost,
        code_sent: None,
        ..guests(1006, "")
    };
    assert_eq!(event, expected);
    assert_eq!(served.calls.close_and_finish(), expected);
    assert_eq!(served.session.send(text("late")), Err(SendError::Closed));
}

#[tokio::test(start_paused = true)]
async fn a_close_of_the_host_waits_for_the_guests_call() {
    let (release, gate) = oneshot::channel::<()>();
    let mut gate = Some(gate);
    let mut served = serve(|session| {
        let session = session.clone();
        Fake::silent().on_message(move |_message| {
            let (gate, session) = (gate.take(), session.clone());
            async move {
                gate.expect("one message").await.expect("released");
                assert!(!session.is_open());
                Ok(None)
            }
        })
    });
    served.peer.text("a").await;
    served.peer.text("never seen").await;
    served.calls.reached(2).await;
    served.session.close(CloseRequest::by_host(CloseCause::GoingAway));
    settled().await;
    assert_eq!(served.calls.all(), [Call::Open, Call::Message(text("a"))]);
    release.send(()).expect("the guest waits");
    assert_eq!(served.peer.read().await, Some(close_frame(1001, "going away")));
    served.peer.close(1001, "").await;
    let (event, calls, _notes) = served.ended().await;
    assert_eq!((event.initiator, event.cause), (Initiator::Host, CloseCause::GoingAway));
    assert_eq!((event.code, event.clean), (1001, true));
    assert_eq!(calls.messages(), [text("a")]);
    assert_eq!(calls.close_and_finish(), event);
}

#[tokio::test(start_paused = true)]
async fn a_guest_may_close_without_a_code() {
    let mut served = serve(|_session| Fake::silent());
    served.session.close(by_guest(1005, ""));
    assert_eq!(served.peer.read().await, Some(Frame { opcode: CLOSE, payload: vec![] }));
    served.peer.bytes(&frame(CLOSE, b"")).await;
    let (event, ..) = served.ended().await;
    assert_eq!((event.code_sent, event.code_received, event.code), (None, None, 1005));
    assert!(event.clean);
}
