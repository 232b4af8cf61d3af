//! What one instance may use, and how much of it it has used.

use std::sync::Arc;
use std::time::Duration;

use wasmtime::{ResourceLimiter, UpdateDeadline};

use crate::pace::Pace;

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
    /// That of one event.
    computing_max: Duration,
    computing: Duration,
    pace: Arc<Pace>,
}

impl Budget {
    /// For calls at this `pace`.
    pub(crate) fn new(memory_bytes_max: usize, event_cpu: Duration, pace: Arc<Pace>) -> Self {
        Self {
            memory_bytes_max,
            memory_bytes: 0,
            memory_was_refused: false,
            table_elements: 0,
            computing_max: event_cpu,
            computing: Duration::ZERO,
            pace,
        }
    }

    /// A new event begins: its computing time is not used yet.
    pub(crate) fn begin_event(&mut self) {
        self.computing = Duration::ZERO;
        self.memory_was_refused = false;
    }

    /// The clock has ticked while the guest computes.
    ///
    /// # Errors
    /// [`OutOfTime`] where that was one too many.
    pub(crate) fn tick(&mut self) -> Result<UpdateDeadline, OutOfTime> {
        let tick = self.pace.tick();
        self.computing = self.computing.saturating_add(tick.used);
        match tick.is_turn_over {
            _ if self.computing > self.computing_max => Err(OutOfTime),
            true => Ok(UpdateDeadline::Yield(1)),
            false => Ok(UpdateDeadline::Continue(1)),
        }
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
    use std::time::Instant;

    use super::*;

    #[test]
    fn all_memories_count_together() {
        let mut budget =
            Budget::new(100, Duration::from_secs(1), Arc::new(Pace::new(None, Arc::default())));
        assert!(budget.memory_growing(0, 60, None).expect("no trap"));
        assert!(!budget.memory_growing(0, 41, None).expect("no trap"));
        assert!(budget.memory_was_refused());
        assert!(budget.memory_growing(60, 100, None).expect("no trap"), "exactly at the limit");
        assert!(!budget.memory_growing(100, 101, None).expect("no trap"));
    }

    #[test]
    fn time_is_counted_by_event() {
        let event_cpu = Duration::from_millis(20);
        let mut budget = Budget::new(0, event_cpu, Arc::new(Pace::new(None, Arc::default())));
        let began = Instant::now();
        while budget.tick().is_ok() {}
        assert!(began.elapsed() >= event_cpu * 9 / 10, "{:?}", began.elapsed());
        assert!(budget.tick().is_err());
        budget.begin_event();
        assert!(budget.tick().is_ok());
    }
}
