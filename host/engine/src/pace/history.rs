//! Whether a guest's calls often compute for long.

use std::sync::atomic::{AtomicU32, Ordering};

/// What a slow call counts, where a quick one takes one off: a guest is slow when more than one of
/// nine of its calls are.
const SLOW_COUNTS: u32 = 8;

/// From this count on a guest is slow: at the second slow call in a row.
const SLOW_FROM: u32 = 2 * SLOW_COUNTS - 1;

/// The highest count: a guest that was slow for ever is quick again after so many quick calls.
const COUNT_MAX: u32 = 4 * SLOW_COUNTS;

/// The calls of a guest so far, in all its instances. Calls that end at the same time may count as
/// one: nothing depends on it but where the next one begins.
#[derive(Debug, Default)]
pub(crate) struct History(AtomicU32);

impl History {
    /// A call has ended.
    pub(crate) fn note(&self, was_slow: bool) {
        let count = self.0.load(Ordering::Relaxed);
        let next = if was_slow {
            count.saturating_add(SLOW_COUNTS).min(COUNT_MAX)
        } else {
            count.saturating_sub(1)
        };
        if next != count {
            self.0.store(next, Ordering::Relaxed);
        }
    }

    /// Whether the next call is likely to be slow.
    pub(crate) fn is_slow(&self) -> bool {
        self.0.load(Ordering::Relaxed) >= SLOW_FROM
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(calls: impl IntoIterator<Item = bool>) -> bool {
        let history = History::default();
        calls.into_iter().for_each(|was_slow| history.note(was_slow));
        history.is_slow()
    }

    #[test]
    fn one_slow_call_is_none_and_two_in_a_row_are_a_habit() {
        assert!(!after([true]));
        assert!(after([true, false, true]));
    }

    #[test]
    fn a_seldom_slow_guest_is_quick_and_an_often_slow_one_is_not() {
        assert!(!after((0..1000).map(|call| call % 20 == 0)));
        assert!(after((0..1000).map(|call| call % 4 == 0)));
    }

    #[test]
    fn a_guest_can_mend_its_ways() {
        assert!(!after([true; 100].into_iter().chain([false; 30])));
    }
}
