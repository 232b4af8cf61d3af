//! Returns an error from `open`, in every session.

use sockhop_guest::{CloseEvent, Endpoint, Message, Result, Session, endpoint, export};
use sockhop_zoo::ByParameters;

struct FailsInOpen;

#[endpoint("/fails-in-open")]
impl Endpoint for FailsInOpen {
    fn on_open(_session: Session) -> Result<Self> {
        Err("this guest is not in the mood".into())
    }

    fn on_message(&mut self, _message: Message) -> Result<Message> {
        panic!("a message came to a session that did not open")
    }

    fn on_close(&mut self, _event: CloseEvent) -> Result {
        panic!("the end came to a session that did not open")
    }
}

export!(FailsInOpen; keys = ByParameters);
