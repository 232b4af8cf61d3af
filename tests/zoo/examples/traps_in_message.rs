//! Echoes, but traps in `on-message` on the text `trap`.

use sockhop_guest::{Endpoint, Message, Result, Session, endpoint, export};
use sockhop_zoo::ByParameters;

struct TrapsInMessage;

#[endpoint("/traps-in-message")]
impl Endpoint for TrapsInMessage {
    fn on_open(_session: Session) -> Result<Self> {
        Ok(Self)
    }

    fn on_message(&mut self, message: Message) -> Result<Message> {
        assert_ne!(message.as_text(), Some("trap"), "this guest was told to trap");
        Ok(message)
    }
}

export!(TrapsInMessage; keys = ByParameters);
