//! Messages piece by piece, in and out, through the real host.

use futures_util::{SinkExt as _, StreamExt as _};
use sockhop_tests::{Closed, TestHost};
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

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_written_when_it_is_let_go_of() {
    let host = TestHost::builder().guest("echoes_in_parts").start().await;
    let mut client = host.connect("/echoes-in-parts").await;
    client.send("batch").await;
    assert_eq!(client.next().await, Message::text("held"));
    assert_eq!(client.next().await, Message::text("held back: true"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_given_up_closes_the_session_with_1011() {
    let host = TestHost::builder().guest("echoes_in_parts").start().await;
    let mut client = host.connect("/echoes-in-parts").await;
    client.send("abandon").await;
    assert_eq!(client.closed().await, Closed::new(1011, "message given up"));
}
