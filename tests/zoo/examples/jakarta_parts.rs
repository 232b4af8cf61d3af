//! Says of each piece of a message what it is, and fails on the text `fail`: takes the messages of
//! the scenarios in `tests/conformance/jakarta` as they arrive.

use sockhop_guest::{Message, PartialEndpoint, Result, Session, SessionError, endpoint, export};
use sockhop_zoo::ByParameters;

struct Pieces {
    session: Session,
}

#[endpoint("/jakarta-parts/{name}", max_message_size = 1024)]
impl PartialEndpoint for Pieces {
    fn on_open(session: Session) -> Result<Self> {
        Ok(Self { session })
    }

    fn on_part(&mut self, piece: Message, last: bool) -> Result {
        if piece.as_text() == Some("fail") {
            return Err("this piece was not wanted".into());
        }
        let kind = if piece.is_text() { "text" } else { "binary" };
        let name = self.session.path_parameter("name").unwrap_or_default();
        let sum: u64 = piece.as_bytes().iter().map(|byte| u64::from(*byte)).sum();
        Ok(self.session.send(format!("{name} {kind} {} {sum} {last}", piece.len()))?)
    }

    fn on_pong(&mut self, data: Vec<u8>) -> Result {
        Ok(self.session.send(format!("pong {}", String::from_utf8_lossy(&data)))?)
    }

    fn on_error(&mut self, error: SessionError) {
        // A session that is closed is not told.
        let _closed = self.session.send(format!("error {error}"));
    }
}

export!(Pieces; keys = ByParameters, parts, pongs);
