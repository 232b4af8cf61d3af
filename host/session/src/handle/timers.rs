//! Timers that a guest starts for its session.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::Handle;
use crate::timers::{Repeat, TimerError};

impl Handle {
    /// The same with so many timers as may run at a time.
    #[must_use]
    pub fn with_timers(self, most: u32) -> Self {
        Self { timers_max: most, ..self }
    }

    /// The instance with this number serves the session.
    pub fn serve_in(&self, instance: u64) {
        self.served_in.store(instance, Ordering::Relaxed);
    }

    /// Whether the instance with this number serves the session.
    #[must_use]
    pub fn is_served_in(&self, instance: u64) -> bool {
        self.served_in.load(Ordering::Relaxed) == instance
    }

    /// Starts a timer, in place of one with the same token; the connection hears of it.
    ///
    /// # Errors
    /// [`TimerError`].
    pub fn start_timer(
        &self,
        now: Instant,
        token: u64,
        delay: Duration,
        repeat: Repeat,
    ) -> Result<(), TimerError> {
        self.outbound().start_timer(now, (token, delay, repeat), self.timers_max)
    }

    /// Ends a timer. Whether there was one.
    pub fn cancel_timer(&self, token: u64) -> bool {
        self.outbound().cancel_timer(token)
    }

    /// For the connection: the timer to be delivered now, if one is due, and when the next will be.
    #[must_use]
    pub fn take_due_timer(&self, now: Instant) -> (Option<u64>, Option<Instant>) {
        self.lock_outbound().take_due_timer(now)
    }

    /// For the guest's side: the call for the timer that was taken last begins. Whether it is still
    /// to be delivered: it has not been cancelled, and the session is open.
    #[must_use]
    pub fn begin_timer(&self, now: Instant, token: u64) -> bool {
        self.lock_outbound().begin_timer(now, token)
    }

    /// For the connection while it cannot write: when the first timer is due, if that has changed.
    #[must_use]
    pub fn take_rescheduled(&self) -> Option<Option<Instant>> {
        self.lock_outbound().take_rescheduled()
    }
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Waker};

    use crate::CloseCause;
    use crate::handle::tests::session;
    use crate::outbound::{CloseRequest, Next};

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn the_connection_hears_of_each_change() {
        let (session, now) = (session().with_timers(2), Instant::now());
        let next = || session.poll_next(&mut Context::from_waker(Waker::noop()));
        assert!(matches!(next(), Next::Idle) && session.is_quiet());
        session.start_timer(now, 7, SECOND, Repeat::Never).expect("room");
        assert!(!session.is_quiet(), "the connection looks");
        assert!(matches!(next(), Next::Timer(Some(at)) if at == now + SECOND));
        assert!(matches!(next(), Next::Idle) && session.is_quiet());
        assert!(session.cancel_timer(7) && matches!(next(), Next::Timer(None)));
        assert!(!session.cancel_timer(7) && matches!(next(), Next::Idle));
    }

    #[test]
    fn timers_end_with_the_session() {
        let (session, now) = (session().with_timers(1), Instant::now());
        session.start_timer(now, 7, SECOND, Repeat::Never).expect("room");
        let other = session.start_timer(now, 8, SECOND, Repeat::Never);
        assert_eq!(other, Err(TimerError::TooMany(1)));
        assert_eq!(session.take_due_timer(now + SECOND), (Some(7), None));
        session.close(CloseRequest::by_host(CloseCause::GoingAway));
        assert!(!session.begin_timer(now, 7) && !session.cancel_timer(7));
        let late = session.start_timer(now, 7, SECOND, Repeat::Never);
        assert_eq!(late, Err(TimerError::Closed));
        assert_eq!(session.take_due_timer(now + SECOND), (None, None));
    }
}
