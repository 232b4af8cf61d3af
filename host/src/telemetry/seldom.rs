//! Lines that peers could cause as fast as they connect, written once a second.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The least time between two such lines.
const PERIOD: Duration = Duration::from_secs(1);

/// Counts what happens, and says when it is time for a line about it.
#[derive(Debug, Default)]
pub(crate) struct Seldom(Mutex<Counted>);

#[derive(Debug, Default)]
struct Counted {
    told_at: Option<Instant>,
    untold: u64,
}

impl Seldom {
    /// It has happened again. How often since the last line, where it is time for one.
    pub(crate) fn count(&self, now: Instant) -> Option<u64> {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counted.untold = counted.untold.saturating_add(1);
        if counted.told_at.is_some_and(|told_at| now.saturating_duration_since(told_at) < PERIOD) {
            return None;
        }
        counted.told_at = Some(now);
        Some(std::mem::take(&mut counted.untold))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_a_second_tells_of_all() {
        let (seldom, start) = (Seldom::default(), Instant::now());
        assert_eq!(seldom.count(start), Some(1));
        assert_eq!(seldom.count(start), None);
        assert_eq!(seldom.count(start + PERIOD / 2), None);
        assert_eq!(seldom.count(start + PERIOD), Some(3));
    }
}
