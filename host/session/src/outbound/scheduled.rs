//! The session's timers: they are the queue's to hold, as they end with it, and whoever starts one
//! has the connection look.

use std::time::{Duration, Instant};

use super::Outbound;
use crate::timers::{Repeat, TimerError};

impl Outbound {
    /// Starts a timer; the connection is told.
    ///
    /// # Errors
    /// [`TimerError`].
    pub fn start_timer(
        &mut self,
        now: Instant,
        (token, delay, repeat): (u64, Duration, Repeat),
        most: u32,
    ) -> Result<(), TimerError> {
        if !self.is_open() {
            return Err(TimerError::Closed);
        }
        self.timers.get_or_insert_default().start(now, token, delay, repeat, most)?;
        self.reschedule();
        Ok(())
    }

    /// Ends a timer; the connection is told. Whether there was one.
    pub fn cancel_timer(&mut self, token: u64) -> bool {
        let was_there = self.timers.as_mut().is_some_and(|timers| timers.cancel(token));
        if was_there {
            self.reschedule();
        }
        was_there
    }

    /// For the connection: the timer to be delivered now, if one is due, and when the next will be.
    pub fn take_due_timer(&mut self, now: Instant) -> (Option<u64>, Option<Instant>) {
        let Some(timers) = &mut self.timers else { return (None, None) };
        let due = timers.take_due(now);
        (due, timers.next())
    }

    /// The call for the timer that was taken last begins. Whether it is still to be delivered.
    #[must_use]
    pub fn begin_timer(&mut self, now: Instant, token: u64) -> bool {
        self.timers.as_mut().is_some_and(|timers| timers.begin(now, token))
    }

    /// When the first timer is due, if that has changed since this was asked last.
    pub fn take_rescheduled(&mut self) -> Option<Option<Instant>> {
        let is_rescheduled = std::mem::take(&mut self.is_rescheduled);
        is_rescheduled.then(|| self.timers.as_ref().and_then(|timers| timers.next()))
    }

    fn reschedule(&mut self) {
        self.is_rescheduled = true;
        self.wake();
    }
}
