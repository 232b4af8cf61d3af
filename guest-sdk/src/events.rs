//! The events of one session, without the endpoint's own types: what a vtable can hold.

use std::cell::RefCell;

use crate::coder::{Decode, IntoReply};
use crate::endpoint::{BatchEndpoint, Endpoint, PartialEndpoint, SessionError};
use crate::{CloseEvent, Message, Messages, Result};

/// One session's endpoint.
pub(crate) trait Events {
    fn on_message(&self, message: Message) -> Result<Option<Message>>;
    fn on_part(&self, piece: Message, last: bool) -> Result<()>;
    fn on_messages(&self, messages: Messages<'_>) -> Result<()>;
    fn on_pong(&self, data: Vec<u8>) -> Result<()>;
    fn on_sent(&self, token: u64) -> Result<()>;
    fn on_timer(&self, token: u64) -> Result<()>;
    fn on_error(&self, error: SessionError);
    fn on_close(&self, event: CloseEvent) -> Result<()>;
}

/// Hands a message to an endpoint, from the wire and back to it.
pub(crate) fn deliver<E: Endpoint>(endpoint: &mut E, message: Message) -> Result<Option<Message>> {
    let message = E::Incoming::decode(message)?;
    Ok(endpoint.on_message(message)?.into_reply()?)
}

/// The borrows below cannot fail. The host has one call in flight in an instance, an instance has
/// one thread, the component model lets no import call back into the component that called it,
/// and guest code has no way to its own endpoint other than the `&mut self` that it is given.
impl<E: Endpoint> Events for RefCell<E> {
    fn on_message(&self, message: Message) -> Result<Option<Message>> {
        deliver(&mut *self.borrow_mut(), message)
    }

    fn on_part(&self, _piece: Message, _last: bool) -> Result<()> {
        Err("this endpoint takes whole messages".into())
    }

    fn on_messages(&self, _messages: Messages<'_>) -> Result<()> {
        Err("this endpoint takes messages one by one".into())
    }

    fn on_pong(&self, data: Vec<u8>) -> Result<()> {
        self.borrow_mut().on_pong(data)
    }

    fn on_sent(&self, token: u64) -> Result<()> {
        self.borrow_mut().on_sent(token)
    }

    fn on_timer(&self, token: u64) -> Result<()> {
        self.borrow_mut().on_timer(token)
    }

    fn on_error(&self, error: SessionError) {
        self.borrow_mut().on_error(error);
    }

    fn on_close(&self, event: CloseEvent) -> Result<()> {
        self.borrow_mut().on_close(event)
    }
}

/// An endpoint that takes messages piece by piece.
pub(crate) struct InParts<E>(pub(crate) RefCell<E>);

impl<E: PartialEndpoint> Events for InParts<E> {
    fn on_message(&self, _message: Message) -> Result<Option<Message>> {
        Err("this endpoint takes messages piece by piece".into())
    }

    fn on_part(&self, piece: Message, last: bool) -> Result<()> {
        self.0.borrow_mut().on_part(piece, last)
    }

    fn on_messages(&self, _messages: Messages<'_>) -> Result<()> {
        Err("this endpoint takes messages piece by piece".into())
    }

    fn on_pong(&self, data: Vec<u8>) -> Result<()> {
        self.0.borrow_mut().on_pong(data)
    }

    fn on_sent(&self, token: u64) -> Result<()> {
        self.0.borrow_mut().on_sent(token)
    }

    fn on_timer(&self, token: u64) -> Result<()> {
        self.0.borrow_mut().on_timer(token)
    }

    fn on_error(&self, error: SessionError) {
        self.0.borrow_mut().on_error(error);
    }

    fn on_close(&self, event: CloseEvent) -> Result<()> {
        self.0.borrow_mut().on_close(event)
    }
}

/// An endpoint that takes several messages in one call.
pub(crate) struct InBatches<E>(pub(crate) RefCell<E>);

impl<E: BatchEndpoint> Events for InBatches<E> {
    fn on_message(&self, _message: Message) -> Result<Option<Message>> {
        Err("this endpoint takes messages in batches".into())
    }

    fn on_part(&self, _piece: Message, _last: bool) -> Result<()> {
        Err("this endpoint takes messages in batches".into())
    }

    fn on_messages(&self, messages: Messages<'_>) -> Result<()> {
        self.0.borrow_mut().on_messages(messages)
    }

    fn on_pong(&self, data: Vec<u8>) -> Result<()> {
        self.0.borrow_mut().on_pong(data)
    }

    fn on_sent(&self, token: u64) -> Result<()> {
        self.0.borrow_mut().on_sent(token)
    }

    fn on_timer(&self, token: u64) -> Result<()> {
        self.0.borrow_mut().on_timer(token)
    }

    fn on_error(&self, error: SessionError) {
        self.0.borrow_mut().on_error(error);
    }

    fn on_close(&self, event: CloseEvent) -> Result<()> {
        self.0.borrow_mut().on_close(event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Session;

    /// Counts what is delivered to it and answers with the count; fails on "fail".
    #[derive(Default)]
    struct Counter(usize);

    impl Endpoint for Counter {
        type Incoming = String;
        type Reply = Option<String>;

        fn on_open(_session: Session) -> Result<Self> {
            Err("nobody may".into())
        }

        fn on_message(&mut self, message: String) -> Result<Option<String>> {
            self.0 += 1;
            match message.as_str() {
                "fail" => Err("asked to".into()),
                "hush" => Ok(None),
                _ => Ok(Some(self.0.to_string())),
            }
        }
    }

    #[test]
    fn messages_reach_the_endpoint_and_its_answers_come_back() {
        let events = RefCell::new(Counter::default());
        assert_eq!(events.on_message("a".into()).unwrap(), Some("1".into()));
        assert_eq!(events.on_message("hush".into()).unwrap(), None);
        assert_eq!(events.on_message("fail".into()).unwrap_err().to_string(), "asked to");
        assert_eq!(events.on_message("a".into()).unwrap(), Some("4".into()));
    }

    #[test]
    fn a_message_of_the_wrong_kind_is_an_error_and_not_delivered() {
        let events = RefCell::new(Counter::default());
        assert!(events.on_message(vec![1].into()).is_err());
        assert_eq!(events.borrow().0, 0);
    }
}
