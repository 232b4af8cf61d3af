//! An echo that exports nothing that is optional: the others of its family are measured beside it.

use sockhop_guest::{Endpoint, Message, Result, Session, endpoint, export};

struct Echo;

#[endpoint("/exports-nothing")]
impl Endpoint for Echo {
    fn on_open(_session: Session) -> Result<Self> {
        Ok(Self)
    }

    fn on_message(&mut self, message: Message) -> Result<Message> {
        Ok(message)
    }
}

export!(Echo);
