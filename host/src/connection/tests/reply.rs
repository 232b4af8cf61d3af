//! What `on-message` returns is sent, in its place, or the guest hears why not.

use std::sync::Arc;

use sockhop_session::port::SessionError;
use sockhop_session::{CloseCause, Handle, Message, SendError};
use tokio::sync::mpsc;

use super::close::by_guest;
use super::fake::{Call, Fake};
use super::peer::{close_frame, text_frame};
use super::{Setup, serve, settled, text};

/// What a queue of [`QUEUE_BYTES`] holds two of and not three.
const MESSAGE_BYTES: usize = 400;
const QUEUE_BYTES: usize = 1000;

fn big(letter: char) -> String {
    std::iter::repeat_n(letter, MESSAGE_BYTES).collect()
}

/// A connection and a queue that are full after a few messages.
fn narrow() -> Setup {
    Setup { wire_bytes: 64, queue_bytes: QUEUE_BYTES, ..Setup::default() }
}

#[tokio::test(start_paused = true)]
async fn a_reply_comes_behind_what_was_sent_before_and_ahead_of_what_is_sent_later() {
    let mut served = serve(|session| {
        let session = Arc::clone(session);
        Fake::silent().on_message(move |message| {
            let session = Arc::clone(&session);
            async move {
                session.send(text("sent in the call")).expect("room");
                Ok(Some(message))
            }
        })
    });
    served.peer.text("first reply").await;
    served.peer.text("second reply").await;
    for expected in ["sent in the call", "first reply", "sent in the call", "second reply"] {
        assert_eq!(served.peer.read().await, Some(text_frame(expected)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_reply_waits_for_room_and_is_not_lost() {
    let mut served = narrow().serve(|_session| Fake::echo());
    let mut queued = 0;
    // Until the library's buffer and the queue behind it are both full.
    while served.session.send(text(&big('q'))).is_ok() {
        queued += 1;
        settled().await;
    }
    served.peer.text(&big('r')).await;
    served.peer.text("next").await;
    settled().await;
    assert_eq!(served.calls.messages(), [text(&big('r'))], "the next event waits as well");
    for _ in 0..queued {
        assert_eq!(served.peer.read().await, Some(text_frame(&big('q'))));
    }
    assert_eq!(served.peer.read().await, Some(text_frame(&big('r'))));
    assert_eq!(served.peer.read().await, Some(text_frame("next")));
    assert_eq!(served.calls.messages(), [text(&big('r')), text("next")]);
}

/// Others fill whatever room there is, at once, with messages that need less of it.
#[tokio::test(start_paused = true)]
async fn a_reply_that_waits_is_not_overtaken_for_ever() {
    const QUEUE_BYTES: usize = 64 << 10;
    let setup = Setup { wire_bytes: 64, queue_bytes: QUEUE_BYTES, ..Setup::default() };
    let mut served = setup.serve(|_session| Fake::echo());
    let fill = |session: &Handle| while session.send(text(&big('q'))).is_ok() {};
    fill(&served.session);
    let reply = "r".repeat(QUEUE_BYTES / 4 * 3);
    served.peer.text(&reply).await;
    let reply = text_frame(&reply);
    for _ in 0..10_000 {
        fill(&served.session);
        if served.peer.read().await.as_ref() == Some(&reply) {
            return;
        }
    }
    panic!("10,000 messages have overtaken the reply");
}

#[tokio::test(start_paused = true)]
async fn a_reply_to_a_session_that_was_closed_in_the_call_is_not_sent() {
    let mut served = serve(|session| {
        let session = Arc::clone(session);
        Fake::silent().on_message(move |message| {
            session.close(by_guest(1000, ""));
            async { Ok(Some(message)) }
        })
    });
    served.peer.text("last words").await;
    assert_eq!(served.peer.read().await, Some(close_frame(1000, "")));
    served.peer.close(1000, "").await;
    let (event, calls, notes) = served.ended().await;
    assert_eq!(
        calls.all(),
        [
            Call::Open,
            Call::Message(text("last words")),
            Call::Error(SessionError::ReplyNotSent(SendError::Closed)),
            Call::Close(event),
            Call::Finish,
        ]
    );
    assert_eq!(notes.all(), ["reply not sent: the session is closed"]);
}

#[tokio::test(start_paused = true)]
async fn a_close_ends_a_replys_wait_for_room() {
    let mut served = narrow().serve(|_session| Fake::echo());
    while served.session.send(text(&big('q'))).is_ok() {
        settled().await;
    }
    served.peer.text(&big('r')).await;
    settled().await;
    served.session.close(by_guest(1000, ""));
    let frames = served.peer.rest().await;
    let (last, queued) = frames.split_last().expect("a Close frame");
    assert_eq!(*last, close_frame(1000, ""));
    assert!(queued.iter().all(|frame| *frame == text_frame(&big('q'))), "the reply is not sent");
    let calls = served.ended().await.1.all();
    let error = Call::Error(SessionError::ReplyNotSent(SendError::Closed));
    assert_eq!(calls.iter().filter(|call| **call == error).count(), 1, "{calls:?}");
}

#[tokio::test(start_paused = true)]
async fn a_lost_connection_ends_a_replys_wait_for_room() {
    let mut served = narrow().serve(|_session| Fake::echo());
    while served.session.send(text(&big('q'))).is_ok() {
        settled().await;
    }
    served.peer.text(&big('r')).await;
    settled().await;
    drop(served.peer);
    let event = served.end.await.expect("no panic");
    assert_eq!((event.cause, event.code), (CloseCause::ConnectionLost, 1006));
    assert_eq!(served.calls.close_and_finish(), event);
    let error = Call::Error(SessionError::ReplyNotSent(SendError::Closed));
    assert!(served.calls.all().contains(&error));
}

#[tokio::test(start_paused = true)]
async fn a_reply_larger_than_the_queue_is_sent() {
    let (message, mut messages) = mpsc::channel(1);
    let mut served = narrow().serve(|_session| {
        Fake::silent().on_message(move |_message| {
            let message = message.clone();
            async move {
                message.send(()).await.expect("heard");
                Ok(Some(Message::Text("r".repeat(10 * QUEUE_BYTES).into())))
            }
        })
    });
    served.peer.text("go").await;
    messages.recv().await.expect("called");
    let reply = served.peer.read().await.expect("a reply");
    assert_eq!(reply.payload.len(), 10 * QUEUE_BYTES);
}
