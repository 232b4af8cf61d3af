//! Waits until what it sends has left, or hears of it, as the texts of its peer say; and says what
//! became of it.

#![expect(clippy::print_stderr, reason = "standard error is the deployment's log")]

use std::time::Duration;

use sockhop_guest::{
    CloseEvent, Endpoint, NotifyError, OpenSessions, Result, SendError, Session, SessionError,
    endpoint, export,
};

/// More than the system and the host hold for a peer that does not read.
const LARGE: usize = 12 << 20;

struct Awaits {
    session: Session,
    writable: bool,
}

#[endpoint("/awaits")]
impl Endpoint for Awaits {
    fn on_open(session: Session) -> Result<Self> {
        Ok(Self { session, writable: false })
    }

    fn on_message(&mut self, message: String) -> Result<Option<String>> {
        let (word, rest) = message.split_once(' ').unwrap_or((&message, ""));
        let session = &self.session;
        match word {
            "id" => return Ok(Some(session.id())),
            "wait" => session.send_and_wait(rest)?,
            "wait-for" => {
                let other = OpenSessions::get(rest).ok_or("nobody has this id")?;
                other.send_and_wait("from another")?;
            }
            "wait-large" => {
                session.set_send_timeout(Some(Duration::from_millis(rest.parse()?)));
                eprintln!("waits");
                eprintln!("waited: {:?}", session.send_and_wait(vec![0; LARGE]));
                return Ok(None);
            }
            "wait-unfinished" => {
                let unfinished = session.start_message()?;
                unfinished.write("begun")?;
                let refused = format!("{:?}", session.send_and_wait("behind").err());
                unfinished.finish()?;
                return Ok(Some(refused));
            }
            "close-and-wait" => {
                session.close()?;
                return Err(format!("{:?}", session.send_and_wait("late")).into());
            }
            "notify" => {
                session.send("before")?;
                session.notify_sent(rest.parse()?)?;
                return Ok(Some("after".to_owned()));
            }
            "notify-many" => {
                let refused = (0..).find_map(|token| session.notify_sent(token).err());
                assert_eq!(refused, Some(NotifyError::TooMany(64)));
            }
            "fill" => {
                let refused = loop {
                    if let Err(refused) = session.send(vec![0; 64 << 10]) {
                        break refused;
                    }
                };
                assert!(matches!(refused, SendError::QueueFull(_)));
                session.notify_sent(99)?;
                self.writable = true;
                return Ok(None);
            }
            other => return Err(format!("what is {other}?").into()),
        }
        Ok(Some("waited".to_owned()))
    }

    fn on_sent(&mut self, token: u64) -> Result {
        match token {
            13 => return Err("do not like 13".into()),
            99 if self.writable => self.session.send("writable")?,
            63 => self.session.send("the last")?,
            _ if self.writable => {}
            token => self.session.send(format!("sent {token}"))?,
        }
        Ok(())
    }

    fn on_error(&mut self, error: SessionError) {
        eprintln!("error {error}");
    }

    fn on_close(&mut self, event: CloseEvent) -> Result {
        eprintln!("closed {:?} {}", event.cause, event.code);
        Ok(())
    }
}

export!(Awaits; completions);
