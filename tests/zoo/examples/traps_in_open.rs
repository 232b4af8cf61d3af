//! Traps in `open`, in every session.

use sockhop_guest::{Endpoint, Message, Result, Session, endpoint, export};
use sockhop_zoo::ByParameters;

struct TrapsInOpen;

#[endpoint("/traps-in-open")]
impl Endpoint for TrapsInOpen {
    fn on_open(_session: Session) -> Result<Self> {
        panic!("this guest opens for nobody")
    }

    fn on_message(&mut self, message: Message) -> Result<Message> {
        Ok(message)
    }
}

export!(TrapsInOpen; keys = ByParameters);
