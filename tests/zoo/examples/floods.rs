//! Sends to its own session until the queue is full on the text `flood`, and says how many messages
//! were taken; on `flood-forever` it does not take no for an answer.

use sockhop_guest::{Endpoint, Message, Result, SendError, Session, endpoint, export};

/// Each message of a flood: what a small JSON event has.
const DROP_BYTES: usize = 1024;

struct Floods {
    session: Session,
}

#[endpoint("/floods")]
impl Endpoint for Floods {
    fn on_open(session: Session) -> Result<Self> {
        Ok(Self { session })
    }

    fn on_message(&mut self, message: Message) -> Result<Message> {
        match message.as_text() {
            Some("flood") => Ok(Message::from(self.flood()?.to_string())),
            Some("flood-forever") => loop {
                self.flood()?;
            },
            _ => Ok(message),
        }
    }
}

impl Floods {
    fn flood(&self) -> Result<u64> {
        let drop = [b'~'; DROP_BYTES];
        let mut taken = 0;
        loop {
            match self.session.send_binary(&drop) {
                Ok(()) => taken += 1,
                Err(SendError::QueueFull(_)) => return Ok(taken),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

export!(Floods);
