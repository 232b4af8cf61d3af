//! Echo: each message goes back as it came.

use sockhop_guest::{Endpoint, Message, Result, Session, endpoint, export};

struct Echo;

#[endpoint("/echo", max_message_size = 16 * 1024 * 1024)]
impl Endpoint for Echo {
    fn on_open(_session: Session) -> Result<Self> {
        Ok(Self)
    }

    fn on_message(&mut self, message: Message) -> Result<Message> {
        Ok(message)
    }
}

export!(Echo);
