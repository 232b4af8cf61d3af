//! Takes its time over each binary message and keeps count of them; on the text `count` it says how
//! many messages and bytes there were.

use std::hint::black_box;
use std::time::{Duration, Instant};

use sockhop_guest::{Endpoint, Message, Result, Session, endpoint, export};
use sockhop_zoo::ByParameters;

/// What it computes for each message.
const WORK: Duration = Duration::from_millis(50);

#[derive(Default)]
struct Holds {
    messages: u64,
    bytes: usize,
}

#[endpoint("/holds")]
impl Endpoint for Holds {
    fn on_open(_session: Session) -> Result<Self> {
        Ok(Self::default())
    }

    fn on_message(&mut self, message: Message) -> Result<Option<Message>> {
        if message.as_text() == Some("count") {
            let Self { messages, bytes } = self;
            return Ok(Some(Message::from(format!("{messages} messages, {bytes} bytes"))));
        }
        self.messages += 1;
        self.bytes += message.len();
        let begin = Instant::now();
        while black_box(begin.elapsed()) < WORK {}
        Ok(None)
    }
}

export!(Holds; keys = ByParameters);
