//! Echoes, but fails on the text `err` and then traps in `on-error`.

use sockhop_guest::{Endpoint, Message, Result, Session, SessionError, endpoint, export};
use sockhop_zoo::ByParameters;

struct TrapsInError;

#[endpoint("/traps-in-error")]
impl Endpoint for TrapsInError {
    fn on_open(_session: Session) -> Result<Self> {
        Ok(Self)
    }

    fn on_message(&mut self, message: Message) -> Result<Message> {
        if message.as_text() == Some("err") {
            return Err("this guest was told to fail".into());
        }
        Ok(message)
    }

    fn on_error(&mut self, error: SessionError) {
        panic!("this guest takes no bad news: {error}")
    }
}

export!(TrapsInError; keys = ByParameters);
