//! Peers that break a rule of RFC 6455: which code they are told, and what the guest hears.

use sockhop_session::{CloseCause, Initiator};
use tokio::time::Instant;

use super::fake::Fake;
use super::peer::{BINARY, CLOSE, Frame, PING, TEXT, close_frame, frame, masked};
use super::{CLOSE_TIMEOUT, Served, Setup, serve, settled};

const FIN: u8 = 0x80;
const RSV1: u8 = 0x40;
const CONTINUATION: u8 = 0;

/// Sends the bytes and takes what comes back: one Close frame with the code, and the end.
async fn told(mut served: Served, bytes: &[u8], code: u16, cause: CloseCause) {
    let begun = Instant::now();
    served.peer.bytes(bytes).await;
    let came = served.peer.read().await.expect("a Close frame");
    assert_eq!((came.opcode, &came.payload[..2]), (CLOSE, &code.to_be_bytes()[..]), "{bytes:?}");
    assert_eq!(served.peer.read().await, None);
    let (event, calls, _notes) = served.ended().await;
    assert!(begun.elapsed() < CLOSE_TIMEOUT, "no answer is waited for");
    assert_eq!((event.initiator, event.cause), (Initiator::Peer, cause), "{bytes:?}");
    assert_eq!((event.code_sent, event.code_received), (Some(code), None));
    assert_eq!((event.code, event.clean), (code, false));
    assert_eq!(calls.messages(), []);
    assert_eq!(calls.close_and_finish(), event);
}

#[tokio::test(start_paused = true)]
async fn ill_formed_frames_are_1002() {
    for bytes in [
        masked(FIN | RSV1 | TEXT, b"a reserved bit"),
        masked(FIN | 3, b"a reserved opcode"),
        masked(FIN | 11, b"a reserved control opcode"),
        masked(PING, b"a fragment of a ping"),
        frame(PING, &[0; 126]),
        masked(FIN | CONTINUATION, b"continues nothing"),
        [masked(TEXT, b"first"), frame(TEXT, b"not continued")].concat(),
        vec![FIN | TEXT, 1, b'x'],
        frame(CLOSE, &[3]),
    ] {
        told(serve(|_session| Fake::silent()), &bytes, 1002, CloseCause::ProtocolError).await;
    }
}

#[tokio::test(start_paused = true)]
async fn text_that_is_not_utf_8_is_1007() {
    for bytes in [
        frame(TEXT, b"\xff"),
        frame(TEXT, b"\xed\xa0\x80"),
        frame(TEXT, b"cut \xc3"),
        [masked(TEXT, b"cut \xc3"), masked(FIN | CONTINUATION, b"x")].concat(),
        frame(CLOSE, b"\x03\xe8\xff"),
    ] {
        told(serve(|_session| Fake::silent()), &bytes, 1007, CloseCause::InvalidPayload).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_above_the_limit_is_1009_and_one_at_it_is_not() {
    for bytes in [
        frame(BINARY, &[0; 101]),
        frame(TEXT, &[b'x'; 101]),
        [masked(BINARY, &[0; 100]), masked(FIN | CONTINUATION, &[0])].concat(),
        // Announced, and nothing of it sent.
        vec![FIN | BINARY, 0xff, 0, 0, 1, 0, 0, 0, 0, 0, 1, 2, 3, 4],
    ] {
        let served = Setup { max_message_bytes: 100, ..Setup::default() };
        let served = served.serve(|_session| Fake::silent());
        told(served, &bytes, 1009, CloseCause::MessageTooBig).await;
    }
    let served = Setup { max_message_bytes: 100, ..Setup::default() };
    let mut served = served.serve(|_session| Fake::echo());
    served.peer.bytes(&frame(BINARY, &[7; 100])).await;
    let whole = Frame { opcode: BINARY, payload: vec![7; 100] };
    assert_eq!(served.peer.read().await, Some(whole));
}

/// RFC 6455 §7.4: these are never in a frame.
#[tokio::test(start_paused = true)]
async fn a_close_code_that_may_not_be_sent_is_answered_with_1002() {
    for code in [0, 999, 1004, 1005, 1006, 1015, 2999, 5000] {
        let mut served = serve(|_session| Fake::silent());
        served.peer.close(code, "").await;
        let answer = served.peer.read().await.expect("a Close frame");
        assert_eq!(&answer.payload[..2], &1002_u16.to_be_bytes(), "{code}");
        assert_eq!(served.peer.read().await, None);
        let (event, calls, _notes) = served.ended().await;
        assert_eq!((event.initiator, event.code_sent), (Initiator::Peer, Some(1002)), "{code}");
        assert_eq!(calls.close_and_finish(), event);
    }
}

#[tokio::test(start_paused = true)]
async fn registered_close_codes_are_answered_with_themselves() {
    for code in [1000, 1001, 1003, 1007, 1011, 1012, 1013, 3000, 4999] {
        let mut served = serve(|_session| Fake::silent());
        served.peer.close(code, "why").await;
        assert_eq!(served.peer.rest().await, [close_frame(code, "why")]);
        assert_eq!(served.ended().await.0.code, code);
    }
}

/// A connection with unread data would be reset when it is closed, and the Close frame with it.
#[tokio::test(start_paused = true)]
async fn what_follows_a_broken_rule_is_read_and_dropped() {
    let setup = Setup { max_message_bytes: 100, ..Setup::default() };
    let served = setup.serve(|_session| Fake::silent());
    let upload = frame(BINARY, &[0; 500_000]);
    let (mut read, mut write) = tokio::io::split(served.peer.into_inner());
    let writing = async {
        tokio::io::AsyncWriteExt::write_all(&mut write, &upload).await.expect("it is taken");
    };
    let mut came = Vec::new();
    let reading = tokio::io::AsyncReadExt::read_to_end(&mut read, &mut came);
    let (read, ()) = tokio::join!(reading, writing);
    read.expect("bytes");
    assert_eq!(came[2..4], 1009_u16.to_be_bytes());
    drop(write);
    settled().await;
    served.end.await.expect("no panic");
    served.calls.reached(3).await;
}
