//! An echo that exports timers. It starts one on `start`, and then says that it has come.

use std::time::Duration;

use sockhop_guest::{Endpoint, Message, Result, Session, endpoint, export};

struct Echo {
    session: Session,
}

#[endpoint("/exports-timers")]
impl Endpoint for Echo {
    fn on_open(session: Session) -> Result<Self> {
        Ok(Self { session })
    }

    fn on_message(&mut self, message: Message) -> Result<Message> {
        if message.as_text() == Some("start") {
            self.session.start_timer(7, Duration::ZERO)?;
        }
        Ok(message)
    }

    fn on_timer(&mut self, token: u64) -> Result {
        Ok(self.session.send(format!("timer {token}"))?)
    }
}

export!(Echo; timers);
