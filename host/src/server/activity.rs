//! Whether anything goes on in an HTTP/2 connection.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

/// Counts the requests and sessions of a connection. Clones count together.
#[derive(Clone, Debug)]
pub(super) struct Activity(Arc<watch::Sender<usize>>);

/// One request or session, for as long as it is held.
#[derive(Debug)]
pub(super) struct Busy(Arc<watch::Sender<usize>>);

impl Activity {
    pub(super) fn new() -> Self {
        Self(Arc::new(watch::Sender::new(0)))
    }

    /// One more.
    pub(super) fn begin(&self) -> Busy {
        self.0.send_modify(|count| *count += 1);
        Busy(Arc::clone(&self.0))
    }

    /// Waits until there is none.
    pub(super) async fn none(&self) {
        let mut counts = self.0.subscribe();
        // There is a sender: this one.
        let _seen = counts.wait_for(|count| *count == 0).await;
    }

    /// Waits until there has been none for as long as `first` before the first of all, and for
    /// `later` after that.
    pub(super) async fn idle(&self, first: Duration, later: Duration) {
        let mut counts = self.0.subscribe();
        let mut limit = first;
        while timeout(limit, counts.wait_for(|count| *count > 0)).await.is_ok() {
            self.none().await;
            limit = later;
        }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::{Instant, advance};

    use super::*;

    const FIRST: Duration = Duration::from_secs(10);
    const LATER: Duration = Duration::from_secs(60);

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_asks_nothing_is_idle_at_once() {
        let begun = Instant::now();
        Activity::new().idle(FIRST, LATER).await;
        assert_eq!(begun.elapsed(), FIRST);
    }

    #[tokio::test(start_paused = true)]
    async fn what_goes_on_keeps_a_connection() {
        let activity = Activity::new();
        let (begun, busy) = (Instant::now(), activity.begin());
        let held = async {
            advance(LATER * 3).await;
            drop(busy);
        };
        tokio::join!(held, activity.idle(FIRST, LATER));
        assert!(begun.elapsed() >= LATER * 4, "{:?}", begun.elapsed());
        activity.none().await;
    }
}
