//! Timers of a session: when its guest wants to be called.
//!
//! Time comes in as an argument. A session has few of them, so they are looked through one by one.

use std::time::{Duration, Instant};

use thiserror::Error;

/// The shortest period, and the shortest delay: a guest that does something a hundred times a
/// second costs as much as a busy peer, and clocks of a runtime go by milliseconds.
pub const PERIOD_MIN: Duration = Duration::from_millis(10);

/// The longest delay and period: more is as good as never, and sums of times stay within what
/// clocks can tell.
pub const DELAY_MAX: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Whether a timer goes on when it has been due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// It is due once.
    Never,
    /// It is due again and again.
    EachPeriod,
}

/// Why a timer was not started. Nothing has changed.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum TimerError {
    /// The session is closing or closed.
    #[error("the session is closed")]
    Closed,
    /// As many timers as there may be are running.
    #[error("{0} timers of the session are running already")]
    TooMany(u32),
    /// The period is below [`PERIOD_MIN`].
    #[error("the period is shorter than {0:?}")]
    TooShort(Duration),
    /// The delay or period is above [`DELAY_MAX`].
    #[error("the time is longer than {0:?}")]
    TooLong(Duration),
}

/// The timers of one session.
#[derive(Debug, Default)]
pub struct Timers {
    /// In the order in which they were started.
    running: Vec<Timer>,
    /// What the connection is about to deliver.
    due: Option<u64>,
}

#[derive(Debug)]
struct Timer {
    token: u64,
    at: Instant,
    period: Option<Duration>,
}

impl Timers {
    /// Starts a timer, in place of one with the same token. At most `most` may be running.
    ///
    /// # Errors
    /// [`TimerError`], but not that the session is closed.
    pub fn start(
        &mut self,
        now: Instant,
        token: u64,
        delay: Duration,
        repeat: Repeat,
        most: u32,
    ) -> Result<(), TimerError> {
        if repeat == Repeat::EachPeriod && delay < PERIOD_MIN {
            return Err(TimerError::TooShort(PERIOD_MIN));
        }
        if delay > DELAY_MAX {
            return Err(TimerError::TooLong(DELAY_MAX));
        }
        let others = self.running.iter().filter(|timer| timer.token != token).count();
        // What waits for its call has not been delivered.
        let waits = self.due.is_some_and(|due| due != token && !self.is_running(due));
        if others + usize::from(waits) >= most as usize {
            return Err(TimerError::TooMany(most));
        }
        let delay = delay.max(PERIOD_MIN);
        let at = now.checked_add(delay).ok_or(TimerError::TooLong(DELAY_MAX))?;
        let period = (repeat == Repeat::EachPeriod).then_some(delay);
        self.cancel(token);
        self.running.push(Timer { token, at, period });
        Ok(())
    }

    /// Ends the timer with this token. Whether there was one, or one that is about to be delivered.
    pub fn cancel(&mut self, token: u64) -> bool {
        let was_due = self.due.take_if(|due| *due == token).is_some();
        let before = self.running.len();
        self.running.retain(|timer| timer.token != token);
        was_due || self.running.len() < before
    }

    /// When the first of them is due.
    #[must_use]
    pub fn next(&self) -> Option<Instant> {
        self.running.iter().map(|timer| timer.at).min()
    }

    /// Takes the one that has been due for the longest time, to be delivered now. Periods that have
    /// passed meanwhile are left out.
    pub fn take_due(&mut self, now: Instant) -> Option<u64> {
        let due = self.running.iter().enumerate().filter(|(_, timer)| timer.at <= now);
        let (place, _) = due.min_by_key(|(_, timer)| timer.at)?;
        let timer = self.running.get_mut(place)?;
        let token = timer.token;
        match timer.period.and_then(|period| after(timer.at, period, now)) {
            Some(at) => timer.at = at,
            None => {
                self.running.remove(place);
            }
        }
        self.due = Some(token);
        Some(token)
    }

    /// The call for what was taken to be delivered begins, after which it can be cancelled no more.
    /// Periods that have passed while it waited are left out. False where it has been cancelled
    /// meanwhile, or started anew: then it is not delivered.
    #[must_use]
    pub fn begin(&mut self, now: Instant, token: u64) -> bool {
        if self.due.take_if(|due| *due == token).is_none() {
            return false;
        }
        let missed = |timer: &&mut Timer| timer.token == token && timer.at <= now;
        if let Some(timer) = self.running.iter_mut().find(missed)
            && let Some(at) = timer.period.and_then(|period| after(timer.at, period, now))
        {
            timer.at = at;
        }
        true
    }

    fn is_running(&self, token: u64) -> bool {
        self.running.iter().any(|timer| timer.token == token)
    }
}

/// The first end of a period after `now`; `at` is the end of one that has passed.
fn after(at: Instant, period: Duration, now: Instant) -> Option<Instant> {
    let late = now.saturating_duration_since(at).as_nanos();
    let periods = late.checked_div(period.as_nanos())? + 1;
    let beyond = periods.checked_mul(period.as_nanos())?;
    at.checked_add(Duration::from_nanos(u64::try_from(beyond).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn once(timers: &mut Timers, now: Instant, token: u64, delay: Duration) {
        timers.start(now, token, delay, Repeat::Never, 9).expect("within limits");
    }

    fn repeating(timers: &mut Timers, now: Instant, token: u64, period: Duration) {
        timers.start(now, token, period, Repeat::EachPeriod, 9).expect("within limits");
    }

    #[test]
    fn timers_are_due_in_the_order_of_their_times_then_of_their_starts() {
        let (mut timers, start) = (Timers::default(), Instant::now());
        for (token, seconds) in [(1, 3), (2, 2), (3, 2), (4, 9)] {
            once(&mut timers, start, token, seconds * SECOND);
        }
        assert_eq!(timers.next(), Some(start + 2 * SECOND));
        assert_eq!(timers.take_due(start + SECOND), None);
        let mut due = || timers.take_due(start + 3 * SECOND);
        assert_eq!([due(), due(), due(), due()], [Some(2), Some(3), Some(1), None]);
        assert_eq!(timers.next(), Some(start + 9 * SECOND));
    }

    #[test]
    fn periods_that_have_passed_come_once_and_the_beat_is_kept() {
        let (mut timers, start) = (Timers::default(), Instant::now());
        repeating(&mut timers, start, 1, 2 * SECOND);
        assert_eq!(timers.take_due(start + 2 * SECOND), Some(1));
        assert_eq!(timers.next(), Some(start + 4 * SECOND));
        assert_eq!(timers.take_due(start + 9 * SECOND), Some(1));
        assert_eq!(timers.take_due(start + 9 * SECOND), None);
        assert_eq!(timers.next(), Some(start + 10 * SECOND));
        assert_eq!(timers.take_due(start + 12 * SECOND), Some(1));
        assert_eq!(timers.next(), Some(start + 14 * SECOND), "12 is the end of a period");
    }

    #[test]
    fn periods_that_pass_while_an_event_waits_for_its_call_are_left_out_too() {
        let (mut timers, start) = (Timers::default(), Instant::now());
        repeating(&mut timers, start, 1, 2 * SECOND);
        assert_eq!(timers.take_due(start + 2 * SECOND), Some(1));
        assert!(timers.begin(start + 7 * SECOND, 1));
        assert_eq!(timers.take_due(start + 7 * SECOND), None);
        assert_eq!(timers.next(), Some(start + 8 * SECOND));
    }

    #[test]
    fn what_waits_for_its_call_counts() {
        let (mut timers, now) = (Timers::default(), Instant::now());
        let start = |timers: &mut Timers, token| timers.start(now, token, SECOND, Repeat::Never, 1);
        assert_eq!(start(&mut timers, 1), Ok(()));
        assert_eq!(timers.take_due(now + SECOND), Some(1));
        assert_eq!(start(&mut timers, 2), Err(TimerError::TooMany(1)));
        assert!(timers.begin(now + SECOND, 1));
        assert_eq!(start(&mut timers, 2), Ok(()));
    }

    #[test]
    fn a_timer_that_is_always_due_holds_up_no_other() {
        let (mut timers, start) = (Timers::default(), Instant::now());
        repeating(&mut timers, start, 1, PERIOD_MIN);
        once(&mut timers, start, 2, SECOND);
        assert_eq!(timers.take_due(start + 2 * SECOND), Some(1));
        assert_eq!(timers.take_due(start + 3 * SECOND), Some(2));
    }

    #[test]
    fn a_token_that_is_given_again_replaces_and_what_is_cancelled_is_gone() {
        let (mut timers, start) = (Timers::default(), Instant::now());
        repeating(&mut timers, start, 1, SECOND);
        once(&mut timers, start + SECOND, 1, 5 * SECOND);
        assert_eq!(timers.next(), Some(start + 6 * SECOND));
        assert_eq!(timers.take_due(start + 6 * SECOND), Some(1));
        once(&mut timers, start + 6 * SECOND, 1, SECOND);
        let late = start + 60 * SECOND;
        assert!(!timers.begin(late, 1), "that one was another");
        assert_eq!(timers.take_due(start + 7 * SECOND), Some(1));
        assert_eq!((timers.cancel(1), timers.begin(late, 1)), (true, false));
        assert!(!timers.cancel(1));
        once(&mut timers, start + 7 * SECOND, 1, SECOND);
        assert_eq!(timers.take_due(start + 8 * SECOND), Some(1));
        assert_eq!(
            (timers.begin(late, 1), timers.cancel(1)),
            (true, false),
            "it is being delivered"
        );
        assert_eq!(timers.next(), None);
    }

    #[test]
    fn limits_are_held_and_say_what_they_are() {
        let (mut timers, now) = (Timers::default(), Instant::now());
        let too_short = Duration::from_millis(9);
        let mut start = |token, delay, repeat| timers.start(now, token, delay, repeat, 1);
        let each = Repeat::EachPeriod;
        assert_eq!(start(1, too_short, each), Err(TimerError::TooShort(PERIOD_MIN)));
        assert_eq!(start(1, DELAY_MAX + SECOND, each), Err(TimerError::TooLong(DELAY_MAX)));
        assert_eq!(start(1, DELAY_MAX, each), Ok(()));
        assert_eq!(start(2, SECOND, Repeat::Never), Err(TimerError::TooMany(1)));
        assert_eq!(start(1, Duration::ZERO, Repeat::Never), Ok(()), "it takes the other's place");
        assert_eq!(timers.next(), Some(now + PERIOD_MIN));
    }
}
