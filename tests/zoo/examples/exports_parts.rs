//! An echo that exports parts. What comes whole goes back whole, and on `count` it says how many
//! parts have come.

use sockhop_guest::{Message, OutgoingMessage, PartialEndpoint, Result, Session, endpoint, export};

struct Echo {
    session: Session,
    answer: Option<OutgoingMessage>,
    parts: usize,
}

#[endpoint("/exports-parts")]
impl PartialEndpoint for Echo {
    fn on_open(session: Session) -> Result<Self> {
        Ok(Self { session, answer: None, parts: 0 })
    }

    fn on_part(&mut self, piece: Message, last: bool) -> Result {
        self.parts += 1;
        let answer = match self.answer.take() {
            None if piece.as_text() == Some("count") => {
                return Ok(self.session.send(format!("parts={}", self.parts))?);
            }
            None if last => return Ok(self.session.send(piece)?),
            None => self.session.start_message()?,
            Some(answer) => answer,
        };
        answer.write(piece)?;
        if last {
            answer.finish()?;
        } else {
            self.answer = Some(answer);
        }
        Ok(())
    }
}

export!(Echo; parts);
