//! Messages that go: in order, in pieces, held back, to many, and those that are refused.

use sockhop_tests::{Client, Closed, RawClient};
use tokio_tungstenite::tungstenite::Message;

use super::place::{Place, end, told};
use super::runner::scenarios;

const TEXT: u8 = 0x81;
const PING: u8 = 0x89;
const PONG: u8 = 0x8a;
const CLOSE: u8 = 0x88;

scenarios! {
    "sending.both-kinds" ("ee/remoteendpoint/basic") both_kinds both:
        "texts and binaries, empty ones too, arrive as they were sent and in order",
    "sending.in-open" ("Endpoint.onOpen") in_open: "a guest may send while `open` runs",
    "sending.to-closed" ("2.4") to_closed both:
        "a send after the close was asked for fails, and a second close does nothing",
    "sending.at-the-end" ("2.10") at_the_end both:
        "a send in `on-close` fails as closed and traps nothing",
    "sending.pieces-of-text" ("ee/remoteendpoint/basic") pieces_of_text both:
        "a text that is written in pieces arrives as one",
    "sending.pieces-of-binary" ("ee/remoteendpoint/basic") pieces_of_binary both:
        "a binary message that is written in pieces arrives as one",
    "sending.no-piece" ("232") no_piece both: "a message of which no piece was written is none",
    "sending.empty-piece" ("232") empty_piece both:
        "one of which an empty piece was written is an empty one",
    "sending.not-mixed" ("ee/remoteendpoint/basic") not_mixed:
        "what is sent while a message is unfinished comes after its end",
    "sending.one-kind" ("RFC 6455 5.4") one_kind both:
        "a piece of another kind is refused, and the message is not harmed",
    "sending.abandoned" ("2.10") abandoned both:
        "a message that is given up halfway closes the session with 1011",
    "sending.batching-off" ("getBatchingAllowed") batching_off both: "batching is off at first",
    "sending.batching-holds" ("ee/remoteendpoint/basic") batching_holds both:
        "what is sent while batching is allowed is held until it is flushed, and then in order",
    "sending.batching-ends" ("setBatchingAllowed") batching_ends both:
        "what is held is let go of when batching is no longer allowed",
    "sending.batching-at-close" ("2.3") batching_at_close both:
        "what is held is written before the Close frame",
    "sending.ping" ("ee/remoteendpoint/basic") ping both:
        "a ping carries its payload, and its pong comes back",
    "sending.pong" ("ee/remoteendpoint/basic") pong both: "a pong that nobody asked for is sent",
    "sending.control-longest" ("sendPing") control_longest both:
        "125 bytes of a ping and of a pong are sent",
    "sending.control-too-long" ("ee/remoteendpoint/basic") control_too_long both:
        "126 bytes of a ping or a pong are refused, and the session lives",
    "sending.queue-is-bounded" ("SendResult") queue_is_bounded:
        "a queue that is full refuses, says so, and what it took arrives",
    "sending.completion-order" ("ee/remoteendpoint/async") completion_order both:
        "each completion comes once, in order, and behind the message that it is of",
    "sending.to-all" ("getOpenSessions") to_all:
        "a broadcast arrives at all that it is for, and at no other",
    "sending.returned-and-sent" ("4.7") returned_and_sent both:
        "what is returned comes behind what was sent in the same call",
}

async fn both_kinds(place: &Place) {
    let (_witness, mut client) = place.two().await;
    client.send("mixed").await;
    assert_eq!(client.next().await, Message::from("first"));
    assert_eq!(client.next().await, Message::from(b"second".to_vec()));
    assert_eq!(client.next().await, Message::from(""));
    assert_eq!(client.next().await, Message::from(Vec::new()));
}

async fn in_open(place: &Place) {
    let mut client = place.host.connect(&format!("/jakarta/{}?open=send", place.tag())).await;
    client.send("echo behind it").await;
    assert_eq!(client.text().await, "open=true");
    assert_eq!(client.text().await, "behind it");
}

async fn to_closed(place: &Place) {
    let (mut witness, mut client) = place.two().await;
    client.send("close-and-send").await;
    assert_eq!(client.closed().await, Closed::new(4000, ""));
    let text = told(&mut witness, "after close").await;
    assert_eq!(text, "after close open=false send=Closed again=well");
    assert!(end(&mut witness).await.ends_with(" code=4000"));
}

async fn at_the_end(place: &Place) {
    let (mut witness, mut client) = place.two().await;
    client.close(None).await;
    let text = told(&mut witness, "at the end").await;
    assert_eq!(text, "at the end open=false send=Closed colour=red");
    end(&mut witness).await;
}

async fn pieces_of_text(place: &Place) {
    let (_witness, mut client) = place.two().await;
    client.send("pieces one - w\u{f6} three").await;
    assert_eq!(client.text().await, "onew\u{f6}three");
}

async fn pieces_of_binary(place: &Place) {
    let (_witness, mut client) = place.two().await;
    client.send("bytes a b c").await;
    assert_eq!(client.next().await, Message::from(b"abc".to_vec()));
}

async fn no_piece(place: &Place) {
    let (_witness, mut client) = place.two().await;
    client.send("pieces").await;
    assert_eq!(client.ask("echo nothing before").await, "nothing before");
}

async fn empty_piece(place: &Place) {
    let (_witness, mut client) = place.two().await;
    client.send("pieces -").await;
    assert_eq!(client.next().await, Message::from(""));
    assert_eq!(client.ask("echo one").await, "one");
}

async fn not_mixed(place: &Place) {
    let (mut other, mut client) = place.two().await;
    let id = client.ask("id").await;
    client.send("unfinished begun").await;
    // From the same session, and from another one once the message has been begun.
    client.send("echo behind").await;
    client.send("all mark").await;
    assert_eq!(other.text().await, "mark");
    other.send(format!("tell {id} from another")).await;
    assert_eq!(other.ask("echo told").await, "told");
    client.send("finish").await;
    for expected in ["begun", "behind", "mark", "from another"] {
        assert_eq!(client.text().await, expected);
    }
}

async fn one_kind(place: &Place) {
    let (_witness, mut client) = place.two().await;
    client.send("wrong-kind").await;
    assert_eq!(client.text().await, "text");
    assert_eq!(client.text().await, "WrongKind");
}

async fn abandoned(place: &Place) {
    let (mut witness, mut client) = place.two_raw("/jakarta").await;
    client.send(TEXT, b"unfinished begun").await;
    client.send(TEXT, b"abandon").await;
    let begun = client.receive().await;
    assert_eq!((begun.first, begun.payload), (0x01, b"begun".to_vec()));
    let frame = client.receive().await;
    assert_eq!((frame.first, &frame.payload[..2]), (CLOSE, &1011_u16.to_be_bytes()[..]));
    client.send(CLOSE, &1011_u16.to_be_bytes()).await;
    let end = end(&mut witness).await;
    assert!(end.starts_with("Host MessageAbandoned sent=Some(1011) "), "{end}");
}

async fn batching_off(place: &Place) {
    let (_witness, mut client) = place.two().await;
    assert_eq!(client.ask("batching?").await, "false");
    client.send("batch on").await;
    client.send("batch off").await;
    assert_eq!(client.ask("batching?").await, "false");
}

/// A session with two texts that are held back: a ping that comes after them is answered first.
async fn held(place: &Place) -> (Client, RawClient) {
    let (witness, mut client) = place.two_raw("/jakarta").await;
    client.send(TEXT, b"batch on").await;
    client.send(TEXT, b"send 2").await;
    client.send(TEXT, b"batching?").await;
    client.send(PING, b"behind").await;
    assert_eq!(client.receive().await.first, PONG, "something was not held back");
    (witness, client)
}

async fn let_go(client: &mut RawClient) {
    for expected in ["0", "1", "true"] {
        let frame = client.receive().await;
        assert_eq!((frame.first, frame.payload), (TEXT, expected.as_bytes().to_vec()));
    }
}

async fn batching_holds(place: &Place) {
    let (_witness, mut client) = held(place).await;
    client.send(TEXT, b"flush").await;
    let_go(&mut client).await;
    client.send(TEXT, b"send 1").await;
    client.send(PING, b"held again").await;
    assert_eq!(client.receive().await.first, PONG);
}

async fn batching_ends(place: &Place) {
    let (_witness, mut client) = held(place).await;
    client.send(TEXT, b"batch off").await;
    let_go(&mut client).await;
    client.send(TEXT, b"echo at once").await;
    assert_eq!(client.receive().await.payload, b"at once");
}

async fn batching_at_close(place: &Place) {
    let (_witness, mut client) = held(place).await;
    client.send(TEXT, b"close 4001").await;
    let_go(&mut client).await;
    let frame = client.receive().await;
    assert_eq!((frame.first, frame.payload), (CLOSE, 4001_u16.to_be_bytes().to_vec()));
}

async fn ping(place: &Place) {
    let (_witness, mut client) = place.two_raw("/jakarta").await;
    client.send(TEXT, b"ping are you there").await;
    let frame = client.receive().await;
    assert_eq!((frame.first, frame.payload.as_slice()), (PING, &b"are you there"[..]));
    client.send(PONG, &frame.payload).await;
    assert_eq!(client.receive().await.payload, b"pong are you there");
}

async fn pong(place: &Place) {
    let (_witness, mut client) = place.two_raw("/jakarta").await;
    client.send(TEXT, b"pong unasked").await;
    let frame = client.receive().await;
    assert_eq!((frame.first, frame.payload), (PONG, b"unasked".to_vec()));
}

async fn control_longest(place: &Place) {
    let (_witness, mut client) = place.two_raw("/jakarta").await;
    let payload = "x".repeat(125);
    for (word, first) in [("ping", PING), ("pong", PONG)] {
        client.send(TEXT, format!("{word} {payload}").as_bytes()).await;
        let frame = client.receive().await;
        assert_eq!((frame.first, frame.payload.len()), (first, 125));
    }
}

async fn control_too_long(place: &Place) {
    let (_witness, mut client) = place.two().await;
    let payload = "x".repeat(126);
    for word in ["ping", "pong"] {
        let told = client.ask(&format!("{word} {payload}")).await;
        assert_eq!(told, "a ping or pong of 126 bytes; at most 125 fit");
    }
    assert_eq!(client.ask("echo lives").await, "lives");
}

async fn queue_is_bounded(place: &Place) {
    let mut client = place.host.connect("/floods").await;
    client.send("flood").await;
    let mut taken = 0;
    let said = loop {
        match client.next().await {
            Message::Binary(data) => {
                assert_eq!(data.len(), 1024);
                taken += 1;
            }
            Message::Text(text) => break text,
            other => panic!("not of a flood: {other:?}"),
        }
    };
    assert_eq!(said.as_str(), taken.to_string());
    // Its queue holds 64 KiB, of which each message takes 1088 bytes.
    assert!((48..=200).contains(&taken), "{taken} were taken");
}

async fn completion_order(place: &Place) {
    const MANY: usize = 20;
    let (_witness, mut client) = place.two().await;
    client.send(format!("notify {MANY}")).await;
    let (mut messages, mut completions) = (0, 0);
    while completions < MANY {
        let text = client.text().await;
        match text.strip_prefix("sent ") {
            Some(token) => {
                assert_eq!(token.parse(), Ok(completions), "out of order");
                assert!(messages > completions, "told before the message");
                completions += 1;
            }
            None => {
                assert_eq!(text.parse(), Ok(messages), "out of order");
                messages += 1;
            }
        }
    }
    assert_eq!((messages, client.ask("echo no more").await.as_str()), (MANY, "no more"));
}

async fn to_all(place: &Place) {
    let (mut first, mut second) = place.two().await;
    let (mut stranger, _other) = place.two().await;
    first.send("all hear me").await;
    assert_eq!(first.text().await, "hear me");
    assert_eq!(second.text().await, "hear me");
    assert_eq!(stranger.ask("echo heard nothing").await, "heard nothing");
}

async fn returned_and_sent(place: &Place) {
    let (_witness, mut client) = place.two().await;
    client.send("mixed").await;
    for _ in 0..4 {
        client.next().await;
    }
    assert_eq!(client.text().await, "last");
}
