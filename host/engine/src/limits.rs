//! What one instance may use, and how much of it it has used.

use std::sync::atomic::Ordering;
use std::time::Duration;

use wasmtime::{ResourceLimiter, UpdateDeadline};

use crate::lane::Slow;

/// How often a guest that computes is interrupted, so that it neither holds a worker nor outlives
/// its budget unnoticed: the finest step in which computing time is counted.
pub(crate) const EPOCH_TICK: Duration = Duration::from_millis(1);

/// The most elements that the tables of an instance may have together: four times what CPython's
/// component takes, the largest seen.
const TABLE_ELEMENTS_MAX: usize = 100_000;

/// The guest computed for longer than one event may.
#[derive(Debug, thiserror::Error)]
#[error("computing time of the event is used up")]
pub(crate) struct OutOfTime;

/// The budget of one instance.
#[derive(Debug)]
pub(crate) struct Budget {
    memory_bytes_max: usize,
    memory_bytes: usize,
    memory_was_refused: bool,
    table_elements: usize,
    ticks_max: u64,
    ticks: u64,
    slow: Slow,
}

impl Budget {
    /// `slow` is raised while an event computes for longer than a tick.
    pub(crate) fn new(memory_bytes_max: usize, event_cpu: Duration, slow: Slow) -> Self {
        let ticks_max = event_cpu.as_millis() / EPOCH_TICK.as_millis();
        Self {
            memory_bytes_max,
            memory_bytes: 0,
            memory_was_refused: false,
            table_elements: 0,
            ticks_max: u64::try_from(ticks_max).unwrap_or(u64::MAX).max(1),
            ticks: 0,
            slow,
        }
    }

    /// A new event begins: its computing time is not used yet.
    pub(crate) fn begin_event(&mut self) {
        self.ticks = 0;
        self.slow.store(false, Ordering::Relaxed);
        self.memory_was_refused = false;
    }

    /// The guest has been computing for another tick.
    ///
    /// # Errors
    /// [`OutOfTime`] where that was one too many.
    pub(crate) fn tick(&mut self) -> Result<UpdateDeadline, OutOfTime> {
        self.ticks = self.ticks.saturating_add(1);
        self.slow.store(true, Ordering::Relaxed);
        if self.ticks > self.ticks_max { Err(OutOfTime) } else { Ok(UpdateDeadline::Yield(1)) }
    }

    /// Whether the event asked for more memory than there is for it.
    pub(crate) fn memory_was_refused(&self) -> bool {
        self.memory_was_refused
    }
}

impl ResourceLimiter for Budget {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        // All memories of an instance count together: a component may have several.
        let wanted = self.memory_bytes.saturating_sub(current).saturating_add(desired);
        let fits = wanted <= self.memory_bytes_max;
        if fits {
            self.memory_bytes = wanted;
        } else {
            self.memory_was_refused = true;
        }
        Ok(fits)
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let wanted = self.table_elements.saturating_sub(current).saturating_add(desired);
        let fits = wanted <= TABLE_ELEMENTS_MAX;
        if fits {
            self.table_elements = wanted;
        }
        Ok(fits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_memories_count_together() {
        let mut budget = Budget::new(100, Duration::from_secs(1), Slow::default());
        assert!(budget.memory_growing(0, 60, None).expect("no trap"));
        assert!(!budget.memory_growing(0, 41, None).expect("no trap"));
        assert!(budget.memory_was_refused());
        assert!(budget.memory_growing(60, 100, None).expect("no trap"), "exactly at the limit");
        assert!(!budget.memory_growing(100, 101, None).expect("no trap"));
    }

    #[test]
    fn time_is_counted_by_event() {
        let mut budget = Budget::new(0, Duration::from_millis(2), Slow::default());
        assert!(budget.tick().is_ok() && budget.tick().is_ok());
        assert!(budget.tick().is_err());
        budget.begin_event();
        assert!(budget.tick().is_ok());
    }
}
