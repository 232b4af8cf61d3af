//! An echo that exports pongs, and says what was in one.

use sockhop_guest::{Endpoint, Message, Result, Session, endpoint, export};

struct Echo {
    session: Session,
}

#[endpoint("/exports-pongs")]
impl Endpoint for Echo {
    fn on_open(session: Session) -> Result<Self> {
        Ok(Self { session })
    }

    fn on_message(&mut self, message: Message) -> Result<Message> {
        Ok(message)
    }

    fn on_pong(&mut self, data: Vec<u8>) -> Result {
        Ok(self.session.send(data)?)
    }
}

export!(Echo; pongs);
