//! What is read and what is written, in which order, and what waits for what.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use sockhop_session::{CloseCause, Message};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::sync::{Semaphore, oneshot};
use tokio::task::yield_now;
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

use super::fake::{Call, Fake};
use super::peer::{BINARY, Frame, PING, PONG, TEXT, frame, text_frame};
use super::{Setup, serve, settled, text};

#[tokio::test(start_paused = true)]
async fn messages_are_delivered_one_at_a_time_and_in_order() {
    // The fake fails at a second call while one runs.
    let mut served = serve(|_session| {
        Fake::silent().on_message(|message| async {
            yield_now().await;
            Ok(Some(message))
        })
    });
    let sent: Vec<_> = (0..100).map(|number| number.to_string()).collect();
    for text in &sent {
        served.peer.text(text).await;
    }
    for text in &sent {
        assert_eq!(served.peer.read().await, Some(text_frame(text)));
    }
    assert_eq!(served.calls.messages(), sent.iter().map(|sent| text(sent)).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn both_kinds_and_fragments_arrive_as_they_were_sent() {
    let mut served = serve(|_session| Fake::echo());
    served.peer.bytes(&super::peer::masked(TEXT, b"one ")).await;
    served.peer.bytes(&frame(PING, b"between")).await;
    served.peer.bytes(&super::peer::masked(0x80, b"message")).await;
    served.peer.bytes(&frame(BINARY, &[0xff, 0])).await;
    assert_eq!(
        served.peer.read().await,
        Some(Frame { opcode: PONG, payload: b"between".to_vec() })
    );
    assert_eq!(served.peer.read().await, Some(text_frame("one message")));
    assert_eq!(served.peer.read().await, Some(Frame { opcode: BINARY, payload: vec![0xff, 0] }));
    assert_eq!(
        served.calls.messages(),
        [text("one message"), Message::Binary(vec![0xff, 0].into())]
    );
}

#[tokio::test(start_paused = true)]
async fn a_peer_with_much_to_say_leaves_others_a_turn() {
    const COUNT: usize = 1000;
    let already_read = frame(TEXT, b"again").repeat(COUNT).into();
    let served = Setup { already_read, ..Setup::default() }.serve(|_session| Fake::silent());
    let mut delivered = 0;
    while delivered < COUNT {
        yield_now().await;
        let now = served.calls.messages().len();
        assert!(now - delivered <= 128, "{} messages in one turn", now - delivered);
        delivered = now;
    }
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_tiny_messages_keeps_its_order_and_count() {
    const COUNT: usize = 10_000;
    let served = serve(|_session| Fake::echo());
    let (mut read, mut write) = tokio::io::split(served.peer.into_inner());
    TaskTracker::new().spawn(async move {
        for number in 0..COUNT {
            let sent = frame(TEXT, number.to_string().as_bytes());
            write.write_all(&sent).await.expect("the host reads");
        }
        write
    });
    let mut all = Vec::new();
    let expected: Vec<u8> = (0..COUNT)
        .flat_map(|number| {
            let payload = number.to_string();
            [&[0x81, u8::try_from(payload.len()).expect("short")], payload.as_bytes()].concat()
        })
        .collect();
    while all.len() < expected.len() {
        let count = tokio::io::AsyncReadExt::read_buf(&mut read, &mut all).await.expect("bytes");
        assert_ne!(count, 0, "{} of {} bytes came", all.len(), expected.len());
    }
    assert!(all == expected);
    assert_eq!(served.calls.messages().len(), COUNT);
}

#[tokio::test(start_paused = true)]
async fn what_others_send_is_written_while_the_guest_is_busy() {
    let (release, gate) = oneshot::channel::<()>();
    let mut gate = Some(gate);
    let mut served = serve(|_session| {
        Fake::silent().on_message(move |message| {
            let gate = gate.take();
            async move {
                gate.expect("one message").await.expect("released");
                Ok(Some(message))
            }
        })
    });
    served.peer.text("reply").await;
    served.calls.reached(2).await;
    served.session.send(text("by another")).expect("room");
    assert_eq!(served.peer.read().await, Some(text_frame("by another")));
    release.send(()).expect("the guest waits");
    assert_eq!(served.peer.read().await, Some(text_frame("reply")));
}

#[tokio::test(start_paused = true)]
async fn a_busy_guest_holds_up_its_peer() {
    let gate = Arc::new(Semaphore::new(0));
    let held = Arc::clone(&gate);
    let served = Setup { wire_bytes: 1000, ..Setup::default() }.serve(|_session| {
        Fake::silent().on_message(move |_message| {
            let held = Arc::clone(&held);
            async move {
                held.acquire().await.expect("not closed").forget();
                Ok(None)
            }
        })
    });
    let mut io = served.peer.into_inner();
    let flood = frame(TEXT, &[b'x'; 100]).repeat(1000);
    let written = timeout(Duration::from_secs(60), io.write_all(&flood)).await;
    assert!(written.is_err(), "all was read while the guest was busy with the first");
    assert_eq!(served.calls.messages().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_ping_is_answered_while_nothing_else_happens() {
    let mut served = serve(|_session| Fake::silent());
    for payload in [&b""[..], b"are you there", &[0xff; 125]] {
        served.peer.bytes(&frame(PING, payload)).await;
        let pong = Frame { opcode: PONG, payload: payload.to_vec() };
        assert_eq!(served.peer.read().await, Some(pong));
    }
    served.peer.bytes(&frame(PONG, b"unasked")).await;
    settled().await;
    assert_eq!(served.calls.all(), [Call::Open]);
}

/// A pong for each of them would be kept for ever: the peer does not read.
#[tokio::test(start_paused = true)]
async fn a_peer_that_pings_and_does_not_read_is_not_read_either() {
    let served = Setup { wire_bytes: 4 << 10, ..Setup::default() }.serve(|_session| Fake::echo());
    let mut io = served.peer.into_inner();
    let flood = frame(PING, &[b'x'; 125]).repeat(10_000);
    let written = timeout(Duration::from_secs(60), io.write_all(&flood)).await;
    assert!(written.is_err(), "{} bytes of pings were taken", flood.len());
}

/// Gathering what is written must not last as long as the peer has more to say.
#[tokio::test(start_paused = true)]
async fn a_peer_that_always_has_more_to_say_is_written_to_all_the_same() {
    const COUNT: usize = 100_000;
    let flood = frame(TEXT, b"x").repeat(COUNT);
    let delivered = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&delivered);
    let wire_bytes = flood.len();
    let mut served = Setup { wire_bytes, ..Setup::default() }.serve(|session| {
        let session = session.clone();
        Fake::silent().on_message(move |_message| {
            if counted.fetch_add(1, Ordering::Relaxed) == 0 {
                session.send(text("welcome")).expect("room");
            }
            async { Ok(None) }
        })
    });
    served.peer.bytes(&flood).await;
    assert_eq!(served.peer.read().await, Some(text_frame("welcome")));
    let delivered = delivered.load(Ordering::Relaxed);
    assert!(delivered < COUNT / 10, "it was written after {delivered} messages");
}

/// A connection that still can be read from, silent, and cannot be written to any more.
struct HalfDead;

impl AsyncRead for HalfDead {
    fn poll_read(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        _buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

impl AsyncWrite for HalfDead {
    fn poll_write(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        _bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_fails_while_the_guest_is_busy_is_lost() {
    let (_session, calls, _notes, end) = Setup::default().serve_over(HalfDead, |session| {
        let session = session.clone();
        Fake::silent().on_open(async move {
            session.send(text("goes nowhere")).expect("room");
            yield_now().await;
            Ok(())
        })
    });
    let event = timeout(Duration::from_secs(60), end).await.expect("noticed").expect("no panic");
    assert_eq!((event.cause, event.code), (CloseCause::ConnectionLost, 1006));
    assert_eq!(calls.close_and_finish(), event);
}
