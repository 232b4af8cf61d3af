//! An echo that exports batches: it takes the messages that have arrived in one call, and sends
//! each back. On `count` it says how many have come so.

use sockhop_guest::{BatchEndpoint, MessageRef, Messages, Result, Session, endpoint, export};

struct Echo {
    session: Session,
    messages: usize,
}

#[endpoint("/exports-batches")]
impl BatchEndpoint for Echo {
    fn on_open(session: Session) -> Result<Self> {
        Ok(Self { session, messages: 0 })
    }

    fn on_messages(&mut self, messages: Messages<'_>) -> Result {
        for message in messages {
            self.messages += 1;
            match message {
                MessageRef::Text("count") => {
                    self.session.send(format!("messages={}", self.messages))?;
                }
                message => self.session.send(message.to_message())?,
            }
        }
        Ok(())
    }
}

export!(Echo; batches);
