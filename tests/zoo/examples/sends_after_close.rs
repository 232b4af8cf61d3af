//! Closes its session on the text `close`, goes on as if nothing had happened, and writes what came
//! of it.

#![expect(clippy::print_stderr, reason = "standard error is the deployment's log")]

use sockhop_guest::{
    CloseEvent, Endpoint, Message, Result, Session, SessionError, endpoint, export,
};
use sockhop_zoo::ByParameters;

struct SendsAfterClose {
    session: Session,
}

#[endpoint("/sends-after-close", properties = [("colour", "red")])]
impl Endpoint for SendsAfterClose {
    fn on_open(session: Session) -> Result<Self> {
        Ok(Self { session })
    }

    fn on_message(&mut self, message: Message) -> Result<Message> {
        if message.as_text() == Some("close") {
            self.session.send_text("before")?;
            self.session.close()?;
            self.try_all("after close");
        }
        Ok(message)
    }

    fn on_error(&mut self, error: SessionError) {
        eprintln!("told: {}", sockhop_guest::Error::from(error));
    }

    fn on_close(&mut self, _event: CloseEvent) -> Result {
        self.try_all("in on-close");
        Ok(())
    }
}

impl SendsAfterClose {
    fn try_all(&self, when: &str) {
        let Self { session } = self;
        let sent = session.send_text("late").map_err(|error| error.to_string());
        let closed = session.close_with(4000, "again").map_err(|error| error.to_string());
        let property = session.text_property("colour");
        eprintln!(
            "{when}: open={} send={sent:?} close={closed:?} property={property:?}",
            session.is_open()
        );
    }
}

export!(SendsAfterClose; keys = ByParameters);
