//! Watches: on the text `count` it says how many sessions and messages its instance has had, on
//! `close CODE PHRASE` it closes, and it writes how each session ended.

#![expect(clippy::print_stderr, reason = "standard error is the deployment's log")]

use std::fmt::Debug;
use std::sync::atomic::{AtomicU64, Ordering};

use sockhop_guest::{CloseEvent, Endpoint, Message, Result, Session, endpoint, export};
use sockhop_zoo::ByParameters;

/// What this instance has had, whichever session it belonged to.
static SESSIONS: AtomicU64 = AtomicU64::new(0);
static MESSAGES: AtomicU64 = AtomicU64::new(0);

struct Observer {
    session: Session,
}

#[endpoint("/observer", max_message_size = 64 * 1024)]
impl Endpoint for Observer {
    fn on_open(session: Session) -> Result<Self> {
        SESSIONS.fetch_add(1, Ordering::Relaxed);
        Ok(Self { session })
    }

    fn on_message(&mut self, message: Message) -> Result<Message> {
        let messages = MESSAGES.fetch_add(1, Ordering::Relaxed) + 1;
        let sessions = SESSIONS.load(Ordering::Relaxed);
        match message.as_text().map(|text| text.split_once(' ').unwrap_or((text, ""))) {
            Some(("count", _)) => Ok(format!("sessions={sessions} messages={messages}").into()),
            Some(("close", reason)) => self.close(reason),
            Some(("trap", _)) => panic!("this guest was told to trap"),
            _ => Ok(message),
        }
    }

    fn on_close(&mut self, event: CloseEvent) -> Result {
        let CloseEvent { initiator, cause, code_sent, code_received, phrase, clean, code } = event;
        let (initiator, cause) = (word(initiator), word(cause));
        eprintln!(
            "closed initiator={initiator} cause={cause} sent={code_sent:?} \
             received={code_received:?} phrase={phrase:?} clean={clean} code={code}"
        );
        Ok(())
    }
}

impl Observer {
    /// Closes with `CODE PHRASE`, or without a reason; the answer is why that was refused.
    fn close(&self, reason: &str) -> Result<Message> {
        let (code, phrase) = reason.split_once(' ').unwrap_or((reason, ""));
        let closed = match code {
            "" => self.session.close(),
            code => self.session.close_with(code.parse()?, phrase),
        };
        Ok(closed.map_or_else(|error| error.to_string(), |()| "closed".to_owned()).into())
    }
}

/// The name of a value of one of the contract's enumerations.
fn word(value: impl Debug) -> String {
    let name = format!("{value:?}");
    name.rsplit("::").next().unwrap_or_default().to_owned()
}

export!(Observer; keys = ByParameters);
