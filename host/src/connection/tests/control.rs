//! Pings and pongs of the guest's, and connections that it drops.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use sockhop_session::outbound::CloseRequest;
use sockhop_session::{CloseCause, CloseReason, Control, ControlKind, Initiator};
use tokio::time::{Instant, timeout};
use tokio_util::task::TaskTracker;

use super::fake::{Call, Fake};
use super::peer::{Frame, PING, PONG, TEXT, frame, text_frame};
use super::{CLOSE_TIMEOUT, Setup, serve, settled, text};

fn pongs(calls: &[Call]) -> Vec<&[u8]> {
    fn pong(call: &Call) -> Option<&[u8]> {
        if let Call::Pong(data) = call { Some(data) } else { None }
    }
    calls.iter().filter_map(pong).collect()
}

#[tokio::test(start_paused = true)]
async fn a_guest_pings_in_its_place_among_messages() {
    let mut served = serve(|session| {
        let session = Arc::clone(session);
        Fake::silent().on_message(move |message| {
            let payload = "before the answer".into();
            let sent = session.send_control(Control { kind: ControlKind::Ping, payload });
            sent.expect("room");
            async { Ok(Some(message)) }
        })
    });
    served.peer.text("x").await;
    let ping = Frame { opcode: PING, payload: b"before the answer".to_vec() };
    assert_eq!(served.peer.read().await, Some(ping));
    assert_eq!(served.peer.read().await, Some(text_frame("x")));
}

#[tokio::test(start_paused = true)]
async fn who_hears_of_pongs_hears_of_each_in_its_place() {
    let mut served = serve(|_session| Fake::silent().hears_pongs());
    served.peer.text("first").await;
    served.peer.bytes(&frame(PONG, b"unasked")).await;
    served.peer.bytes(&frame(PONG, b"sockhop")).await;
    served.peer.text("last").await;
    settled().await;
    let calls = served.calls.all();
    assert_eq!(pongs(&calls), [&b"unasked"[..], b"sockhop"]);
    assert_eq!(calls[1], Call::Message(text("first")));
    assert_eq!(calls[4], Call::Message(text("last")));
}

#[tokio::test(start_paused = true)]
async fn the_answers_to_the_hosts_own_pings_are_the_hosts() {
    let mut setup = Setup::default();
    setup.settings.ping_interval = Some(Duration::from_secs(5));
    let mut served = setup.serve(|_session| Fake::silent().hears_pongs());
    let ping = served.peer.read().await.expect("a ping");
    assert_eq!(ping.opcode, PING);
    served.peer.bytes(&frame(PONG, &ping.payload)).await;
    served.peer.bytes(&frame(PONG, &ping.payload)).await;
    settled().await;
    assert!(pongs(&served.calls.all()).is_empty(), "a peer may answer late, and two at once");
}

#[tokio::test(start_paused = true)]
async fn who_does_not_hear_of_pongs_is_not_called() {
    let mut served = serve(|_session| Fake::silent());
    served.peer.bytes(&frame(PONG, b"unasked")).await;
    settled().await;
    assert_eq!(served.calls.all(), [Call::Open]);
}

#[tokio::test(start_paused = true)]
async fn an_abort_sends_nothing_and_is_told_as_such() {
    let mut served = serve(|session| {
        let session = Arc::clone(session);
        Fake::silent().on_message(move |message| {
            session.abort();
            async { Ok(Some(message)) }
        })
    });
    let begun = Instant::now();
    served.peer.text("abort").await;
    assert_eq!(served.peer.rest().await, [], "not even a Close frame");
    let (event, calls, _notes) = served.ended().await;
    assert_eq!((event.initiator, event.cause), (Initiator::Guest, CloseCause::Aborted));
    assert_eq!((event.code, event.code_sent, event.clean), (1006, None, false));
    assert_eq!(calls.close_and_finish(), event);
    assert_eq!(begun.elapsed(), Duration::ZERO, "nobody is waited for");
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_read_is_not_heard_beyond_the_end() {
    for aborts in [false, true] {
        let already_read = frame(TEXT, b"more").repeat(10_000).into();
        let setup =
            Setup { wire_bytes: 16, queue_bytes: 1 << 20, already_read, ..Setup::default() };
        let served = setup.serve(|session| {
            let (session, mut messages) = (Arc::clone(session), 0);
            Fake::silent().on_message(move |_message| {
                messages += 1;
                match messages {
                    1 => session.send(text(&"x".repeat(100 << 10))).expect("room"),
                    2 if aborts => session.abort(),
                    2 => session.close(CloseRequest::by_guest(CloseReason::normal())),
                    _ => {}
                }
                async { Ok(None) }
            })
        });
        let (_peer, end, calls) = (served.peer, served.end, served.calls);
        let event = end.await.expect("no panic");
        assert_eq!(event.initiator, Initiator::Guest);
        assert_eq!(calls.messages().len(), 2, "aborts: {aborts}");
    }
}

#[tokio::test(start_paused = true)]
async fn pongs_that_nobody_hears_leave_others_a_turn() {
    let mut already_read = frame(PONG, b"").repeat(1000);
    already_read.extend(frame(TEXT, b"behind"));
    let setup = Setup { already_read: already_read.into(), ..Setup::default() };
    let served = setup.serve(|_session| Fake::silent());
    let turns = Arc::new(AtomicUsize::new(0));
    let counting = Arc::clone(&turns);
    let others = TaskTracker::new().spawn(poll_fn(move |cx| {
        counting.fetch_add(1, Ordering::Relaxed);
        cx.waker().wake_by_ref();
        Poll::<()>::Pending
    }));
    served.calls.reached(2).await;
    others.abort();
    let turns = turns.load(Ordering::Relaxed);
    assert!(turns >= 1000 / 128, "{turns} turns");
}

#[tokio::test(start_paused = true)]
async fn an_abort_ends_a_close_that_the_peer_does_not_answer() {
    let mut served = serve(|session| {
        let session = Arc::clone(session);
        Fake::silent().on_message(move |_message| {
            session.close(CloseRequest::by_guest(CloseReason::normal()));
            async { Ok(None) }
        })
    });
    served.peer.text("close").await;
    assert_eq!(served.peer.read().await.expect("a Close frame").payload, 1000_u16.to_be_bytes());
    settled().await;
    served.session.abort();
    let ended = timeout(CLOSE_TIMEOUT / 2, served.ended()).await;
    let (event, ..) = ended.expect("before its time is over");
    assert_eq!((event.cause, event.code_sent), (CloseCause::Aborted, Some(1000)));
}
