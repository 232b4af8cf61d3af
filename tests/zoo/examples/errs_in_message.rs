//! Echoes, but fails on the text `err`; on `errors` it says which errors it was told of.

use sockhop_guest::{Endpoint, Message, Result, Session, SessionError, endpoint, export};
use sockhop_zoo::ByParameters;

#[derive(Default)]
struct ErrsInMessage {
    told: Vec<String>,
}

#[endpoint("/errs-in-message")]
impl Endpoint for ErrsInMessage {
    fn on_open(_session: Session) -> Result<Self> {
        Ok(Self::default())
    }

    fn on_message(&mut self, message: Message) -> Result<Message> {
        match message.as_text() {
            Some("err") => Err("this guest was told to fail".into()),
            Some("errors") => Ok(Message::from(self.told.join("\n"))),
            _ => Ok(message),
        }
    }

    fn on_error(&mut self, error: SessionError) {
        self.told.push(error.to_string());
    }
}

export!(ErrsInMessage; keys = ByParameters);
