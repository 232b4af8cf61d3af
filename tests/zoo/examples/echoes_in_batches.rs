//! Takes several messages in one call and sends each back, but for `count`, which it answers with
//! how many calls there were for how many messages, `err`, on which it fails, and `close`.

use sockhop_guest::{BatchEndpoint, MessageRef, Messages, Result, Session, endpoint, export};

struct Echo {
    session: Session,
    calls: usize,
    messages: usize,
}

#[endpoint("/echoes-in-batches", max_message_size = 1024 * 1024)]
impl BatchEndpoint for Echo {
    fn on_open(session: Session) -> Result<Self> {
        Ok(Self { session, calls: 0, messages: 0 })
    }

    fn on_messages(&mut self, messages: Messages<'_>) -> Result {
        self.calls += 1;
        self.messages += messages.len();
        for message in messages {
            match message {
                MessageRef::Text("count") => {
                    let counted = format!("calls={} messages={}", self.calls, self.messages);
                    self.session.send(counted)?;
                }
                MessageRef::Text("err") => return Err("this guest was told to".into()),
                MessageRef::Text("close") => {
                    return Ok(self.session.close_with(4000, "told to")?);
                }
                message => self.session.send(message.to_message())?,
            }
        }
        Ok(())
    }
}

export!(Echo; batches);
