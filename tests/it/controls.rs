//! Pings and pongs that guests send and hear of, and connections that they drop.

use sockhop_tests::{RawClient, TestHost};

const TEXT: u8 = 0x81;
const PING: u8 = 0x89;
const PONG: u8 = 0x8a;

/// A host with the guest in both kinds of instance.
async fn hosts() -> [TestHost; 2] {
    let host =
        async |config: &str| TestHost::builder().guest("controls").config(config).start().await;
    [host("").await, host("[deployment.controls]\ninstancing = \"shared\"").await]
}

async fn frame(client: &mut RawClient) -> (u8, String) {
    let frame = client.receive().await;
    (frame.first, String::from_utf8_lossy(&frame.payload).into_owned())
}

fn told(first: u8, payload: &str) -> (u8, String) {
    (first, payload.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_pings_and_hears_the_answer() {
    for host in hosts().await {
        let mut client = RawClient::connect(host.address(), "/controls").await;
        client.send(TEXT, b"ping are you there").await;
        assert_eq!(frame(&mut client).await, told(PING, "are you there"));
        client.send(PONG, b"are you there").await;
        assert_eq!(frame(&mut client).await, told(TEXT, "pong: are you there"));
        client.send(PONG, b"unasked").await;
        assert_eq!(frame(&mut client).await, told(TEXT, "pong: unasked"));
        client.send(TEXT, b"pong for nobody").await;
        assert_eq!(frame(&mut client).await, told(PONG, "for nobody"));
        client.send(TEXT, b"long").await;
        assert_eq!(frame(&mut client).await, told(TEXT, "ControlError::TooLong(126)"));
        client.send(PONG, b"refuse").await;
        host.log_line("controls", |line| line.contains("Handler(\"do not like it\")")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ping_does_not_wait_for_the_end_of_a_message() {
    for host in hosts().await {
        let mut client = RawClient::connect(host.address(), "/controls").await;
        client.send(TEXT, b"unfinished").await;
        assert_eq!(frame(&mut client).await, told(0x01, "begun"));
        assert_eq!(frame(&mut client).await, told(PING, "between"));
        client.send(TEXT, b"finish").await;
        assert_eq!(frame(&mut client).await, told(0x80, ""));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_dropped_ends_without_a_close_frame() {
    for host in hosts().await {
        for word in ["abort", "close-abort"] {
            let client = RawClient::connect(host.address(), "/controls").await;
            let mut tcp = client.into_tcp();
            let text = [&[TEXT, 0x80 | word.len() as u8, 0, 0, 0, 0], word.as_bytes()].concat();
            tokio::io::AsyncWriteExt::write_all(&mut tcp, &text).await.expect("the host reads");
            let mut rest = Vec::new();
            let reading = tokio::io::AsyncReadExt::read_to_end(&mut tcp, &mut rest);
            let _ended = sockhop_tests::within("the end", reading).await;
            assert_eq!(rest, b"", "{word}");
        }
        let line = "closed CloseCause::Requested code=1006 clean=false";
        let mut log = host.follow("controls");
        for _ in 0..2 {
            log.containing(line).await;
        }
    }
}
