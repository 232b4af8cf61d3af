//! Answers each text with its own letter and the text. `revision_a` serves the same path.

use sockhop_guest::{Endpoint, Message, Result, Session, endpoint, export};
use sockhop_zoo::ByParameters;

struct Revision;

#[endpoint("/revision")]
impl Endpoint for Revision {
    fn on_open(_session: Session) -> Result<Self> {
        Ok(Self)
    }

    fn on_message(&mut self, text: String) -> Result<Message> {
        Ok(format!("b: {text}").into())
    }
}

export!(Revision; keys = ByParameters);
