//! Sets its session's limits as the texts of its peer say (`max 10`, `idle 1`, `read-idle 0`, …),
//! and answers with all that are in force.

#![expect(clippy::print_stderr, reason = "standard error is the deployment's log")]

use std::time::Duration;

use sockhop_guest::{CloseEvent, Endpoint, OpenSessions, Result, Session, endpoint, export};

struct Tunes {
    session: Session,
}

#[endpoint("/tunes", max_message_size = 4096)]
impl Endpoint for Tunes {
    fn on_open(session: Session) -> Result<Self> {
        Ok(Self { session })
    }

    fn on_message(&mut self, message: String) -> Result<Option<String>> {
        let mut words = message.split(' ');
        let (word, number) = (words.next().unwrap_or_default(), words.next().unwrap_or("0"));
        let number: u64 = number.parse().unwrap_or_default();
        // By a handle that is not its own: what one sets, all see.
        let other = OpenSessions::get(&self.session.id()).ok_or("it is open")?;
        let time = (number > 0).then(|| Duration::from_millis(number));
        match word {
            "max" => other.set_max_message_size(number),
            "idle" => other.set_idle_timeout(time),
            "read-idle" => other.set_read_idle_timeout(time),
            "write-idle" => other.set_write_idle_timeout(time),
            "send" => other.set_send_timeout(time),
            "flood" => {
                // Only as much as is taken: the peer reads nothing of it.
                while self.session.send(vec![0; 64 << 10]).is_ok() {}
                return Ok(None);
            }
            _ => {}
        }
        let Self { session } = self;
        let times = [
            session.idle_timeout(),
            session.read_idle_timeout(),
            session.write_idle_timeout(),
            session.send_timeout(),
        ];
        let times = times.map(|time| time.map_or(0, |time| time.as_millis()));
        Ok(Some(format!("{} {times:?}", session.max_message_size())))
    }

    fn on_close(&mut self, event: CloseEvent) -> Result {
        eprintln!("closed {:?} {}", event.cause, event.code);
        Ok(())
    }
}

export!(Tunes);
