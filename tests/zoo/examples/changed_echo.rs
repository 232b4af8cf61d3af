//! The example `echo` after a change: it puts a word before each text.

use sockhop_guest::{Endpoint, Message, Result, Session, endpoint, export};

struct Echo;

#[endpoint("/echo")]
impl Endpoint for Echo {
    fn on_open(_session: Session) -> Result<Self> {
        Ok(Self)
    }

    fn on_message(&mut self, text: String) -> Result<Message> {
        Ok(format!("changed: {text}").into())
    }
}

export!(Echo);
