//! Tests of layers.

use super::*;
use crate::testing::{Host, NotOpened};
use crate::{Batch, BatchEndpoint, EncodeError, MessageRef, Result};

thread_local! {
    /// What the layers of this test have seen.
    static SEEN: std::cell::RefCell<Vec<String>> = const { std::cell::RefCell::new(Vec::new()) };
}

fn see(what: impl Into<String>) {
    SEEN.with_borrow_mut(|seen| seen.push(what.into()));
}

fn seen() -> Vec<String> {
    SEEN.take()
}

/// Tells what it sees before and after, under its name.
struct Watch<const NAME: char>;

impl<const NAME: char> Layer for Watch<NAME> {
    fn on_open<E>(session: Session, next: impl FnOnce(Session) -> Result<E>) -> Result<(Self, E)> {
        see(format!("{NAME} open"));
        let inner = next(session).inspect_err(|error| see(format!("{NAME} failed: {error}")))?;
        see(format!("{NAME} opened"));
        Ok((Self, inner))
    }

    fn on_message(
        &mut self,
        message: Message,
        next: impl FnOnce(Message) -> Result<Option<Message>>,
    ) -> Result<Option<Message>> {
        let Some(text) = message.as_text() else { return Ok(None) };
        see(format!("{NAME} < {text}"));
        let answer = next(Message::from(format!("{text}{NAME}")))?;
        see(format!("{NAME} > {answer:?}"));
        Ok(answer.map(|answer| Message::from(format!("{}{NAME}", answer.as_text().unwrap()))))
    }

    fn on_part(
        &mut self,
        piece: Message,
        last: bool,
        next: impl FnOnce(Message, bool) -> Result,
    ) -> Result {
        see(format!("{NAME} part {last}"));
        next(piece, last)
    }

    fn on_messages(
        &mut self,
        messages: Messages<'_>,
        next: impl FnOnce(Messages<'_>) -> Result,
    ) -> Result {
        see(format!("{NAME} batch of {}", messages.len()));
        let texts: Batch = messages.filter(|message| message.as_text().is_some()).collect();
        next(texts.messages())
    }

    fn on_pong(&mut self, data: Vec<u8>, next: impl FnOnce(Vec<u8>) -> Result) -> Result {
        see(format!("{NAME} pong"));
        next(data)
    }

    fn on_sent(&mut self, token: u64, next: impl FnOnce(u64) -> Result) -> Result {
        see(format!("{NAME} sent {token}"));
        next(token)
    }

    fn on_error(&mut self, error: SessionError, next: impl FnOnce(SessionError)) {
        see(format!("{NAME} error: {error}"));
        next(error);
    }

    fn on_close(&mut self, event: CloseEvent, next: impl FnOnce(CloseEvent) -> Result) -> Result {
        see(format!("{NAME} close {}", event.code));
        next(event)
    }
}

/// Echoes texts but for `number`, and opens for nobody called `eve`.
struct Echo;

#[crate::endpoint("/echo/{who}")]
impl Endpoint for Echo {
    fn on_open(_session: Session, who: String) -> Result<Self> {
        if who == "eve" { Err("not her".into()) } else { Ok(Self) }
    }

    fn on_message(&mut self, message: String) -> Result<String> {
        if message.starts_with("number") {
            return Err(EncodeError::new("it is none").into());
        }
        Ok(message)
    }

    fn on_error(&mut self, error: SessionError) {
        see(format!("told: {}", error.find::<EncodeError>().is_some()));
    }

    fn on_close(&mut self, _event: CloseEvent) -> Result {
        see("closed");
        Ok(())
    }
}

type Watched = Layered<Watch<'a'>, Layered<Watch<'b'>, Echo>>;

#[test]
fn layers_see_each_event_from_the_outside_in_and_back() {
    let peer = Host::<Watched>::new().open("/echo/ada").unwrap();
    assert_eq!(seen(), ["a open", "b open", "b opened", "a opened"]);
    peer.send("x");
    let expected = [
        "a < x",
        "b < xa",
        "b > Some(Message::Text(\"xab\"))",
        "a > Some(Message::Text(\"xabb\"))",
    ];
    assert_eq!(seen(), expected);
    assert_eq!(peer.read(), Some(Message::from("xabba")));
    peer.close(4000, "");
    assert_eq!(seen(), ["a close 4000", "b close 4000", "closed"]);
}

#[test]
fn a_layer_may_swallow_a_message() {
    let peer = Host::<Watched>::new().open("/echo/ada").unwrap();
    seen();
    peer.send(vec![1]);
    assert_eq!((peer.read(), seen(), peer.errors()), (None, Vec::new(), Vec::new()));
}

#[test]
fn layers_see_failures_with_all_that_they_hold() {
    let peer = Host::<Watched>::new().open("/echo/ada").unwrap();
    seen();
    peer.send("number");
    let told = "error: the value could not be encoded: it is none";
    let expected = ["a < number".to_owned(), "b < numbera".to_owned()].into_iter().chain([
        format!("a {told}"),
        format!("b {told}"),
        "told: true".to_owned(),
    ]);
    assert_eq!(seen(), expected.collect::<Vec<_>>());
}

#[test]
fn layers_see_that_nothing_opened() {
    let refused = Host::<Watched>::new().open("/echo/eve").unwrap_err();
    assert!(matches!(refused, NotOpened::Failed { error, .. } if error == "not her"));
    let expected = ["a open", "b open", "b failed: not her", "a failed: not her"];
    assert_eq!(seen(), expected);
}

/// Counts pieces.
struct Count(usize);

#[crate::endpoint("/count")]
impl PartialEndpoint for Count {
    fn on_open(_session: Session) -> Result<Self> {
        Ok(Self(0))
    }

    fn on_part(&mut self, _piece: Message, _last: bool) -> Result {
        self.0 += 1;
        Ok(())
    }
}

#[test]
fn layers_see_pieces() {
    let peer = Host::<Layered<Watch<'a'>, Count>>::in_parts().open("/count").unwrap();
    seen();
    peer.send_pieces(["x", "y"]);
    assert_eq!(seen(), ["a part false", "a part true"]);
    assert_eq!(peer.endpoint(|layered| layered.inner().0), Some(2));
}

/// Joins texts, and hears of all else.
struct Joiner(Session);

#[crate::endpoint("/joiner")]
impl BatchEndpoint for Joiner {
    fn on_open(session: Session) -> Result<Self> {
        Ok(Self(session))
    }

    fn on_messages(&mut self, messages: Messages<'_>) -> Result {
        assert!(!messages.is_empty(), "there is one at least");
        let texts: Vec<_> = messages.filter_map(MessageRef::as_text).collect();
        self.0.notify_sent(7)?;
        Ok(self.0.send(texts.join("+"))?)
    }

    fn on_pong(&mut self, _data: Vec<u8>) -> Result {
        Err("no pong".into())
    }

    fn on_sent(&mut self, token: u64) -> Result {
        see(format!("told {token}"));
        Ok(())
    }

    fn on_close(&mut self, _event: CloseEvent) -> Result {
        see("closed");
        Ok(())
    }
}

#[test]
fn layers_see_batches_and_hand_on_others() {
    let peer = Host::<Layered<Watch<'a'>, Joiner>>::in_batches().open("/joiner").unwrap();
    peer.send_batch([Message::from("x"), Message::from(vec![1]), Message::from("y")]);
    assert_eq!(peer.read_all(), ["x+y".into()]);
    assert_eq!(seen(), ["a open", "a opened", "a batch of 3", "a sent 7", "told 7"]);
    peer.send_batch([Message::from(vec![1])]);
    assert_eq!((peer.read(), seen()), (None, vec!["a batch of 1".to_owned()]));
    peer.pong("");
    assert_eq!(seen(), ["a pong", "a error: no pong"]);
    peer.close(1000, "");
    assert_eq!(seen(), ["a close 1000", "closed"]);
}
