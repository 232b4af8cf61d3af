//! The contract's interface `timers`: what a session's endpoint is told when a test lets time pass.

use crate::mock::Session;

pub(crate) use crate::bindings::sockhop::websocket::timers::TimerError;

/// The shortest delay and period, in milliseconds.
const PERIOD_MIN: u64 = 10;

/// The longest, in milliseconds: 365 days.
const DELAY_MAX: u64 = 365 * 24 * 60 * 60 * 1000;

/// The timers of one session, and its clock: times are milliseconds since it was opened.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    now: u64,
    /// How many may run; nothing where the component does not hear of any.
    most: Option<u32>,
    /// In the order in which they were started.
    running: Vec<Timer>,
}

#[derive(Debug)]
struct Timer {
    token: u64,
    at: u64,
    period: Option<u64>,
}

impl Timers {
    /// So many may run; none where the component does not hear of them.
    pub(crate) fn allow(&mut self, most: Option<u32>) {
        self.most = most;
    }

    /// In how many milliseconds the next one will be due that is not yet.
    pub(crate) fn due_in(&self) -> Option<u64> {
        let to_come = self.running.iter().filter(|timer| timer.at > self.now);
        to_come.map(|timer| timer.at - self.now).min()
    }

    /// So many milliseconds pass.
    pub(crate) fn pass(&mut self, milliseconds: u64) {
        self.now = self.now.saturating_add(milliseconds);
    }

    /// The timer that has been due for the longest time, to be delivered now.
    pub(crate) fn take_due(&mut self) -> Option<u64> {
        let now = self.now;
        let due = self.running.iter().enumerate().filter(|(_, timer)| timer.at <= now);
        let (place, _) = due.min_by_key(|(_, timer)| timer.at)?;
        let timer = self.running.get_mut(place)?;
        let token = timer.token;
        match timer.period {
            Some(period) => timer.at += ((now - timer.at) / period + 1) * period,
            None => {
                self.running.remove(place);
            }
        }
        Some(token)
    }

    fn cancel(&mut self, token: u64) -> bool {
        let before = self.running.len();
        self.running.retain(|timer| timer.token != token);
        self.running.len() < before
    }

    fn start(&mut self, token: u64, delay: u64, repeats: bool) -> Result<(), TimerError> {
        let Some(most) = self.most else { return Err(TimerError::NotExported) };
        if repeats && delay < PERIOD_MIN {
            return Err(TimerError::TooShort(PERIOD_MIN));
        }
        if delay > DELAY_MAX {
            return Err(TimerError::TooLong(DELAY_MAX));
        }
        let others = self.running.iter().filter(|timer| timer.token != token).count();
        if others >= most as usize {
            return Err(TimerError::TooMany(most));
        }
        let delay = delay.max(PERIOD_MIN);
        self.cancel(token);
        let at = self.now.saturating_add(delay);
        self.running.push(Timer { token, at, period: repeats.then_some(delay) });
        Ok(())
    }
}

fn started(session: &Session, token: u64, delay: u64, repeats: bool) -> Result<(), TimerError> {
    if !session.is_open() {
        return Err(TimerError::Closed);
    }
    session.wire().timers().start(token, delay, repeats)
}

pub(crate) fn start(session: &Session, token: u64, delay: u64) -> Result<(), TimerError> {
    started(session, token, delay, false)
}

pub(crate) fn start_repeating(
    session: &Session,
    token: u64,
    period: u64,
) -> Result<(), TimerError> {
    started(session, token, period, true)
}

pub(crate) fn cancel(session: &Session, token: u64) -> bool {
    session.is_open() && session.wire().timers().cancel(token)
}
