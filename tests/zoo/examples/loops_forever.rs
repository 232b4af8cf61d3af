//! Echoes, but computes without end on the text `loop`.

use std::hint::black_box;

use sockhop_guest::{Endpoint, Message, Result, Session, endpoint, export};
use sockhop_zoo::ByParameters;

struct LoopsForever;

#[endpoint("/loops-forever")]
impl Endpoint for LoopsForever {
    fn on_open(_session: Session) -> Result<Self> {
        Ok(Self)
    }

    fn on_message(&mut self, message: Message) -> Result<Message> {
        while black_box(message.as_text()) == Some("loop") {}
        Ok(message)
    }
}

export!(LoopsForever; keys = ByParameters);
