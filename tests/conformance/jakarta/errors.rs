//! Errors: what a guest is told, what becomes of the session, and what of the instance.

use sockhop_tests::{Client, Closed};

use super::place::{Place, end, told};
use super::runner::scenarios;

scenarios! {
    "errors.in-message" ("5.2.2-1") in_message both:
        "an error of a handler is told to `on-error` with its own text, and the session lives",
    "errors.of-the-session" ("ee/sessionexception") of_the_session both:
        "an error is told to the session in which it happened, and to no other",
    "errors.in-open" ("5.2.2-1") in_open:
        "an error in `open` closes with 1011, is in the log, and no end is told",
    "errors.in-open-not-listed" ("5.2.2-1") in_open_not_listed:
        "a session that did not open is not among the open ones",
    "errors.in-close" ("4.5-3") in_close: "an error in `on-close` is told to `on-error`, once",
    "errors.in-pong" ("5.2.2-1") in_pong both:
        "an error over a pong is told, and the session lives",
    "errors.reply-not-sent" ("4.7") reply_not_sent both:
        "what is returned after the session was closed in the call is not sent, and that is told",
    "errors.in-log" ("5.2.2-3") in_log: "where a guest does not hear of errors they are in the log",
    "errors.decode" ("ee/throwingcoder") decode:
        "a message that cannot be decoded is an error before any handler, and the session lives",
    "errors.unwanted-kind" ("5.2.2-3") unwanted_kind:
        "a message of a kind that the endpoint does not take is told and not swallowed",
    "errors.trap" ("5.2.3-1") trap: "a trap closes the instance's sessions with 1011",
    "errors.trap-and-next" ("5.2.3-1") trap_and_next: "the session after a trap is served as ever",
    "errors.trap-in-error" ("5.2.2-4") trap_in_error:
        "a trap in `on-error` ends the session with 1011 and is in the log",
    "errors.trap-in-open" ("5.2.2-1") trap_in_open: "a trap in `open` is 1011 for its peer",
    "errors.trap-in-close" ("4.5-3") trap_in_close:
        "a trap in `on-close` changes nothing for the peer, and is in the log",
}

async fn in_message(place: &Place) {
    let (mut witness, mut client) = place.two().await;
    assert_eq!(client.ask("fail on purpose").await, "error handler on purpose");
    assert_eq!(witness.text().await, "error handler on purpose");
    assert_eq!(client.ask("echo still here").await, "still here");
}

async fn of_the_session(place: &Place) {
    let (_witness, mut other) = place.two().await;
    let (_witness, mut client) = place.two().await;
    assert_eq!(client.ask("fail here").await, "error handler here");
    assert_eq!(other.ask("echo nothing was told").await, "nothing was told");
}

async fn in_open(place: &Place) {
    let tag = place.tag();
    let mut witness = place.at(&format!("/jakarta/{tag}")).await;
    let mut client = place.host.connect(&format!("/jakarta/{tag}?open=fail")).await;
    assert_eq!(client.closed().await.code, 1011);
    place.host.log_line("jakarta", |line| line.contains(&format!("not for {tag}"))).await;
    assert_eq!(witness.ask("echo no end").await, "no end");
}

async fn in_open_not_listed(place: &Place) {
    let tag = place.tag();
    let mut witness = place.at(&format!("/jakarta/{tag}")).await;
    let mut client = place.host.connect(&format!("/jakarta/{tag}?open=fail")).await;
    assert_eq!(client.closed().await.code, 1011);
    assert_eq!(witness.ask("tagged").await, "1");
}

async fn in_close(place: &Place) {
    let tag = place.tag();
    let mut witness = place.at(&format!("/jakarta/{tag}")).await;
    let mut client = place.at(&format!("/jakarta/{tag}?bye=fail")).await;
    assert_eq!(client.close(Some((1000, ""))).await.code, 1000);
    end(&mut witness).await;
    assert_eq!(witness.text().await, "error handler cannot say goodbye");
    assert_eq!(witness.ask("echo once").await, "once");
}

async fn in_pong(place: &Place) {
    let (_witness, mut client) = place.two_raw("/jakarta").await;
    client.send(0x8a, b"fail").await;
    assert_eq!(client.receive().await.payload, b"error handler does not like this pong");
    client.send(0x81, b"echo on").await;
    assert_eq!(client.receive().await.payload, b"on");
}

async fn reply_not_sent(place: &Place) {
    let (mut witness, mut client) = place.two().await;
    client.send("close-and-answer").await;
    assert_eq!(client.closed().await, Closed::new(1000, ""));
    let text = told(&mut witness, "error ").await;
    assert!(text.starts_with("error reply the answer was not sent"), "{text}");
    end(&mut witness).await;
}

async fn in_log(place: &Place) {
    let mut client = place.host.connect("/errs-with-text").await;
    let text = format!("told in the log by {}", place.tag());
    client.send(text.as_str()).await;
    place.host.log_line("errs_with_text", |line| line.contains(&text)).await;
    client.send(vec![1]).await;
    assert!(client.next().await.is_binary());
}

async fn decode(place: &Place) {
    let mut client = place.host.connect("/talks").await;
    client.send(vec![0xff]).await;
    let told = "the peer sent a binary message where a text is expected";
    place.host.log_line("talks", |line| line.contains(told)).await;
    assert_eq!(client.ask("decoded").await, "decoded");
}

async fn unwanted_kind(place: &Place) {
    let mut client = place.host.connect("/jakarta-gate/unwanted").await;
    client.send(vec![1]).await;
    let told = "the peer sent a binary message where a text is expected";
    place.host.log_line("jakarta_gate", |line| line.contains(told)).await;
    assert!(client.ask("what").await.starts_with("colour="));
}

/// A client that has been answered.
async fn answered(place: &Place, path: &str) -> Client {
    let mut client = place.host.connect(path).await;
    assert_eq!(client.ask("before").await, "before");
    client
}

async fn trap(place: &Place) {
    let mut client = answered(place, "/traps-in-message").await;
    client.send("trap").await;
    assert_eq!(client.closed().await.code, 1011);
    let told = "trapped in endpoint.on-message";
    place.host.log_line("traps_in_message", |line| line.contains(told)).await;
}

async fn trap_and_next(place: &Place) {
    let mut client = place.host.connect("/observer").await;
    client.send("trap").await;
    assert_eq!(client.closed().await.code, 1011);
    // Nobody else is at this endpoint: a shared instance would have had their sessions as well.
    let mut next = place.host.connect("/observer").await;
    assert_eq!(next.ask("count").await, "sessions=1 messages=1");
}

async fn trap_in_error(place: &Place) {
    let mut client = answered(place, "/traps-in-error").await;
    client.send("err").await;
    assert_eq!(client.closed().await.code, 1011);
    let told = "trapped in endpoint.on-error";
    place.host.log_line("traps_in_error", |line| line.contains(told)).await;
}

async fn trap_in_open(place: &Place) {
    let mut client = place.host.connect("/traps-in-open").await;
    assert_eq!(client.closed().await.code, 1011);
    let told = "trapped in endpoint.open";
    place.host.log_line("traps_in_open", |line| line.contains(told)).await;
}

async fn trap_in_close(place: &Place) {
    let mut client = answered(place, "/traps-in-close").await;
    assert_eq!(client.close(Some((1000, ""))).await, Closed::new(1000, ""));
    let told = "trapped in endpoint.on-close";
    place.host.log_line("traps_in_close", |line| line.contains(told)).await;
    assert_eq!(answered(place, "/traps-in-close").await.ask("again").await, "again");
}
