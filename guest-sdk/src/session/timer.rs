//! Being called after a time, or again and again.

use std::time::Duration;

use super::Session;
use crate::bindings::sockhop::websocket::timers as wit;
use crate::host::timers;

/// Why no timer was started. What there was before is as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TimerError {
    /// The session is closing or closed.
    #[error("the session is not open")]
    Closed,
    /// The session is served by another instance, which alone starts its timers.
    #[error("the session is served by another instance, which alone starts its timers")]
    NotOwn,
    /// The component does not export that it hears of timers.
    #[error("the component does not hear of timers: write `export!(…; timers)`")]
    NotExported,
    /// As many timers of the session are running as the operator allows, which is this many.
    #[error("{0} timers of the session are running, and no more are allowed")]
    TooMany(u32),
    /// The period is shorter than the shortest that there is, which is this one.
    #[error("a timer repeats after {0:?} at least")]
    TooShort(Duration),
    /// The delay or the period is longer than the longest that there is, which is this one.
    #[error("a timer runs for {0:?} at most")]
    TooLong(Duration),
}

impl From<wit::TimerError> for TimerError {
    fn from(error: wit::TimerError) -> Self {
        match error {
            wit::TimerError::Closed => Self::Closed,
            wit::TimerError::NotOwn => Self::NotOwn,
            wit::TimerError::NotExported => Self::NotExported,
            wit::TimerError::TooMany(most) => Self::TooMany(most),
            wit::TimerError::TooShort(least) => Self::TooShort(Duration::from_millis(least)),
            wit::TimerError::TooLong(most) => Self::TooLong(Duration::from_millis(most)),
        }
    }
}

impl Session {
    /// Has [`on_timer`](crate::Endpoint::on_timer) called with this token, once, when so much time
    /// has passed and nothing else is being delivered.
    ///
    /// The token is yours to choose, and names the timer among those of the session: one with the
    /// same token that is running is replaced. So a time limit is put off by starting it again. A
    /// delay below 10 ms counts as that. A timer ends with its session.
    ///
    /// ```
    /// # use sockhop_guest::*;
    /// use std::time::Duration;
    ///
    /// /// Sends the time that a peer has been silent for, and lets go of it after a minute.
    /// struct Silence { session: Session, seconds: u32 }
    ///
    /// const EACH_SECOND: u64 = 1;
    /// const GIVE_UP: u64 = 2;
    ///
    /// #[endpoint("/silence")]
    /// impl Endpoint for Silence {
    ///     fn on_open(session: Session) -> Result<Self> {
    ///         session.start_repeating_timer(EACH_SECOND, Duration::from_secs(1))?;
    ///         session.start_timer(GIVE_UP, Duration::from_secs(60))?;
    ///         Ok(Silence { session, seconds: 0 })
    ///     }
    ///
    ///     fn on_message(&mut self, _message: Message) -> Result {
    ///         self.seconds = 0;
    ///         Ok(self.session.start_timer(GIVE_UP, Duration::from_secs(60))?)
    ///     }
    ///
    ///     fn on_timer(&mut self, token: u64) -> Result {
    ///         if token == GIVE_UP {
    ///             return Ok(self.session.close()?);
    ///         }
    ///         self.seconds += 1;
    ///         Ok(self.session.send(self.seconds)?)
    ///     }
    /// }
    ///
    /// export!(Silence; timers);
    ///
    /// # fn main() -> Result {
    /// // No time passes in a test but what it says.
    /// let host = testing::Host::<Silence>::new();
    /// let peer = host.open("/silence")?;
    /// host.advance(Duration::from_millis(2500));
    /// assert_eq!(peer.read_all(), ["1", "2"].map(Message::from));
    /// host.advance(Duration::from_secs(58));
    /// assert!(!peer.session().is_open());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`TimerError`], but not [`TooShort`](TimerError::TooShort).
    pub fn start_timer(&self, token: u64, delay: Duration) -> Result<(), TimerError> {
        Ok(timers::start(&self.0, token, milliseconds(delay))?)
    }

    /// As [`start_timer`](Self::start_timer), for a timer that goes on until it is cancelled or the
    /// session has ended: it is due after each period, the first time after one. Periods that have
    /// passed while the guest was busy are left out: one call comes for them all.
    ///
    /// # Errors
    ///
    /// [`TimerError`].
    pub fn start_repeating_timer(&self, token: u64, period: Duration) -> Result<(), TimerError> {
        Ok(timers::start_repeating(&self.0, token, milliseconds(period))?)
    }

    /// Ends the timer with this token: it is not delivered any more, though it may have been due.
    /// False where there is none, or the session is another instance's.
    pub fn cancel_timer(&self, token: u64) -> bool {
        timers::cancel(&self.0, token)
    }
}

/// So many whole milliseconds as are not shorter.
fn milliseconds(time: Duration) -> u64 {
    let rounded = time.as_nanos().div_ceil(1_000_000);
    u64::try_from(rounded).unwrap_or(u64::MAX)
}
