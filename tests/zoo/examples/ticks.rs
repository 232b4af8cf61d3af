//! Starts timers and ends them as the texts of its peer say, and tells of those that are due; on
//! some tokens it does what no guest should.

#![expect(clippy::print_stderr, reason = "standard error is the deployment's log")]

use std::time::Duration;

use sockhop_guest::{
    CloseEvent, Connect, Endpoint, Message, OpenSessions, Result, Session, SessionError,
    client_endpoint, endpoint, export,
};

/// Tokens that are not only told of.
const FAILS: u64 = 13;
const CLOSES: u64 = 14;
const TRAPS: u64 = 15;
const STARTS_ANEW: u64 = 16;
const BUSY: u64 = 17;

struct Ticks {
    session: Session,
    told: u32,
}

#[endpoint("/ticks/{room}")]
impl Endpoint for Ticks {
    fn on_open(session: Session) -> Result<Self> {
        // It is due long before this has returned, and comes when it has.
        session.start_timer(0, Duration::ZERO)?;
        std::thread::sleep(Duration::from_millis(30));
        session.send("open")?;
        Ok(Self { session, told: 0 })
    }

    fn on_message(&mut self, message: String) -> Result<Option<String>> {
        let words: Vec<_> = message.split(' ').collect();
        let number = |place: usize| words.get(place).and_then(|word| word.parse().ok());
        let (token, time) = (number(1).unwrap_or(0), Duration::from_millis(number(2).unwrap_or(0)));
        let session = &self.session;
        let started = match words[0] {
            "once" => session.start_timer(token, time),
            "each" => session.start_repeating_timer(token, time),
            "cancel" => return Ok(Some(session.cancel_timer(token).to_string())),
            "busy-then-cancel" => {
                std::thread::sleep(Duration::from_millis(1500));
                return Ok(Some(format!("cancelled {}", session.cancel_timer(token))));
            }
            "flood" => {
                let refused = (100..).find_map(|token| {
                    session.start_repeating_timer(token, Duration::from_millis(10)).err()
                });
                return Ok(refused.map(|error| format!("{error:?}")));
            }
            "id" => return Ok(Some(session.id())),
            "of" => {
                let other = OpenSessions::get(words[1]).ok_or("nobody has this id")?;
                other.start_timer(5, Duration::ZERO)
            }
            "dial" => {
                Connect::to(words[1]).open::<Dialled>()?;
                return Ok(None);
            }
            _ => return Ok(Some(message)),
        };
        Ok(started.err().map(|error| format!("{error:?}")))
    }

    fn on_timer(&mut self, token: u64) -> Result {
        self.told += 1;
        match token {
            FAILS => return Err("do not like 13".into()),
            CLOSES => {
                self.session.close()?;
                return Ok(());
            }
            TRAPS => panic!("do not like 15"),
            STARTS_ANEW => self.session.start_timer(STARTS_ANEW, Duration::ZERO)?,
            BUSY => std::thread::sleep(Duration::from_millis(25)),
            100.. => return Ok(()),
            _ => {}
        }
        Ok(self.session.send(format!("timer {token}"))?)
    }

    fn on_error(&mut self, error: SessionError) {
        eprintln!("error {error}");
    }

    fn on_close(&mut self, event: CloseEvent) -> Result {
        eprintln!("closed {} after {} timers", event.code, self.told);
        Ok(())
    }
}

/// Says so at each timer, to the server that it is connected to.
struct Dialled(Session);

#[client_endpoint("dialled")]
impl Endpoint for Dialled {
    fn on_open(session: Session) -> Result<Self> {
        session.start_repeating_timer(1, Duration::from_millis(10))?;
        Ok(Self(session))
    }

    fn on_message(&mut self, _message: Message) -> Result {
        Ok(())
    }

    fn on_timer(&mut self, token: u64) -> Result {
        eprintln!("the client's timer {token}");
        Ok(self.0.send("tick")?)
    }
}

export!(Ticks, Dialled; timers);
