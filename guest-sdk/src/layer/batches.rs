//! Layers around endpoints that take several messages in one call.

use super::{Layer, Layered};
use crate::{BatchEndpoint, CloseEvent, Messages, Result, Session, SessionError};

impl<L: Layer, E: BatchEndpoint> BatchEndpoint for Layered<L, E> {
    fn on_open(session: Session) -> Result<Self> {
        let (layer, inner) = L::on_open(session, E::on_open)?;
        Ok(Self { layer, inner })
    }

    fn on_messages(&mut self, messages: Messages<'_>) -> Result {
        self.layer.on_messages(messages, |messages| {
            // What is inside is promised one message at least.
            if messages.is_empty() { Ok(()) } else { self.inner.on_messages(messages) }
        })
    }

    fn on_pong(&mut self, data: Vec<u8>) -> Result {
        self.layer.on_pong(data, |data| self.inner.on_pong(data))
    }

    fn on_sent(&mut self, token: u64) -> Result {
        self.layer.on_sent(token, |token| self.inner.on_sent(token))
    }

    fn on_timer(&mut self, token: u64) -> Result {
        self.layer.on_timer(token, |token| self.inner.on_timer(token))
    }

    fn on_error(&mut self, error: SessionError) {
        self.layer.on_error(error, |error| self.inner.on_error(error));
    }

    fn on_close(&mut self, event: CloseEvent) -> Result {
        self.layer.on_close(event, |event| self.inner.on_close(event))
    }
}
