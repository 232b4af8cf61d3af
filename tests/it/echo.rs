//! What is sent to `echo` comes back as it came.

use futures_util::{SinkExt as _, StreamExt as _};
use sockhop_tests::{Frame, RawClient, TestHost, within};
use tokio_tungstenite::tungstenite::{Bytes, Message};

/// The most that `echo` takes, and what the host allows unless it is configured.
const MESSAGE_BYTES_MAX: usize = 16 * 1024 * 1024;

#[tokio::test(flavor = "multi_thread")]
async fn texts_and_binaries_come_back_as_they_came() {
    let host = TestHost::with_guests(["echo"]).await;
    let mut client = host.connect("/echo").await;
    let all_bytes: Vec<u8> = (0..=255).collect();
    for message in [
        Message::from("hello"),
        Message::from(""),
        Message::from("Grüße, \u{1f57a}\0"),
        Message::from(Vec::new()),
        Message::from(all_bytes),
        Message::from(vec![7; 125]),
        Message::from(vec![8; 126]),
        Message::from(vec![9; 65_535]),
        Message::from(vec![10; 65_536]),
    ] {
        client.send(message.clone()).await;
        assert_eq!(client.next().await, message);
    }
    assert_eq!(client.close(Some((1000, ""))).await.code, 1000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_16_mib_comes_back_whole() {
    let host = TestHost::with_guests(["echo"]).await;
    let mut client = host.connect("/echo").await;
    let pattern: Vec<u8> = (0..251).cycle().take(MESSAGE_BYTES_MAX).collect();
    for message in [Message::from(pattern), Message::from("é".repeat(MESSAGE_BYTES_MAX / 2))] {
        client.send(message.clone()).await;
        // Not `assert_eq`, which would print 16 MiB twice.
        assert!(client.next().await == message, "not what was sent");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_above_16_mib_is_1009_while_it_is_still_being_sent() {
    let host = TestHost::with_guests(["echo"]).await;
    let client = host.connect("/echo").await;
    let (mut sink, mut stream) = client.into_stream().split();
    let sender = tokio::spawn(async move {
        // It is cut off at some point, sooner or later.
        let _cut_off = sink.send(Message::from(vec![0; MESSAGE_BYTES_MAX + 1])).await;
        sink
    });
    let next = within("the end", stream.next()).await;
    let Some(Ok(Message::Close(Some(frame)))) = next else { panic!("not a Close: {next:?}") };
    assert_eq!(u16::from(frame.code), 1009);
    drop(sender.await.expect("it does not panic"));
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_messages_keep_their_order() {
    const MESSAGES: usize = 10_000;
    let host = TestHost::with_guests(["echo"]).await;
    let (mut sink, mut stream) = host.connect("/echo").await.into_stream().split();
    let sender = tokio::spawn(async move {
        for number in 0..MESSAGES {
            sink.feed(Message::from(number.to_string())).await.expect("the host reads");
        }
        sink.flush().await.expect("the host reads");
        sink
    });
    for number in 0..MESSAGES {
        let answer = within("an answer", stream.next()).await.expect("open").expect("sound");
        assert_eq!(answer, Message::from(number.to_string()));
    }
    drop(sender.await.expect("it does not panic"));
}

#[tokio::test(flavor = "multi_thread")]
async fn fragments_are_one_message_and_a_ping_between_them_is_answered_first() {
    let host = TestHost::with_guests(["echo"]).await;
    let mut client = RawClient::connect(host.address(), "/echo").await;
    // "für" split inside of the "ü".
    client.send(0x01, b"f\xc3").await;
    client.send(0x89, b"are you there?").await;
    client.send(0x00, b"").await;
    assert_eq!(client.receive().await, Frame { first: 0x8a, payload: b"are you there?".into() });
    client.send(0x80, b"\xbcr").await;
    assert_eq!(client.receive().await, Frame { first: 0x81, payload: "für".into() });
    // A pong that nobody asked for is no event (RFC 6455 §5.5.3).
    client.send(0x8a, b"unasked").await;
    client.send(0x82, b"after").await;
    assert_eq!(client.receive().await, Frame { first: 0x82, payload: b"after".into() });
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_with_the_handshake_is_not_lost() {
    let host = TestHost::with_guests(["echo"]).await;
    let frame = [0x81, 0x85, 0, 0, 0, 0, b'e', b'a', b'g', b'e', b'r'];
    let mut client = RawClient::connect_and_write(host.address(), "/echo", &frame).await;
    assert_eq!(client.receive().await, Frame { first: 0x81, payload: b"eager".into() });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ping_is_answered_with_its_own_data() {
    let host = TestHost::with_guests(["echo"]).await;
    let mut client = host.connect("/echo").await;
    for data in [Bytes::new(), Bytes::from_static(&[b'p'; 125])] {
        client.send(Message::Ping(data.clone())).await;
        assert_eq!(client.next().await, Message::Pong(data));
    }
}
