//! Messages that are handed on piece by piece.

use std::time::Duration;

use sockhop_session::Message;
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;

use super::fake::{Call, Fake};
use super::peer::{frame, masked};
use super::{Setup, settled, text};

const TEXT: u8 = 0x1;
const CONTINUATION: u8 = 0x0;
const FIN: u8 = 0x80;

fn parts(calls: &[Call]) -> Vec<(Message, bool)> {
    let part = |call: &Call| match call {
        Call::Part(piece, last) => Some((piece.clone(), *last)),
        _ => None,
    };
    calls.iter().filter_map(part).collect()
}

#[tokio::test(start_paused = true)]
async fn a_piece_is_delivered_before_its_message_has_arrived() {
    let mut served = Setup::default().serve(|_session| Fake::silent().takes_parts());
    served.peer.bytes(&masked(TEXT, b"first")).await;
    settled().await;
    assert_eq!(parts(&served.calls.all()), [(text("first"), false)]);
    served.peer.bytes(&masked(CONTINUATION | FIN, b"second")).await;
    settled().await;
    let pieces = parts(&served.calls.all());
    let joined: String = pieces
        .iter()
        .map(|(piece, _)| match piece {
            Message::Text(text) => text.to_string(),
            Message::Binary(_) => panic!("a text"),
        })
        .collect();
    assert_eq!(joined, "firstsecond");
    let ends: Vec<_> = pieces.iter().map(|(_, last)| *last).collect();
    assert_eq!(ends.iter().filter(|last| **last).count(), 1, "{ends:?}");
    assert_eq!(ends.last(), Some(&true));
}

#[tokio::test(start_paused = true)]
async fn a_message_above_the_limit_for_whole_ones_goes_through_in_pieces() {
    let setup = Setup { max_message_bytes: 10, ..Setup::default() };
    let mut served = setup.serve(|_session| Fake::silent().takes_parts());
    served.peer.text(&"x".repeat(1000)).await;
    settled().await;
    let bytes: usize =
        parts(&served.calls.all()).iter().map(|(piece, _)| piece.payload_bytes()).sum();
    assert_eq!(bytes, 1000);
    assert!(served.session.is_open());
}

/// The answers of a guest that takes pieces wait in the peer, not in the host.
#[tokio::test(start_paused = true)]
async fn a_peer_that_reads_no_answers_is_not_read_from() {
    let setup = Setup { wire_bytes: 1 << 10, queue_bytes: 1 << 30, ..Setup::default() };
    let served = setup.serve(|session| {
        let session = session.clone();
        Fake::silent().takes_parts().on_message(move |piece| {
            let sent = session.send(piece);
            async move {
                assert_eq!(sent, Ok(()));
                Ok(None)
            }
        })
    });
    let mut io = served.peer.into_inner();
    let flood = frame(0x2, &[0; 100]).repeat(100_000);
    let written = timeout(Duration::from_secs(60), io.write_all(&flood)).await;
    assert!(written.is_err(), "all was read though nothing was taken");
    let waits = served.session.queue().queued_bytes;
    assert!(waits <= 1 << 20, "{waits} bytes wait in the host");
}
