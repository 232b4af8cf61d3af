//! Several messages in one call, through the real host.

use sockhop_tests::{Closed, Frame, RawClient, TestHost, TestHostBuilder};

/// How many messages are sent in one write: what fits one read of the host's.
const MESSAGES: usize = 100;

/// The host with a session in an instance of its own, and in a shared one.
fn hosts() -> [TestHostBuilder; 2] {
    ["", "[deployment.echoes_in_batches]\ninstancing = \"shared\""]
        .map(|config| TestHost::builder().config(config).guest("echoes_in_batches"))
}

/// A frame as a client sends it, masked with zeros, which leave the payload as it is.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).ok().filter(|length| *length < 126);
    [&[first, 0x80 | length.expect("short"), 0, 0, 0, 0][..], payload].concat()
}

fn text(payload: &str) -> Frame {
    Frame { first: 0x81, payload: payload.into() }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_arrived_takes_fewer_calls_than_it_has_messages() {
    for builder in hosts() {
        let host = builder.start().await;
        let mut peer = RawClient::connect(host.address(), "/echoes-in-batches").await;
        let numbers = (0..MESSAGES).map(|number| number.to_string());
        let mut bytes: Vec<u8> =
            numbers.clone().flat_map(|number| frame(0x81, number.as_bytes())).collect();
        bytes.extend(frame(0x82, &[0xff, 0]));
        peer.write(&bytes).await;
        for number in numbers {
            assert_eq!(peer.receive().await, text(&number));
        }
        assert_eq!(peer.receive().await, Frame { first: 0x82, payload: vec![0xff, 0] });
        peer.send(0x81, b"count").await;
        let counted = String::from_utf8(peer.receive().await.payload).expect("a text");
        let (calls, messages) = counted.split_once(' ').expect("two counts");
        assert_eq!(messages, format!("messages={}", MESSAGES + 2));
        let calls = calls.strip_prefix("calls=").and_then(|calls| calls.parse::<usize>().ok());
        // The write may come in two, and the question comes alone.
        assert!(calls.is_some_and(|calls| calls <= MESSAGES / 2), "{counted}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_comes_alone_is_answered_alone() {
    for builder in hosts() {
        let host = builder.start().await;
        let mut client = host.connect("/echoes-in-batches").await;
        for number in 1..=10 {
            assert_eq!(client.ask("count").await, format!("calls={number} messages={number}"));
        }
        // A batch has less room than a message, and one that is larger comes alone.
        let large = "x".repeat(500_000);
        assert_eq!(client.ask(&large).await, large);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_costs_the_batch_and_not_the_session() {
    for builder in hosts() {
        let host = builder.start().await;
        let mut log = host.follow("echoes_in_batches");
        let mut client = host.connect("/echoes-in-batches").await;
        client.send("err").await;
        log.containing("on-messages failed: this guest was told to").await;
        assert_eq!(client.ask("x").await, "x");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_answered_behind_a_close() {
    for builder in hosts() {
        let host = builder.start().await;
        let mut peer = RawClient::connect(host.address(), "/echoes-in-batches").await;
        let words = ["a", "close", "b"];
        let mut bytes: Vec<u8> =
            words.iter().flat_map(|word| frame(0x81, word.as_bytes())).collect();
        bytes.extend(frame(0x88, &1000_u16.to_be_bytes()));
        peer.write(&bytes).await;
        assert_eq!(peer.receive().await, text("a"));
        assert_eq!(peer.closed().await, Closed::new(4000, "told to"));
    }
}
