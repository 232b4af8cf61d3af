//! Messages that come: whole, in pieces, pongs, and those that are too large.

use sockhop_tests::{Client, RawClient};
use tokio_tungstenite::tungstenite::Message;

use super::place::{Place, end};
use super::runner::scenarios;

const TEXT: u8 = 0x81;
const PING: u8 = 0x89;
const PONG: u8 = 0x8a;

/// The limit of the endpoint `/jakarta-small`, in bytes.
const SMALL_BYTES: usize = 1024;

scenarios! {
    "messages.text" ("ee/session11") text both: "a text is delivered whole",
    "messages.binary" ("ee/session11") binary both:
        "a binary message is delivered whole, as binary",
    "messages.empty" ("ee/websocketmessage") empty: "empty messages of both kinds are messages",
    "messages.large" ("ee/websocketmessage") large: "a mebibyte of each kind comes back as it was",
    "messages.returned" ("ee/*returntype") returned both: "what a handler returns is sent",
    "messages.nothing-returned" ("ee/*returntype") nothing_returned both:
        "where a handler returns nothing, nothing is sent",
    "messages.order" ("5.1.5") order both:
        "a thousand messages are delivered in their order, one at a time",
    "messages.peers-apart" ("2.1.1-1") peers_apart both:
        "two peers get the answers to their own messages",
    "messages.fragments" ("ee/session11") fragments both:
        "a message in fragments is delivered as one",
    "messages.fragments-and-control" ("RFC 6455 5.4") fragments_and_control both:
        "a ping between fragments is answered, and the message is whole",
    "messages.pong" ("2.2.5-2") pong both:
        "pongs are delivered with their payload, asked for or not",
    "messages.ping-unseen" ("2.2.5-1") ping_unseen both:
        "a ping is answered with its own payload, and the guest does not see it",
    "messages.partial-text" ("ee/session11") partial_text:
        "a text in pieces is delivered in order, and the last piece says so",
    "messages.partial-binary" ("ee/session11") partial_binary:
        "a binary message in pieces is delivered in order, and the last piece says so",
    "messages.partial-session" ("ee/websocketmessage") partial_session:
        "a handler of pieces has its session and its path parameters",
    "messages.partial-beyond-limit" ("4.7") partial_beyond_limit:
        "pieces have no limit: a message above that for whole ones is delivered",
    "messages.partial-pong" ("ee/session11") partial_pong:
        "a handler of pieces hears of pongs as well",
    "messages.partial-error" ("5.2.2-1") partial_error:
        "an error over a piece is told, and the next message is delivered",
    "messages.limit-at" ("4.7.1-1") limit_at: "a message at the limit is delivered",
    "messages.limit-above" ("4.7.1-1") limit_above:
        "one byte above it the session is closed with 1009, which the guest is told as well",
    "messages.limit-of-text" ("4.7.1-1") limit_of_text: "a text is measured in bytes of UTF-8",
    "messages.limit-of-fragments" ("4.7.1-1") limit_of_fragments:
        "fragments that are small by themselves count together",
    "messages.limit-default" ("623") limit_default:
        "the default limit is 16 MiB for both kinds, and a session says its own",
    "messages.none-after-close" ("Session.close") none_after_close both:
        "what comes after a close was asked for is not delivered",
}

async fn text(place: &Place) {
    let (_witness, mut client) = place.two().await;
    assert_eq!(client.ask("echo w\u{f6}rld \u{1f30d}").await, "w\u{f6}rld \u{1f30d}");
}

async fn binary(place: &Place) {
    let (_witness, mut client) = place.two().await;
    let every: Vec<u8> = (0..=255).collect();
    client.send(every.clone()).await;
    assert_eq!(client.next().await, Message::from(every));
}

async fn empty(place: &Place) {
    let mut client = place.host.connect("/echo").await;
    client.send("").await;
    assert_eq!(client.next().await, Message::from(""));
    client.send(Vec::new()).await;
    assert_eq!(client.next().await, Message::from(Vec::new()));
}

async fn large(place: &Place) {
    let mut client = place.host.connect("/echo").await;
    for message in [Message::from("é".repeat(1 << 19)), Message::from(vec![7; 1 << 20])] {
        client.send(message.clone()).await;
        assert!(client.next().await == message, "it is another message");
    }
}

async fn returned(place: &Place) {
    let (_witness, mut client) = place.two().await;
    assert_eq!(client.ask("number").await, "1");
    client.send(vec![1, 2]).await;
    assert_eq!(client.next().await, Message::from(vec![1, 2]));
}

async fn nothing_returned(place: &Place) {
    let (_witness, mut client) = place.two().await;
    client.send("set a b").await;
    client.send("unset a").await;
    assert_eq!(client.ask("echo the first answer").await, "the first answer");
}

async fn order(place: &Place) {
    let (_witness, mut client) = place.two().await;
    for _ in 0..1000 {
        client.send("number").await;
    }
    for number in 1..=1000 {
        assert_eq!(client.text().await, number.to_string());
    }
}

async fn peers_apart(place: &Place) {
    let (mut first, mut second) = place.two().await;
    for number in 0..100 {
        first.send(format!("echo first {number}")).await;
        second.send(format!("echo second {number}")).await;
    }
    for number in 0..100 {
        assert_eq!(second.text().await, format!("second {number}"));
        assert_eq!(first.text().await, format!("first {number}"));
    }
}

/// The next frame, which is a text.
async fn next_text(client: &mut RawClient) -> String {
    let frame = client.receive().await;
    assert_eq!(frame.first, TEXT, "not a text: {:?}", frame.payload);
    String::from_utf8(frame.payload).expect("a text")
}

async fn fragments(place: &Place) {
    let (_witness, mut client) = place.two_raw("/jakarta").await;
    client.send(0x01, b"ec").await;
    client.send(0x00, b"").await;
    client.send(0x00, b"ho to").await;
    client.send(0x80, b"gether").await;
    assert_eq!(next_text(&mut client).await, "together");
}

async fn fragments_and_control(place: &Place) {
    let (_witness, mut client) = place.two_raw("/jakarta").await;
    client.send(0x01, b"echo to").await;
    client.send(PING, b"between").await;
    let frame = client.receive().await;
    assert_eq!((frame.first, frame.payload), (PONG, b"between".to_vec()));
    client.send(0x80, b"gether").await;
    assert_eq!(next_text(&mut client).await, "together");
}

async fn pong(place: &Place) {
    let (_witness, mut client) = place.two_raw("/jakarta").await;
    client.send(PONG, b"unasked").await;
    assert_eq!(next_text(&mut client).await, "pong unasked");
    client.send(TEXT, b"ping asked").await;
    assert_eq!(client.receive().await.first, PING);
    client.send(PONG, b"asked").await;
    assert_eq!(next_text(&mut client).await, "pong asked");
}

async fn ping_unseen(place: &Place) {
    let (_witness, mut client) = place.two_raw("/jakarta").await;
    for payload in [&b""[..], b"x", &[0xff; 125]] {
        client.send(PING, payload).await;
        let frame = client.receive().await;
        assert_eq!((frame.first, frame.payload.as_slice()), (PONG, payload));
    }
    client.send(TEXT, b"echo nothing else").await;
    assert_eq!(next_text(&mut client).await, "nothing else");
}

/// What the guest says of the pieces of one message: each one's length, and the sum of its bytes.
async fn pieces(client: &mut Client, kind: &str) -> Vec<(usize, u64)> {
    let mut pieces = Vec::new();
    loop {
        let text = client.text().await;
        let words: Vec<_> = text.split(' ').collect();
        let [_name, found, length, sum, last] = words[..] else { panic!("no piece: {text}") };
        assert_eq!(found, kind, "{text}");
        pieces.push((length.parse().expect("a length"), sum.parse().expect("a sum")));
        if last == "true" {
            return pieces;
        }
    }
}

fn totals(pieces: &[(usize, u64)]) -> (usize, u64) {
    let lengths = pieces.iter().map(|(length, _)| length).sum();
    (lengths, pieces.iter().map(|(_, sum)| sum).sum())
}

async fn partial_text(place: &Place) {
    let mut client = place.host.connect("/jakarta-parts/x").await;
    client.send("abc").await;
    assert_eq!(totals(&pieces(&mut client, "text").await), (3, 97 + 98 + 99));
    let long = "ab".repeat(100_000);
    client.send(long.as_str()).await;
    let found = pieces(&mut client, "text").await;
    assert!(found.len() > 1, "{found:?}");
    assert_eq!(totals(&found), (200_000, 100_000 * (97 + 98)));
}

async fn partial_binary(place: &Place) {
    let mut client = place.host.connect("/jakarta-parts/x").await;
    client.send(vec![2; 200_000]).await;
    let found = pieces(&mut client, "binary").await;
    assert!(found.iter().all(|(length, _)| *length <= 64 << 10), "{found:?}");
    assert_eq!(totals(&found), (200_000, 400_000));
}

async fn partial_session(place: &Place) {
    let mut client = place.host.connect("/jakarta-parts/somebody").await;
    client.send("x").await;
    let text = client.text().await;
    assert!(text.starts_with("somebody text "), "{text}");
}

async fn partial_beyond_limit(place: &Place) {
    let mut client = place.host.connect("/jakarta-parts/x").await;
    client.send(vec![1; 100 * SMALL_BYTES]).await;
    assert_eq!(totals(&pieces(&mut client, "binary").await).0, 100 * SMALL_BYTES);
}

async fn partial_pong(place: &Place) {
    let mut client = place.raw("/jakarta-parts/x").await;
    client.send(PONG, b"here").await;
    assert_eq!(next_text(&mut client).await, "pong here");
}

async fn partial_error(place: &Place) {
    let mut client = place.host.connect("/jakarta-parts/x").await;
    assert_eq!(client.ask("fail").await, "error this piece was not wanted");
    client.send("a").await;
    assert_eq!(totals(&pieces(&mut client, "text").await), (1, 97));
}

async fn limit_at(place: &Place) {
    let (_witness, mut client) = place.two_raw("/jakarta-small").await;
    client.send(0x82, &[1; SMALL_BYTES]).await;
    let frame = client.receive().await;
    assert_eq!((frame.first, frame.payload.len()), (0x82, SMALL_BYTES));
}

async fn limit_above(place: &Place) {
    let (mut witness, mut client) = place.two_raw("/jakarta-small").await;
    client.send(0x82, &[1; SMALL_BYTES + 1]).await;
    assert_eq!(client.closed().await.code, 1009);
    let end = end(&mut witness).await;
    assert!(end.starts_with("Peer MessageTooBig sent=Some(1009) received=None "), "{end}");
    assert!(end.ends_with(" code=1009"), "{end}");
}

async fn limit_of_text(place: &Place) {
    let (_witness, mut client) = place.two_raw("/jakarta-small").await;
    // "echo ", and two bytes for each of the others but the last.
    let text = format!("echo {}x", "é".repeat((SMALL_BYTES - 6) / 2));
    assert_eq!(text.len(), SMALL_BYTES);
    client.send(TEXT, text.as_bytes()).await;
    assert_eq!(next_text(&mut client).await, text["echo ".len()..]);
    client.send(TEXT, text.replace('x', "é").as_bytes()).await;
    assert_eq!(client.closed().await.code, 1009);
}

async fn limit_of_fragments(place: &Place) {
    let (_witness, mut client) = place.two_raw("/jakarta-small").await;
    client.send(0x02, &[1; SMALL_BYTES / 2]).await;
    client.send(0x00, &[1; SMALL_BYTES / 2]).await;
    client.send(0x80, &[1]).await;
    assert_eq!(client.closed().await.code, 1009);
}

async fn limit_default(place: &Place) {
    let (_witness, mut client) = place.two().await;
    assert_eq!(client.ask("limit").await, (16 << 20).to_string());
    let mut small = place.at(&format!("/jakarta-small/{}", place.tag())).await;
    assert_eq!(small.ask("limit").await, SMALL_BYTES.to_string());
}

async fn none_after_close(place: &Place) {
    let (mut witness, mut client) = place.two_raw("/jakarta").await;
    client.send(TEXT, b"close 4001").await;
    client.send(TEXT, b"all too late").await;
    assert_eq!(client.receive().await.first, 0x88);
    client.send(TEXT, b"all much too late").await;
    client.send(0x88, &4001_u16.to_be_bytes()).await;
    // What was delivered would have been heard before.
    assert!(witness.text().await.starts_with("at the end "));
    let end = end(&mut witness).await;
    assert!(end.ends_with(" clean=true code=4001"), "{end}");
}
