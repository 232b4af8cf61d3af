//! Timers, and the time that passes where a test says so.

use std::time::Duration;

use super::*;
use crate::TimerError;

const SECOND: Duration = Duration::from_secs(1);

/// Starts a timer on `once TOKEN MS` and `each TOKEN MS`, ends one on `cancel TOKEN`, and tells of
/// those that are due.
struct Ticks(Session);

#[crate::endpoint("/ticks")]
impl Endpoint for Ticks {
    fn on_open(session: Session) -> Result<Self> {
        Ok(Self(session))
    }

    fn on_message(&mut self, message: String) -> Result<Option<String>> {
        let words: Vec<_> = message.split(' ').collect();
        let number = |place: usize| words.get(place).and_then(|word| word.parse().ok());
        let (token, time) = (number(1).unwrap_or(0), Duration::from_millis(number(2).unwrap_or(0)));
        let started = match words[0] {
            "once" => self.0.start_timer(token, time),
            "each" => self.0.start_repeating_timer(token, time),
            "cancel" => return Ok(Some(self.0.cancel_timer(token).to_string())),
            _ => return Ok(Some(message)),
        };
        Ok(started.err().map(|error| format!("{error:?}")))
    }

    fn on_timer(&mut self, token: u64) -> Result {
        match token {
            13 => return Err("do not like 13".into()),
            99 => self.0.close()?,
            token => self.0.send(format!("timer {token}"))?,
        }
        Ok(())
    }
}

/// Hears of no timer.
struct Deaf;

#[crate::endpoint("/deaf")]
impl Endpoint for Deaf {
    fn on_open(session: Session) -> Result<Self> {
        assert_eq!(session.start_timer(1, SECOND), Err(TimerError::NotExported));
        Ok(Self)
    }

    fn on_message(&mut self, _message: Message) -> Result {
        Ok(())
    }
}

fn texts(peer: &Peer<Ticks>) -> Vec<String> {
    peer.read_all().iter().map(|message| message.as_text().unwrap_or("").to_owned()).collect()
}

#[test]
fn timers_are_delivered_as_time_passes() {
    let host = Host::<Ticks>::new();
    let (peer, other) = (host.open("/ticks").unwrap(), host.open("/ticks").unwrap());
    peer.send("once 1 3000");
    peer.send("each 2 2000");
    other.send("once 3 1000");
    host.advance(SECOND / 2);
    assert_eq!((texts(&peer).len(), texts(&other).len()), (0, 0));
    host.advance(4 * SECOND);
    assert_eq!(texts(&peer), ["timer 2", "timer 1", "timer 2"]);
    assert_eq!(texts(&other), ["timer 3"]);
    peer.send("cancel 2");
    peer.send("cancel 1");
    host.advance(10 * SECOND);
    assert_eq!(texts(&peer), ["true", "false"]);
}

#[test]
fn a_timer_is_put_off_fails_and_ends_with_its_session() {
    let host = Host::<Ticks>::new();
    let peer = host.open("/ticks").unwrap();
    for _ in 0..3 {
        peer.send("once 1 1000");
        host.advance(SECOND / 2);
    }
    assert_eq!(texts(&peer).len(), 0);
    peer.send("each 13 400");
    host.advance(SECOND);
    assert_eq!(texts(&peer), ["timer 1"]);
    assert_eq!(peer.errors(), ["do not like 13", "do not like 13"]);
    peer.send("once 99 0");
    peer.send("each 4 10");
    host.advance(SECOND);
    assert!(texts(&peer).is_empty() && !peer.session().is_open());
    assert_eq!(peer.session().start_timer(5, SECOND), Err(TimerError::Closed));
}

#[test]
fn limits_are_those_of_the_contract() {
    let host = Host::<Ticks>::new().timer_limit(1);
    let peer = host.open("/ticks").unwrap();
    for message in ["each 1 9", "once 1 31536000001", "once 1 0", "once 2 0", "once 1 5"] {
        peer.send(message);
    }
    assert_eq!(texts(&peer), ["TooShort(10ms)", "TooLong(31536000s)", "TooMany(1)"]);

    assert!(Host::<Deaf>::new().open("/deaf").is_ok());
}
