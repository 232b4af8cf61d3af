//! How many sessions may keep a compressor's history at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The places for sessions with context takeover in one process. A clone shares them.
///
/// Such a session holds up to 360 KiB for as long as it lives. Who takes a ticket before it agrees
/// to takeover, and lowers its [`Policy`](super::Policy) where there is none, cannot be made to
/// hold more than so many; the sessions beyond are compressed as well, only without history.
#[derive(Clone, Debug)]
pub struct Budget {
    left: Arc<AtomicUsize>,
}

impl Budget {
    /// A budget for `contexts` sessions at once. With 0 nobody gets one.
    #[must_use]
    pub fn new(contexts: usize) -> Self {
        Self { left: Arc::new(AtomicUsize::new(contexts)) }
    }

    /// A place, while there is one. It is given back when the ticket is dropped.
    #[must_use]
    pub fn try_take(&self) -> Option<BudgetTicket> {
        // Only the number is shared, nothing that it guards: no ordering is needed.
        self.left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1))
            .ok()
            .map(|_| BudgetTicket { left: Arc::clone(&self.left) })
    }

    /// How many places are left.
    #[must_use]
    pub fn left(&self) -> usize {
        self.left.load(Ordering::Relaxed)
    }
}

/// One session's place in a [`Budget`], for as long as it lives.
#[derive(Debug)]
#[must_use = "a dropped ticket is given back"]
pub struct BudgetTicket {
    left: Arc<AtomicUsize>,
}

impl Drop for BudgetTicket {
    fn drop(&mut self) {
        self.left.fetch_add(1, Ordering::Relaxed);
    }
}
