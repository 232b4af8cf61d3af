//! Asks to be told what has left, and whenever it is told again, on the text `ask`; on any other it
//! says how often it has been told.

use sockhop_guest::{Endpoint, Result, Session, endpoint, export};
use sockhop_zoo::ByParameters;

struct AsksForever {
    session: Session,
    told: u64,
}

#[endpoint("/asks-forever")]
impl Endpoint for AsksForever {
    fn on_open(session: Session) -> Result<Self> {
        Ok(Self { session, told: 0 })
    }

    fn on_message(&mut self, message: String) -> Result<Option<String>> {
        if message == "ask" {
            // Those that it has asked for already are enough.
            let _ = self.session.notify_sent(0);
            return Ok(None);
        }
        Ok(Some(self.told.to_string()))
    }

    fn on_sent(&mut self, token: u64) -> Result {
        self.told += 1;
        Ok(self.session.notify_sent(token)?)
    }
}

export!(AsksForever; keys = ByParameters, completions);
