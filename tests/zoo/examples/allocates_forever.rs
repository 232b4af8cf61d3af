//! Echoes, but takes memory without end on the text `eat`.

use sockhop_guest::{Endpoint, Message, Result, Session, endpoint, export};
use sockhop_zoo::ByParameters;

/// How much it takes at a time.
const BITE_BYTES: usize = 1 << 20;

struct AllocatesForever;

#[endpoint("/allocates-forever")]
impl Endpoint for AllocatesForever {
    fn on_open(_session: Session) -> Result<Self> {
        Ok(Self)
    }

    fn on_message(&mut self, message: Message) -> Result<Message> {
        let mut eaten = Vec::new();
        while message.as_text() == Some("eat") {
            eaten.push(vec![1_u8; BITE_BYTES]);
        }
        Ok(message)
    }
}

export!(AllocatesForever; keys = ByParameters);
