//! The limits in time of a connection, on a clock that passes only when nothing else happens.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use sockhop_session::{CloseCause, Initiator, SlowReader};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{sleep, timeout};

use super::fake::Fake;
use super::peer::{Frame, close_frame};
use super::{Settings, Setup, settled, text};

const PING: u8 = 0x9;

fn with(change: impl FnOnce(&mut Settings)) -> Setup {
    let mut setup = Setup::default();
    change(&mut setup.settings);
    setup
}

#[tokio::test(start_paused = true)]
async fn a_session_without_traffic_is_closed_with_1001_and_reported_as_1006() {
    let setup = with(|settings| settings.idle_timeout = Some(Duration::from_secs(3)));
    let mut served = setup.serve(|_session| Fake::silent());
    assert_eq!(served.peer.read().await, Some(close_frame(1001, "idle for too long")));
    served.peer.close(1001, "").await;
    let (event, calls, _notes) = served.ended().await;
    assert_eq!((event.initiator, event.cause), (Initiator::Host, CloseCause::IdleTimeout));
    assert_eq!((event.code_sent, event.code, event.clean), (Some(1001), 1006, true));
    assert_eq!(calls.close_and_finish(), event);
}

#[tokio::test(start_paused = true)]
async fn a_silent_peer_is_pinged_and_given_up_when_it_does_not_answer() {
    let setup = with(|settings| settings.ping_interval = Some(Duration::from_secs(5)));
    let mut served = setup.serve(|_session| Fake::silent());
    for _ in 0..3 {
        let ping = served.peer.read().await.expect("a frame");
        assert_eq!(ping.opcode, PING);
        served.peer.bytes(&super::peer::frame(0xA, &ping.payload)).await;
    }
    assert!(matches!(served.peer.read().await, Some(Frame { opcode: PING, .. })));
    assert_eq!(served.peer.read().await, Some(close_frame(1001, "no pong came")));
    let (event, ..) = served.ended().await;
    assert_eq!((event.cause, event.code, event.clean), (CloseCause::PongTimeout, 1006, false));
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_falls_silent_after_a_flood_is_pinged() {
    // As many as a task may do before it gives way: whatever comes next has no budget left.
    for count in 120..136 {
        let setup = with(|settings| settings.ping_interval = Some(Duration::from_secs(5)));
        let mut served = setup.serve(|_session| Fake::silent());
        served.peer.bytes(&super::peer::frame(0x1, b"x").repeat(count)).await;
        let ping = timeout(Duration::from_secs(60), served.peer.read()).await.expect("a ping");
        assert_eq!(ping.expect("a frame").opcode, PING, "after {count} messages");
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_that_arrives_slowly_is_no_silence() {
    let setup = with(|settings| settings.idle_timeout = Some(Duration::from_secs(3)));
    let mut served = setup.serve(|_session| Fake::echo());
    for byte in super::peer::frame(0x1, b"slow") {
        sleep(Duration::from_secs(2)).await;
        served.peer.bytes(&[byte]).await;
    }
    assert_eq!(served.peer.read().await, Some(super::peer::text_frame("slow")));
}

/// What a layer does whose peer takes nothing: it holds what is written, and never gets rid of it.
struct Stuck;

impl AsyncRead for Stuck {
    fn poll_read(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        _buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

impl AsyncWrite for Stuck {
    fn poll_write(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }

    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_takes_nothing_is_dropped_though_the_layer_below_holds_what_is_for_it() {
    let setup = with(|settings| settings.write_idle_timeout = Some(Duration::from_secs(3)));
    let (_session, calls, _notes, end) = setup.serve_over(Stuck, |session| {
        let session = session.clone();
        Fake::silent().on_open(async move {
            session.send(text("held")).expect("room");
            Ok(())
        })
    });
    let event = timeout(Duration::from_secs(60), end).await.expect("dropped").expect("no panic");
    assert_eq!((event.cause, event.code), (CloseCause::WriteTimeout, 1006));
    assert_eq!(calls.close_and_finish(), event);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_takes_nothing_is_dropped_though_a_reply_waits_for_it() {
    let mut setup = with(|settings| settings.write_idle_timeout = Some(Duration::from_secs(3)));
    setup.wire_bytes = 64;
    setup.queue_bytes = 1000;
    let mut served = setup.serve(|_session| Fake::echo());
    while served.session.send(text(&"q".repeat(400))).is_ok() {
        settled().await;
    }
    served.peer.text("answer this").await;
    let (event, calls, _notes) = served.ended().await;
    assert_eq!((event.initiator, event.cause), (Initiator::Host, CloseCause::WriteTimeout));
    assert_eq!((event.code_sent, event.code, event.clean), (None, 1006, false));
    assert_eq!(calls.close_and_finish(), event);
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_is_closed_with_1013_where_the_operator_says_so() {
    let setup = Setup {
        wire_bytes: 64,
        queue_bytes: 1000,
        slow_reader: SlowReader::Close,
        ..Setup::default()
    };
    let mut served = setup.serve(|_session| Fake::silent());
    while served.session.send(text(&"q".repeat(400))).is_ok() {
        settled().await;
    }
    let frames = served.peer.rest().await;
    assert_eq!(frames.last(), Some(&close_frame(1013, "reads too slowly")));
    let (event, ..) = served.ended().await;
    assert_eq!((event.cause, event.code), (CloseCause::SlowReader, 1013));
}
