//! An echo that exports completions. It asks for one on `notify`, and then says that it has come.

use sockhop_guest::{Endpoint, Message, Result, Session, endpoint, export};

struct Echo {
    session: Session,
}

#[endpoint("/exports-completions")]
impl Endpoint for Echo {
    fn on_open(session: Session) -> Result<Self> {
        Ok(Self { session })
    }

    fn on_message(&mut self, message: Message) -> Result<Message> {
        if message.as_text() == Some("notify") {
            self.session.notify_sent(7)?;
        }
        Ok(message)
    }

    fn on_sent(&mut self, token: u64) -> Result {
        Ok(self.session.send(format!("sent {token}"))?)
    }
}

export!(Echo; completions);
