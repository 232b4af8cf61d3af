//! Answers each message piece by piece, as it arrives; gives one up that begins with "abandon", and
//! answers in a batch where the message begins with "batch".

use sockhop_guest::{Message, OutgoingMessage, PartialEndpoint, Result, Session, endpoint, export};

struct Parts {
    session: Session,
    answer: Option<OutgoingMessage>,
}

#[endpoint("/echoes-in-parts")]
impl PartialEndpoint for Parts {
    fn on_open(session: Session) -> Result<Self> {
        Ok(Self { session, answer: None })
    }

    fn on_part(&mut self, piece: Message, last: bool) -> Result {
        if self.answer.is_none() {
            match piece.as_text() {
                Some("batch") => return self.batch(),
                Some("abandon") => return self.abandon(),
                _ => {}
            }
        }
        let answer = match self.answer.take() {
            Some(answer) => answer,
            None => self.session.start_message()?,
        };
        answer.write(piece)?;
        if last {
            answer.finish()?;
            return Ok(());
        }
        self.answer = Some(answer);
        Ok(())
    }
}

impl Parts {
    /// What is held back is held until it is let go of, and says so itself.
    fn batch(&self) -> Result {
        self.session.set_batching(true);
        self.session.send("held")?;
        let held = self.session.queue().queued_bytes > 0 && self.session.batching();
        self.session.send(format!("held back: {held}"))?;
        self.session.flush();
        self.session.set_batching(false);
        Ok(())
    }

    fn abandon(&self) -> Result {
        let message = self.session.start_message()?;
        message.write("the beginning")?;
        Ok(())
    }
}

export!(Parts; parts);
