//! How a call is getting on: whether it computes, waits, or has been computing for long.

mod history;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use rustix::time::{ClockId, Timespec, clock_gettime};

use crate::clock::Clock;

pub(crate) use self::history::History;

/// For how long a turn computes after its first tick, in nanoseconds: a little less than
/// [`EPOCH_TICK`], so that the second tick ends it.
const TURN_NANOS: u64 = 200_000;

/// A call is slow of which a turn takes so long, in nanoseconds, by a clock that moves by steps of
/// a few milliseconds.
const LONG_NANOS: u64 = 2_000_000;

/// What a turn is charged at its first tick, which comes somewhere in the first [`EPOCH_TICK`].
const FIRST_TICK_CHARGE: Duration = Duration::from_micros(125);

/// What a tick of the clock found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tick {
    /// The computing time since the tick before, or since the turn began.
    pub(crate) used: Duration,
    /// The turn has been computing for long enough: others come first.
    pub(crate) is_turn_over: bool,
}

/// The pace of the calls of one instance, which come one after another. A call computes in turns: a
/// turn begins whenever it is polled.
#[derive(Debug)]
pub(crate) struct Pace {
    clock: Option<Clock>,
    /// That of the guest whose calls these are.
    history: Arc<History>,
    /// The processor time of the thread at the turn's first tick, and at its last one, in
    /// nanoseconds; 0 before it.
    first_tick_at: AtomicU64,
    last_tick_at: AtomicU64,
    is_turn_over: AtomicBool,
    /// A turn of the call was over, or long.
    is_slow: AtomicBool,
    /// The call is in the lane, where nobody waits behind it.
    is_away: AtomicBool,
    /// When the turn began, by [`coarse_time`].
    began_at: AtomicU64,
}

impl Pace {
    /// Of the calls of an instance which this clock interrupts, or nothing does.
    pub(crate) fn new(clock: Option<Clock>, history: Arc<History>) -> Self {
        Self {
            clock,
            history,
            first_tick_at: AtomicU64::new(0),
            last_tick_at: AtomicU64::new(0),
            is_turn_over: AtomicBool::new(false),
            is_slow: AtomicBool::new(false),
            is_away: AtomicBool::new(false),
            began_at: AtomicU64::new(0),
        }
    }

    /// A call begins.
    pub(crate) fn begin_call(&self) {
        self.is_slow.store(false, Ordering::Relaxed);
    }

    /// The call computes from here on, in this thread.
    pub(crate) fn begin_turn(&self) {
        if let Some(clock) = &self.clock {
            clock.want();
        }
        self.last_tick_at.store(0, Ordering::Relaxed);
        self.is_turn_over.store(false, Ordering::Relaxed);
        self.began_at.store(coarse_time(), Ordering::Relaxed);
    }

    /// A turn has ended that lets nobody go first: what it took says something about the call.
    pub(crate) fn end_turn_here(&self) {
        let began_at = self.began_at.load(Ordering::Relaxed);
        if coarse_time().saturating_sub(began_at) >= LONG_NANOS {
            self.is_slow.store(true, Ordering::Relaxed);
        }
    }

    /// The call goes on in the lane from here on, or at home again.
    pub(crate) fn set_away(&self, is_away: bool) {
        self.is_away.store(is_away, Ordering::Relaxed);
    }

    /// Whether the call is in the lane.
    pub(crate) fn is_away(&self) -> bool {
        self.is_away.load(Ordering::Relaxed)
    }

    /// The call is to go on elsewhere, though its turn is not over.
    pub(crate) fn starve(&self) {
        self.is_turn_over.store(true, Ordering::Relaxed);
    }

    /// The clock has ticked in the middle of a turn. The time of the processor counts, so that a
    /// call is not slow because the machine is, nor because it began just before a tick.
    pub(crate) fn tick(&self) -> Tick {
        if let Some(clock) = &self.clock {
            clock.want();
        }
        let now = processor_time();
        let before = self.last_tick_at.swap(now.max(1), Ordering::Relaxed);
        if before == 0 {
            self.first_tick_at.store(now, Ordering::Relaxed);
            return Tick { used: FIRST_TICK_CHARGE, is_turn_over: false };
        }
        let used = Duration::from_nanos(now.saturating_sub(before));
        let turn = now.saturating_sub(self.first_tick_at.load(Ordering::Relaxed));
        let is_turn_over = turn >= TURN_NANOS;
        if is_turn_over {
            self.is_turn_over.store(true, Ordering::Relaxed);
            self.is_slow.store(true, Ordering::Relaxed);
        }
        Tick { used, is_turn_over }
    }

    /// Whether the last turn ended because it was over, and not because the call waits.
    pub(crate) fn was_turn_over(&self) -> bool {
        self.is_turn_over.load(Ordering::Relaxed)
    }

    /// The call has ended.
    pub(crate) fn end_call(&self) {
        self.history.note(self.is_slow.load(Ordering::Relaxed));
    }

    /// Whether the next call is likely to compute for long.
    pub(crate) fn is_likely_slow(&self) -> bool {
        self.history.is_slow()
    }
}

/// A clock that moves every few milliseconds, and costs next to nothing to read. The longer a call
/// takes, the likelier it finds that it has moved: who often does is slow, even where the machine
/// is too busy to let [`Clock`] tick in time.
fn coarse_time() -> u64 {
    nanos(clock_gettime(ClockId::MonotonicCoarse))
}

/// The time for which this thread has had a processor, in nanoseconds.
fn processor_time() -> u64 {
    nanos(clock_gettime(ClockId::ThreadCPUTime))
}

fn nanos(time: Timespec) -> u64 {
    let nanos = i128::from(time.tv_sec) * 1_000_000_000 + i128::from(time.tv_nsec);
    u64::try_from(nanos).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;
    use crate::clock::EPOCH_TICK;

    fn pace() -> Pace {
        Pace::new(None, Arc::default())
    }

    fn compute(time: Duration) {
        let until = processor_time() + u64::try_from(time.as_nanos()).expect("short");
        while processor_time() < until {}
    }

    #[test]
    fn a_turn_that_computes_is_over_at_its_second_tick() {
        let pace = pace();
        pace.begin_turn();
        assert!(!pace.tick().is_turn_over, "it may have begun just before");
        compute(EPOCH_TICK);
        let tick = pace.tick();
        assert!(tick.is_turn_over && tick.used >= EPOCH_TICK && pace.was_turn_over());
        pace.begin_turn();
        assert!(!pace.was_turn_over());
    }

    #[test]
    fn a_turn_without_a_processor_is_not_over_and_is_charged_nothing() {
        let pace = pace();
        pace.begin_turn();
        pace.tick();
        thread::sleep(EPOCH_TICK * 20);
        let tick = pace.tick();
        assert!(!tick.is_turn_over && tick.used < EPOCH_TICK, "{tick:?}");
    }

    #[test]
    fn calls_that_compute_make_a_guest_slow() {
        let pace = pace();
        for _ in 0..2 {
            assert!(!pace.is_likely_slow());
            pace.begin_call();
            pace.begin_turn();
            pace.tick();
            compute(EPOCH_TICK);
            pace.tick();
            pace.end_call();
        }
        assert!(pace.is_likely_slow());
    }
}
