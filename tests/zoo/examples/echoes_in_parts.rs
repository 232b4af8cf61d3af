//! Answers each message piece by piece, as it arrives; gives one up that begins with "abandon", has
//! an answer to "batch" held back, and lets go of it on "flush" or "end".

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
                Some("flush") => return self.let_go(Session::flush),
                Some("end") => return self.let_go(|session| session.set_batching(false)),
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
    /// Leaves a message in a batch that is not let go of.
    fn batch(&self) -> Result {
        self.session.set_batching(true);
        self.session.send("held")?;
        Ok(())
    }

    /// Adds to the batch whether it is still there, and lets go of it in this way.
    fn let_go(&self, how: impl FnOnce(&Session)) -> Result {
        let held = self.session.queue().queued_bytes > 0 && self.session.batching();
        self.session.send(format!("held back: {held}"))?;
        how(&self.session);
        Ok(())
    }

    fn abandon(&self) -> Result {
        let message = self.session.start_message()?;
        message.write("the beginning")?;
        Ok(())
    }
}

export!(Parts; parts);
