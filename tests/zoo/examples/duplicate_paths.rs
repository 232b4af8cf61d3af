//! Describes two endpoints whose paths stand for the same requests, beside a good one.

use sockhop_guest::{Endpoint, Message, Result, Session, endpoint, export};

struct Good;
struct First;
struct Second;

#[endpoint("/duplicate-paths")]
impl Endpoint for Good {
    fn on_open(_session: Session) -> Result<Self> {
        Ok(Self)
    }

    fn on_message(&mut self, message: Message) -> Result<Message> {
        Ok(message)
    }
}

#[endpoint("/duplicate-paths/{first}")]
impl Endpoint for First {
    fn on_open(_session: Session) -> Result<Self> {
        Ok(Self)
    }

    fn on_message(&mut self, message: Message) -> Result<Message> {
        Ok(message)
    }
}

#[endpoint("/duplicate-paths/{second}")]
impl Endpoint for Second {
    fn on_open(_session: Session) -> Result<Self> {
        Ok(Self)
    }

    fn on_message(&mut self, message: Message) -> Result<Message> {
        Ok(message)
    }
}

export!(Good, First, Second);
