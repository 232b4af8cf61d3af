//! Several messages in one call.

use super::super::Host;
use crate::{BatchEndpoint, CloseCause, MessageRef, Messages, Result, Session, endpoint};

/// Says what it was sent together, and fails on a binary message.
struct Joiner(Session);

#[endpoint("/joiner", max_message_size = 8)]
impl BatchEndpoint for Joiner {
    fn on_open(session: Session) -> Result<Self> {
        Ok(Self(session))
    }

    fn on_messages(&mut self, messages: Messages<'_>) -> Result {
        let texts: Option<Vec<_>> = messages.map(MessageRef::as_text).collect();
        let texts = texts.ok_or("only texts")?;
        Ok(self.0.send(texts.join("+"))?)
    }
}

#[test]
fn messages_that_arrive_together_are_delivered_together() {
    let peer = Host::<Joiner>::in_batches().open("/joiner").unwrap();
    peer.send("alone");
    peer.send_batch(["a", "", "c"]);
    peer.send_batch([""; 0]);
    assert_eq!(peer.read_all(), ["alone".into(), "a++c".into()]);
    peer.send(vec![1]);
    assert_eq!(peer.errors(), ["only texts"]);
}

#[test]
fn a_message_that_is_too_large_ends_the_session_behind_those_before_it() {
    let peer = Host::<Joiner>::in_batches().open("/joiner").unwrap();
    peer.send_batch(["a", "b", "longer than 8", "c"]);
    assert_eq!(peer.closed().map(|event| event.cause), Some(CloseCause::MessageTooBig));
}

/// Keeps how many messages each call brought.
struct Sizes(Vec<usize>);

#[endpoint("/sizes")]
impl BatchEndpoint for Sizes {
    fn on_open(_session: Session) -> Result<Self> {
        Ok(Self(Vec::new()))
    }

    fn on_messages(&mut self, messages: Messages<'_>) -> Result {
        self.0.push(messages.len());
        Ok(())
    }
}

#[test]
fn a_call_brings_128_messages_and_64_kib_of_them() {
    let host = Host::<Sizes>::in_batches();
    for (lengths, expected) in [
        (vec![0; 128 + 1], vec![128, 1]),
        (vec![40 << 10, 24 << 10, 1, 64 << 10], vec![2, 1, 1]),
        (vec![1 << 20, 1], vec![1, 1]),
    ] {
        let peer = host.open("/sizes").unwrap();
        peer.send_batch(lengths.into_iter().map(|length| "x".repeat(length)));
        assert_eq!(peer.endpoint(|sizes| sizes.0.clone()), Some(expected));
    }
}

/// Asks with each batch when it has left, and says so.
struct Asker {
    session: Session,
    asked: u64,
}

#[endpoint("/asker")]
impl BatchEndpoint for Asker {
    fn on_open(session: Session) -> Result<Self> {
        Ok(Self { session, asked: 0 })
    }

    fn on_messages(&mut self, messages: Messages<'_>) -> Result {
        for message in messages {
            self.session.send(message.to_message())?;
        }
        self.asked += 1;
        Ok(self.session.notify_sent(self.asked)?)
    }

    fn on_sent(&mut self, token: u64) -> Result {
        Ok(self.session.send(format!("sent {token}"))?)
    }
}

#[test]
fn who_takes_batches_hears_what_has_left() {
    let peer = Host::<Asker>::in_batches().open("/asker").unwrap();
    peer.send_batch(["a", "b"]);
    assert_eq!(peer.read_all(), ["a", "b", "sent 1"].map(Into::into));
    assert_eq!(peer.errors(), [""; 0]);
}

/// Asks, whenever it is told, to be told again.
struct Restless(Session);

#[endpoint("/restless")]
impl BatchEndpoint for Restless {
    fn on_open(session: Session) -> Result<Self> {
        Ok(Self(session))
    }

    fn on_messages(&mut self, _messages: Messages<'_>) -> Result {
        Ok(self.0.notify_sent(0)?)
    }

    fn on_sent(&mut self, token: u64) -> Result {
        Ok(self.0.notify_sent(token + 1)?)
    }
}

#[test]
#[should_panic(expected = "on_sent asks for another on_sent")]
fn one_that_never_rests_fails_its_test_and_does_not_hang_it() {
    Host::<Restless>::in_batches().open("/restless").unwrap().send_batch(["go"]);
}
