//! Messages piece by piece, in and out, through the real host.

use futures_util::{SinkExt as _, StreamExt as _};
use sockhop_tests::{Closed, Frame, RawClient, TestHost};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio_tungstenite::tungstenite::Message;

const MIB: u64 = 1024 * 1024;

/// What a message may cost the host that goes through it: far less than the message.
const GROWTH_BYTES_MAX: u64 = 8 * MIB;

#[tokio::test(flavor = "multi_thread")]
async fn a_message_larger_than_the_limit_comes_back_whole_and_costs_little() {
    for config in ["", "[deployment.echoes_in_parts]\ninstancing = \"shared\""] {
        let host = TestHost::builder().config(config).guest("echoes_in_parts").start().await;
        let mut client = host.connect("/echoes-in-parts").await;
        client.send(Message::text("grüße")).await;
        assert_eq!(client.next().await, Message::text("grüße"));
        let before = host.resident_bytes();
        // Above `limits.message`, which is for messages that are held whole.
        let sent: Vec<u8> = (0..20 * MIB).map(|at| (at % 251) as u8).collect();
        let large = Message::binary(sent);
        // Who does not read is not read from: it is sent and read at the same time.
        let (mut sink, mut stream) = client.into_stream().split();
        let (sent, received) = tokio::join!(sink.send(large.clone()), stream.next());
        sent.expect("the host takes it");
        let received = received.expect("the connection is open").expect("a message");
        assert!(received == large, "the message came back otherwise");
        let grown = host.resident_bytes().saturating_sub(before);
        assert!(grown <= GROWTH_BYTES_MAX, "the host grew by {grown} bytes");
    }
}

/// A large message's bytes are these, over and over: a length that no buffer has.
const PATTERN_BYTES: usize = 251 * 256;

/// What a message of a gibibyte may cost the host beside what a short one does.
const GIBIBYTE_GROWTH_BYTES_MAX: u64 = 800 * 1024;

fn pattern() -> Vec<u8> {
    (0..PATTERN_BYTES).map(|at| (at % 251) as u8).collect()
}

/// Sends one frame of `bytes` bytes, masked with zeros, which leave the payload as it is.
async fn send_frame(mut writes: impl AsyncWrite + Unpin, bytes: u64) {
    let head = [&[0x82, 0xff][..], &bytes.to_be_bytes(), &[0; 4]].concat();
    writes.write_all(&head).await.expect("the host reads");
    let (pattern, mut left) = (pattern(), bytes);
    while left > 0 {
        let piece = usize::try_from(left).map_or(PATTERN_BYTES, |left| left.min(PATTERN_BYTES));
        writes.write_all(&pattern[..piece]).await.expect("the host reads");
        left -= piece as u64;
    }
}

/// Reads one message of unmasked frames, holds it against the pattern, and answers its length.
async fn read_message(reads: impl AsyncRead + Unpin) -> u64 {
    let pattern = [pattern(), pattern()].concat();
    let (mut reads, mut bytes) = (BufReader::new(reads), 0_u64);
    let mut payload = Vec::new();
    loop {
        let first = reads.read_u8().await.expect("a frame");
        let length = match reads.read_u8().await.expect("a frame") {
            127 => reads.read_u64().await.expect("a length"),
            126 => reads.read_u16().await.expect("a length").into(),
            short => short.into(),
        };
        payload.resize(usize::try_from(length).expect("a piece"), 0);
        reads.read_exact(&mut payload).await.expect("the payload");
        let mut compared = 0;
        while compared < payload.len() {
            let at = usize::try_from((bytes + compared as u64) % PATTERN_BYTES as u64);
            let at = at.expect("below the pattern's length");
            let run = (payload.len() - compared).min(PATTERN_BYTES);
            let same = payload[compared..compared + run] == pattern[at..at + run];
            assert!(same, "the payload differs behind {} bytes", bytes + compared as u64);
            compared += run;
        }
        bytes += length;
        if first & 0x80 != 0 {
            return bytes;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gibibyte_goes_through_an_echo_in_a_few_hundred_kib() {
    const GIBIBYTE: u64 = 1 << 30;
    // One worker, so that what its allocator keeps for the next time is kept once.
    let builder = TestHost::builder().config("workers = 1");
    let host = builder.guest("echoes_in_parts").start().await;
    let mut tcp = RawClient::connect(host.address(), "/echoes-in-parts").await.into_tcp();
    let (mut reads, mut writes) = tcp.split();
    // What the first message takes is kept for the next.
    let (received, ()) = tokio::join!(read_message(&mut reads), send_frame(&mut writes, GIBIBYTE));
    assert_eq!(received, GIBIBYTE);
    let mut grown = Vec::new();
    // The kernel may make one huge page of what was there in part: once, and not of each message.
    while grown.last().is_none_or(|grown| *grown > GIBIBYTE_GROWTH_BYTES_MAX) {
        assert!(grown.len() < 3, "the host grew by these bytes: {grown:?}");
        let before = host.resident_bytes();
        let halfway = async {
            send_frame(&mut writes, GIBIBYTE).await;
            // While the last pieces are still on their way.
            host.resident_bytes()
        };
        let (received, at_work) = tokio::join!(read_message(&mut reads), halfway);
        assert_eq!(received, GIBIBYTE);
        grown.push(at_work.saturating_sub(before));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_written_when_it_is_let_go_of() {
    let host = TestHost::builder().guest("echoes_in_parts").start().await;
    let mut peer = RawClient::connect(host.address(), "/echoes-in-parts").await;
    for let_go in ["flush", "end"] {
        peer.send(0x81, b"batch").await;
        // Read when the guest has returned, and so answered behind all that is not held back.
        peer.send(0x89, b"and?").await;
        assert_eq!(peer.receive().await, Frame { first: 0x8a, payload: b"and?".into() });
        peer.send(0x81, let_go.as_bytes()).await;
        for word in ["held", "held back: true"] {
            assert_eq!(peer.receive().await, Frame { first: 0x81, payload: word.into() });
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_given_up_closes_the_session_with_1011() {
    let host = TestHost::builder().guest("echoes_in_parts").start().await;
    let mut client = host.connect("/echoes-in-parts").await;
    client.send("abandon").await;
    assert_eq!(client.closed().await, Closed::new(1011, "message given up"));
}
