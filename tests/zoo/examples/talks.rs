//! Writes each text to standard output, standard error and the `log` facade.

#![expect(clippy::print_stdout, reason = "standard output is the deployment's log")]
#![expect(clippy::print_stderr, reason = "standard error is the deployment's log")]

use sockhop_guest::{Endpoint, Message, Result, Session, endpoint, export, log};
use sockhop_zoo::ByParameters;

struct Talks;

#[endpoint("/talks")]
impl Endpoint for Talks {
    fn on_open(_session: Session) -> Result<Self> {
        Ok(Self)
    }

    fn on_message(&mut self, text: String) -> Result<Message> {
        println!("out: {text}");
        eprintln!("err: {text}");
        log::warn!("log: {text}");
        Ok(Message::from(text))
    }
}

export!(Talks; keys = ByParameters);
