//! Returns an error from `on-close`, and writes what `on-error` is told.

#![expect(clippy::print_stderr, reason = "standard error is the deployment's log")]

use sockhop_guest::{
    CloseEvent, Endpoint, Message, Result, Session, SessionError, endpoint, export,
};
use sockhop_zoo::ByParameters;

struct ErrsInClose;

#[endpoint("/errs-in-close")]
impl Endpoint for ErrsInClose {
    fn on_open(_session: Session) -> Result<Self> {
        Ok(Self)
    }

    fn on_message(&mut self, message: Message) -> Result<Message> {
        Ok(message)
    }

    fn on_error(&mut self, error: SessionError) {
        eprintln!("told: {error}");
    }

    fn on_close(&mut self, _event: CloseEvent) -> Result {
        Err("this guest cannot say goodbye".into())
    }
}

impl Drop for ErrsInClose {
    fn drop(&mut self) {
        eprintln!("dropped");
    }
}

export!(ErrsInClose; keys = ByParameters);
