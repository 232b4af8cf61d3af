//! Echoes binary messages, but fails on each text, and says that text.

use sockhop_guest::{Endpoint, Message, Result, Session, endpoint, export};
use sockhop_zoo::ByParameters;

struct ErrsWithText;

#[endpoint("/errs-with-text")]
impl Endpoint for ErrsWithText {
    fn on_open(_session: Session) -> Result<Self> {
        Ok(Self)
    }

    fn on_message(&mut self, message: Message) -> Result<Message> {
        match message.as_text() {
            Some(text) => Err(text.into()),
            None => Ok(message),
        }
    }
}

export!(ErrsWithText; keys = ByParameters);
