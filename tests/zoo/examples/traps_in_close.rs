//! Echoes, and traps in `on-close`.

use sockhop_guest::{CloseEvent, Endpoint, Message, Result, Session, endpoint, export};
use sockhop_zoo::ByParameters;

struct TrapsInClose;

#[endpoint("/traps-in-close")]
impl Endpoint for TrapsInClose {
    fn on_open(_session: Session) -> Result<Self> {
        Ok(Self)
    }

    fn on_message(&mut self, message: Message) -> Result<Message> {
        Ok(message)
    }

    fn on_close(&mut self, event: CloseEvent) -> Result {
        panic!("this guest does not let go of a session that ended with {}", event.code)
    }
}

export!(TrapsInClose; keys = ByParameters);
