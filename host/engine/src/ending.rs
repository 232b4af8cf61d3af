//! A place in an instance that is shared, where a full host has to wait for the one before it.

use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Notify, OwnedSemaphorePermit};

use crate::engine::Engine;
use crate::seats::SeatError;
use crate::shard::Shard;

/// How long a session waits on a full host for the instance that it would have come into, which is
/// ending, to give its place back. That takes well below a millisecond, unless the machine has no
/// time for it.
const ENDING_MAX: Duration = Duration::from_millis(500);

/// There is no right to one more instance.
pub(crate) struct Full {
    /// Whether the one that it would take the place of is ending, and gives its own back.
    pub(crate) is_ending: bool,
}

/// The places of one endpoint.
#[derive(Default)]
pub(crate) struct Places {
    /// Told of each instance that is made.
    made: Notify,
    /// How many wait for a place. One of them may have been given it already, and not have taken
    /// it: then there is nothing to see of it, neither an instance nor a right to one.
    waiting: AtomicUsize,
}

/// One who waits for a place, and is counted.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Places {
    /// An instance was made.
    pub(crate) fn made(&self) {
        self.made.notify_waiters();
    }

    /// A seat in an instance. `live` is one in the instance that lives, `join` makes one where none
    /// does, by this right or by one that is free, and says so to [`made`](Self::made).
    ///
    /// # Errors
    /// [`SeatError::AtCapacity`]: the host is full, of others or for longer than that.
    pub(crate) async fn take(
        &self,
        engine: &Engine,
        live: impl Fn() -> Option<Shard>,
        join: impl Fn(Option<OwnedSemaphorePermit>) -> Result<Shard, Full>,
    ) -> Result<Shard, SeatError> {
        let others_waited = self.others_wait();
        match join(None) {
            Ok(shard) => return Ok(shard),
            // Whoever loads a page anew leaves, and is back at once.
            Err(Full { is_ending }) if is_ending || others_waited || self.others_wait() => {}
            Err(_full) => return Err(SeatError::AtCapacity),
        }
        let _until_it_has_a_seat = Waiting::new(&self.waiting);
        // Of several who come back one gets the place, and the others go where that one goes.
        let permit = tokio::select! {
            shard = self.made_by_another(live) => return Ok(shard),
            permit = engine.permit_within(ENDING_MAX) => permit,
        };
        join(permit).map_err(|_full| SeatError::AtCapacity)
    }

    fn others_wait(&self) -> bool {
        self.waiting.load(Ordering::SeqCst) > 0
    }

    /// Waits until there is an instance.
    async fn made_by_another(&self, live: impl Fn() -> Option<Shard>) -> Shard {
        let mut told = pin!(self.made.notified());
        loop {
            // From here on nothing is missed.
            told.as_mut().enable();
            if let Some(shard) = live() {
                return shard;
            }
            told.as_mut().await;
            told.set(self.made.notified());
        }
    }
}
