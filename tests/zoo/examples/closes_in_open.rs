//! Closes every session with 4001 before `open` has returned, and writes how it ended.

#![expect(clippy::print_stderr, reason = "standard error is the deployment's log")]

use sockhop_guest::{CloseEvent, Endpoint, Message, Result, Session, endpoint, export};

struct ClosesInOpen;

#[endpoint("/closes-in-open")]
impl Endpoint for ClosesInOpen {
    fn on_open(session: Session) -> Result<Self> {
        session.close_with(4001, "go away")?;
        Ok(Self)
    }

    fn on_message(&mut self, _message: Message) -> Result<Message> {
        panic!("a message came after the session was closed")
    }

    fn on_close(&mut self, event: CloseEvent) -> Result {
        eprintln!("closed code={} clean={}", event.code, event.clean);
        Ok(())
    }
}

export!(ClosesInOpen);
