//! A place in an instance that is shared, where a full host has to wait for the one before it.

use std::pin::pin;
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

/// A seat in an instance. `live` is one in the instance that lives, `join` makes one where none
/// does, by this right or by one that is free, and tells `made` of it.
///
/// # Errors
/// [`SeatError::AtCapacity`]: the host is full, of others or for longer than that.
pub(crate) async fn place(
    engine: &Engine,
    made: &Notify,
    live: impl Fn() -> Option<Shard>,
    join: impl Fn(Option<OwnedSemaphorePermit>) -> Result<Shard, Full>,
) -> Result<Shard, SeatError> {
    match join(None) {
        Ok(shard) => return Ok(shard),
        Err(Full { is_ending: false }) => return Err(SeatError::AtCapacity),
        // Whoever loads a page anew leaves, and is back at once.
        Err(Full { is_ending: true }) => {}
    }
    // Of several who come back one gets the place, and the others go where that one goes.
    let permit = tokio::select! {
        shard = made_by_another(made, live) => return Ok(shard),
        permit = engine.permit_within(ENDING_MAX) => permit,
    };
    join(permit).map_err(|_full| SeatError::AtCapacity)
}

/// Waits until there is an instance.
async fn made_by_another(made: &Notify, live: impl Fn() -> Option<Shard>) -> Shard {
    let mut told = pin!(made.notified());
    loop {
        // From here on nothing is missed.
        told.as_mut().enable();
        if let Some(shard) = live() {
            return shard;
        }
        told.as_mut().await;
        told.set(made.notified());
    }
}
