//! Sends to its own session until the queue is full on the text `flood`, and says how many messages
//! were taken; on `flood-forever` it does not take no for an answer. On `flood-counted` it sends a
//! thousand, whatever becomes of them, and on `dropped` it says how many were.

use sockhop_guest::{Endpoint, Message, Result, SendError, Session, endpoint, export};
use sockhop_zoo::ByParameters;

/// Each message of a flood: what a small JSON event has.
const DROP_BYTES: usize = 1024;

/// How many messages a flood has that is counted.
const COUNTED: usize = 1000;

struct Floods {
    session: Session,
}

#[endpoint("/floods")]
impl Endpoint for Floods {
    fn on_open(session: Session) -> Result<Self> {
        Ok(Self { session })
    }

    fn on_message(&mut self, message: Message) -> Result<Option<Message>> {
        match message.as_text() {
            Some("flood") => Ok(Some(self.flood()?.to_string().into())),
            Some("flood-counted") => {
                for _ in 0..COUNTED {
                    if self.session.send_binary(&[b'~'; DROP_BYTES]).is_err() {
                        break;
                    }
                }
                Ok(None)
            }
            Some("dropped") => Ok(Some(self.session.queue().dropped.to_string().into())),
            Some("flood-forever") => loop {
                self.flood()?;
            },
            _ => Ok(Some(message)),
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

export!(Floods; keys = ByParameters);
