//! Real peers, as their packages install them: Tomcat 10, Bun, and Python's `websockets`. A guest
//! as a client talks to their servers, and their clients talk to guests; a tap between the two
//! shows what was agreed on, and that what was compressed is short.

mod program;
mod tap;

use std::time::Duration;

use serde_json::json;
use sockhop_tests::{Client, Closed, Outcome, TestHost, eventually, within_limit};
use tokio_tungstenite::tungstenite::Message;

use self::program::{Peer, Server};
use self::tap::{Seen, Tap, Way};

/// How long a peer's client may take for all that it does.
const CLIENT_DEADLINE: Duration = Duration::from_secs(3 * 60);

/// Nothing, the edges between the three forms of a frame's length (RFC 6455 section 5.2), and more
/// than buffers hold.
const SIZES: [usize; 8] = [0, 1, 125, 126, 65_535, 65_536, 300 << 10, 1 << 20];

/// How many messages are sent before an answer is read.
const PIPELINED: usize = 200;

/// How many messages come back in one session, by which all of them count.
const MESSAGES: usize = 2 * SIZES.len() + PIPELINED;

/// All these messages are 2.97 MB, and most of it is the same byte.
const COMPRESSED_BYTES_MAX: u64 = 100_000;

/// Of these the host compresses none of more than 256 KiB: a message of each of two sizes as text,
/// and one as bytes.
const PLAIN_BYTES: u64 = 2 * ((300 << 10) + (1 << 20));

/// Servers of this machine, by their address.
const DIALLING: &str = r#"
[deployment.relay]
connect.allow = "ws://127.0.0.1:*"
[deployment.dials]
connect.allow = "ws://127.0.0.1:*"
"#;

/// A guest dials the peer's server.
async fn a_guest_talks_to(peer: Peer) {
    let server = Server::start(peer).await;
    let tap = Tap::before(server.address()).await;
    let url = format!("ws://{}/echo", tap.address());
    let host = TestHost::builder().guest("relay").guest("dials").config(DIALLING).start().await;
    let relay = format!("/relay?to={url}");

    let mut client = host.connect(&relay).await;
    let echoed = all_come_back(&mut client).await;
    // The guest is the first to close, and then the server is.
    assert_eq!(client.close(Some((4001, "enough"))).await, Closed::new(4001, "enough"));
    server.line("closed 4001 enough").await;
    let mut client = host.connect(&relay).await;
    client.send("?close 4002 go on").await;
    assert_eq!(client.closed().await, Closed::new(4002, "go on"));
    server.line("closed 4002 go on").await;

    let mut client = host.connect("/dials").await;
    let told = client.ask(&format!("open {url} subprotocols=nobody.v1,echo.v1")).await;
    assert_eq!(told, "open 101 Some(\"echo.v1\") None");
    let expected = [
        ("send ?subprotocol", ["sent", "server: echo.v1"]),
        ("send ?ping are you there", ["sent", "server: pong are you there"]),
        ("ping who is there", ["pinged", "pong: who is there"]),
        // It lives until one of its ends closes it, whatever becomes of the session that dialled.
        ("close", ["closing", "over: 1000 \"\" true"]),
    ];
    for (line, told) in expected {
        assert_eq!(both(&mut client, line).await, told, "{line}");
    }
    assert_eq!(client.close(Some((1000, ""))).await.code, 1000);
    eventually("all sessions to end", async || host.sessions().await.is_empty().then_some(()))
        .await;
    host.stop().await;

    let seen: [Seen; 3] = tap.seen().try_into().expect("three connections");
    let [first, second, third] = seen;
    compressed(&first, &first.up, &first.down);
    assert_eq!(first.subprotocol(), None);
    assert_eq!(second.subprotocol(), None);
    assert_eq!(third.subprotocol().as_deref(), Some("echo.v1"));
    tell(&format!("a guest and {peer:?}: {echoed} messages, pings both ways, 2 closes"));
}

/// Sends what is worth sending, and has it back.
async fn all_come_back(client: &mut Client) -> usize {
    let mut echoed = 0;
    for size in SIZES {
        for message in [Message::from("x".repeat(size)), Message::from(vec![0xff; size])] {
            client.send(message.clone()).await;
            assert!(client.next().await == message, "{size} bytes do not come back");
            echoed += 1;
        }
    }
    let said: Vec<String> = (0..PIPELINED).map(|number| format!("{number}: ä€𝄞")).collect();
    for text in &said {
        client.send(text.as_str()).await;
    }
    for text in &said {
        assert_eq!(client.text().await, *text);
        echoed += 1;
    }
    assert_eq!(echoed, MESSAGES);
    echoed
}

/// The guest's own answer and what the server says to it, in this order whichever came first.
async fn both(client: &mut Client, line: &str) -> [String; 2] {
    client.send(line).await;
    let mut told = [client.text().await, client.text().await];
    told.sort_by_key(|text| text.contains(": "));
    told
}

/// The peer's client talks to guests.
async fn a_client_talks_to_guests(peer: Peer) {
    let guests = ["echo", "observer", "controls", "handshaker"];
    let host = TestHost::with_guests(guests).await;
    let tap = Tap::before(host.address()).await;
    let mut client = peer.client();
    let output = client.arg(format!("ws://{}", tap.address())).kill_on_drop(true).output();
    let output = within_limit(CLIENT_DEADLINE, "the client to end", output).await;
    let seen = Outcome::from(output.expect("it is a program")).json();
    let expected = json!({
        "messages": MESSAGES,
        "pings": 3,
        "pinged": "pong: are you there",
        "subprotocol": "b",
        "closes": [4001, "enough"],
        "is closed": [4002, "go on"],
    });
    assert_eq!(seen, expected);
    for ended in [
        "closed initiator=Peer cause=Requested sent=Some(4001) received=Some(4001) \
         phrase=\"enough\" clean=true code=4001",
        "closed initiator=Guest cause=Requested sent=Some(4002) received=Some(4002) \
         phrase=\"go on\" clean=true code=4002",
    ] {
        host.log_line("observer", |line| line.contains(ended)).await;
    }
    eventually("all sessions to end", async || host.sessions().await.is_empty().then_some(()))
        .await;
    host.stop().await;
    let sessions = tap.seen();
    assert_eq!(sessions.len(), 6);
    let whole = sessions.iter().max_by_key(|seen| seen.up.bytes).expect("there are six");
    compressed(whole, &whole.down, &whole.up);
    let agreed = sessions.iter().filter_map(Seen::subprotocol);
    assert_eq!(agreed.collect::<Vec<_>>(), ["b"]);
    tell(&format!(
        "{peer:?} and guests: {MESSAGES} messages, 3 pings and 1 the other way, 2 closes"
    ));
}

/// permessage-deflate was agreed on, and each side compresses.
fn compressed(seen: &Seen, by_host: &Way, by_peer: &Way) {
    let extensions = seen.extensions().unwrap_or_default();
    assert!(extensions.starts_with("permessage-deflate"), "agreed on {extensions:?}");
    let (by_host, by_peer) = (by_host.bytes, by_peer.bytes);
    assert!(by_peer < COMPRESSED_BYTES_MAX, "the peer sends {by_peer} bytes: not compressed");
    let most = PLAIN_BYTES + COMPRESSED_BYTES_MAX;
    assert!(by_host < most, "the host sends {by_host} bytes, not below {most}: not compressed");
}

#[expect(clippy::print_stderr, reason = "the counts are what a reader of a long run asks for")]
fn tell(counts: &str) {
    eprintln!("peers: {counts}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_talks_to_tomcat() {
    a_guest_talks_to(Peer::Tomcat).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_talks_to_bun() {
    a_guest_talks_to(Peer::Bun).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_talks_to_python() {
    a_guest_talks_to(Peer::Python).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tomcats_client_talks_to_guests() {
    a_client_talks_to_guests(Peer::Tomcat).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn buns_client_talks_to_guests() {
    a_client_talks_to_guests(Peer::Bun).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pythons_client_talks_to_guests() {
    a_client_talks_to_guests(Peer::Python).await;
}
