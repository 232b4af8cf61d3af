//! Echoes, but sleeps on the text `sleep` for longer than anybody waits.

use std::thread::sleep;
use std::time::Duration;

use sockhop_guest::{Endpoint, Message, Result, Session, endpoint, export};
use sockhop_zoo::ByParameters;

struct Sleeps;

#[endpoint("/sleeps")]
impl Endpoint for Sleeps {
    fn on_open(_session: Session) -> Result<Self> {
        Ok(Self)
    }

    fn on_message(&mut self, message: Message) -> Result<Message> {
        if message.as_text() == Some("sleep") {
            sleep(Duration::from_secs(60));
        }
        Ok(message)
    }
}

export!(Sleeps; keys = ByParameters);
