//! The clock of an open loop: which message is due when.

use std::io;
use std::num::NonZeroU32;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};

/// Messages at equal distances from a start, and a timer that becomes readable when one is due.
///
/// A timer descriptor, because the poll's own time limit is in whole milliseconds, which is longer
/// than a reply takes.
pub(crate) struct Schedule {
    timer: OwnedFd,
    start: Instant,
    per_second: NonZeroU32,
    /// The number of the next message.
    next: u64,
}

impl Schedule {
    /// Message 0 is due now.
    pub(crate) fn start(per_second: NonZeroU32) -> io::Result<Self> {
        let flags = TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK;
        let timer = timerfd_create(TimerfdClockId::Monotonic, flags)?;
        Ok(Self { timer, start: Instant::now(), per_second, next: 0 })
    }

    /// The number of the next message that is due by `now`, and when it was.
    pub(crate) fn next_due(&mut self, now: Instant) -> Option<(u64, Instant)> {
        let (message, due) = (self.next, self.due(self.next));
        if due > now {
            return None;
        }
        self.next += 1;
        Some((message, due))
    }

    /// Sets the timer to the next message.
    pub(crate) fn arm(&self) -> io::Result<()> {
        // A distance of 0 would switch the timer off.
        let left = self.due(self.next).saturating_duration_since(Instant::now());
        let left = left.max(Duration::from_nanos(1));
        let never = Timespec { tv_sec: 0, tv_nsec: 0 };
        let it_value = Timespec::try_from(left).map_err(io::Error::other)?;
        let time = Itimerspec { it_interval: never, it_value };
        timerfd_settime(&self.timer, TimerfdTimerFlags::empty(), &time)?;
        Ok(())
    }

    fn due(&self, message: u64) -> Instant {
        // Counted from the start each time: a sum of rounded distances would drift.
        let per_second = u64::from(self.per_second.get());
        let rest = (message % per_second) * 1_000_000_000 / per_second;
        self.start + Duration::from_secs(message / per_second) + Duration::from_nanos(rest)
    }
}

impl AsFd for Schedule {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.timer.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use rustix::event::{PollFd, PollFlags, poll};

    use super::*;

    fn schedule(per_second: u32) -> Schedule {
        Schedule::start(NonZeroU32::new(per_second).expect("a rate")).expect("a timer")
    }

    #[test]
    fn messages_are_due_at_equal_distances_without_drift() {
        let mut schedule = schedule(3);
        let start = schedule.start;
        let mut due = || schedule.next_due(start + Duration::from_secs(60)).expect("due").1 - start;
        assert_eq!(due(), Duration::ZERO);
        assert_eq!(due(), Duration::from_nanos(333_333_333));
        assert_eq!(due(), Duration::from_nanos(666_666_666));
        assert_eq!(due(), Duration::from_secs(1));
    }

    #[test]
    fn nothing_is_due_early() {
        let mut schedule = schedule(1000);
        let start = schedule.start;
        assert_eq!(schedule.next_due(start), Some((0, start)));
        assert_eq!(schedule.next_due(start + Duration::from_micros(999)), None);
        let due = start + Duration::from_millis(1);
        assert_eq!(schedule.next_due(due), Some((1, due)));
    }

    #[test]
    fn the_timer_is_readable_when_a_message_is_due() {
        let mut schedule = schedule(1000);
        while schedule.next_due(Instant::now()).is_some() {}
        schedule.arm().expect("armed");
        let limit = Timespec { tv_sec: 20, tv_nsec: 0 };
        let mut fds = [PollFd::new(&schedule, PollFlags::IN)];
        assert_eq!(poll(&mut fds, Some(&limit)), Ok(1));
        assert!(schedule.next_due(Instant::now()).is_some());
    }
}
