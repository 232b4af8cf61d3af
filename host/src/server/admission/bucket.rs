//! Token buckets, in whole numbers: nothing is lost to rounding.

use std::num::NonZeroU32;
use std::time::{Duration, Instant};

/// The parts of one token: a bucket of one token a second gains a part each nanosecond.
const TOKEN: u64 = 1_000_000_000;

/// How fast buckets fill, and how much they hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rate {
    /// Tokens a second, which is parts a nanosecond.
    per_second: NonZeroU32,
    /// Parts.
    capacity: u64,
}

impl Rate {
    /// Buckets hold what they gain in `burst`, and one token at least.
    pub(super) fn new(per_second: NonZeroU32, burst: Duration) -> Self {
        let parts = u128::from(per_second.get()) * burst.as_nanos();
        let capacity = u64::try_from(parts).unwrap_or(u64::MAX).max(TOKEN);
        Self { per_second, capacity }
    }
}

/// One bucket. The rate is not in it, since thousands have the same.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bucket {
    parts: u64,
    /// When it held them.
    at: Instant,
}

impl Bucket {
    /// All that it can hold.
    pub(super) fn full(rate: &Rate, now: Instant) -> Self {
        Self { parts: rate.capacity, at: now }
    }

    /// Whether it holds all that it can.
    pub(super) fn is_full(&self, rate: &Rate, now: Instant) -> bool {
        self.filled(rate, now) == rate.capacity
    }

    /// Takes a token.
    ///
    /// # Errors
    /// The time until there is one; nothing is taken.
    pub(super) fn take(&mut self, rate: &Rate, now: Instant) -> Result<(), Duration> {
        self.ready(rate, now)?;
        self.parts = self.filled(rate, now) - TOKEN;
        // Of two that looked at the clock, the later one may come first. Time that was counted is
        // not counted again.
        self.at = self.at.max(now);
        Ok(())
    }

    /// Whether there is a token to take.
    ///
    /// # Errors
    /// The time until there is one.
    pub(super) fn ready(&self, rate: &Rate, now: Instant) -> Result<(), Duration> {
        match TOKEN.checked_sub(self.filled(rate, now)) {
            None | Some(0) => Ok(()),
            Some(missing) => {
                let nanos = missing.div_ceil(u64::from(rate.per_second.get()));
                // What `now` lacks to the time at which the bucket was last looked into.
                let behind = self.at.saturating_duration_since(now);
                Err(Duration::from_nanos(nanos) + behind)
            }
        }
    }

    fn filled(&self, rate: &Rate, now: Instant) -> u64 {
        let nanos = now.saturating_duration_since(self.at).as_nanos();
        let gained = u128::from(rate.per_second.get()).saturating_mul(nanos);
        let parts = u128::from(self.parts).saturating_add(gained);
        u64::try_from(parts).map_or(rate.capacity, |parts| parts.min(rate.capacity))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rate(per_second: u32, burst: Duration) -> Rate {
        Rate::new(NonZeroU32::new(per_second).unwrap(), burst)
    }

    #[test]
    fn a_bucket_gives_what_it_holds_and_then_one_at_a_time() {
        let start = Instant::now();
        let rate = rate(4, Duration::from_secs(2));
        let mut bucket = Bucket::full(&rate, start);
        let taken = (0..20).filter(|_| bucket.take(&rate, start).is_ok()).count();
        assert_eq!(taken, 8);
        assert_eq!(bucket.take(&rate, start), Err(Duration::from_millis(250)));
        let later = start + Duration::from_millis(249);
        assert_eq!(bucket.take(&rate, later), Err(Duration::from_millis(1)));
        assert_eq!(bucket.take(&rate, start + Duration::from_millis(250)), Ok(()));
        assert!(!bucket.is_full(&rate, start + Duration::from_millis(2249)));
        assert!(bucket.is_full(&rate, start + Duration::from_millis(2250)));
    }

    #[test]
    fn a_clock_that_was_read_earlier_gives_nothing_twice() {
        let start = Instant::now();
        let rate = rate(1, Duration::from_secs(1));
        let mut bucket = Bucket::full(&rate, start);
        let later = start + Duration::from_secs(5);
        assert_eq!(bucket.take(&rate, later), Ok(()));
        assert_eq!(bucket.take(&rate, start), Err(Duration::from_secs(6)));
        assert_eq!(bucket.take(&rate, later), Err(Duration::from_secs(1)));
    }

    proptest! {
        /// Against a bucket that counts whole parts in a wide integer from the beginning of time.
        #[test]
        fn a_bucket_refills_exactly(
            per_second in 1u32..2_000_000,
            burst_millis in 1000u64..60_000,
            pauses in proptest::collection::vec(0u64..3_000_000_000, 1..100),
        ) {
            let rate = rate(per_second, Duration::from_millis(burst_millis));
            let most = u128::from(per_second) * u128::from(burst_millis) * 1_000_000;
            let mut now = Instant::now();
            let mut bucket = Bucket::full(&rate, now);
            let mut parts = most;
            for pause in pauses {
                now += Duration::from_nanos(pause);
                parts = (parts + u128::from(per_second) * u128::from(pause)).min(most);
                let is_there = parts >= u128::from(TOKEN);
                prop_assert_eq!(bucket.take(&rate, now).is_ok(), is_there);
                if is_there {
                    parts -= u128::from(TOKEN);
                }
                prop_assert_eq!(bucket.is_full(&rate, now), parts == most);
            }
        }

        /// Whoever comes when it was told to is served, and whoever comes earlier is not.
        #[test]
        fn the_wait_is_exact(per_second in 1u32..2_000_000, into in 0u64..2_000_000_000) {
            let rate = rate(per_second, Duration::from_secs(1));
            let start = Instant::now();
            let mut bucket = Bucket::full(&rate, start);
            let now = start + Duration::from_nanos(into);
            let wait = loop {
                if let Err(wait) = bucket.take(&rate, now) {
                    break wait;
                }
            };
            prop_assert!(!wait.is_zero());
            let early = now + wait - Duration::from_nanos(1);
            prop_assert!(bucket.take(&rate, early).is_err());
            prop_assert_eq!(bucket.take(&rate, now + wait), Ok(()));
        }
    }
}
