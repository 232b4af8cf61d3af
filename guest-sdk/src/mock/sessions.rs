//! The contract's interface `sessions`: the open sessions of the endpoint whose event runs.

use std::sync::Arc;

use crate::bindings::sockhop::websocket::session::SendError;
use crate::bindings::sockhop::websocket::types::Message;
use crate::mock::{Directory, Session, Wire};

pub(crate) use crate::bindings::sockhop::websocket::sessions::{BroadcastOutcome, Selection};

/// The most ids that one call of [`ids`] answers with.
const IDS_MAX: u32 = 1000;

pub(crate) fn count(which: &Selection) -> u32 {
    u32::try_from(chosen(which).count()).unwrap_or(u32::MAX)
}

pub(crate) fn ids(which: &Selection, after: Option<&str>, limit: u32) -> Vec<String> {
    let after = after.and_then(Wire::number_of).unwrap_or(0);
    let limit = usize::try_from(limit.min(IDS_MAX)).unwrap_or(usize::MAX);
    let behind = chosen(which).filter(|wire| wire.number > after);
    behind.take(limit).map(|wire| wire.id()).collect()
}

pub(crate) fn get(id: &str) -> Option<Session> {
    let number = Wire::number_of(id)?;
    let open = open();
    open.iter().find(|wire| wire.number == number).map(Session::of)
}

pub(crate) fn broadcast(message: &Message, to: &Selection) -> BroadcastOutcome {
    deliver(message, chosen(to))
}

/// Queues a message for each of these.
pub(super) fn deliver(
    message: &Message,
    to: impl IntoIterator<Item = Arc<Wire>>,
) -> BroadcastOutcome {
    let mut outcome = BroadcastOutcome { queued: 0, refused: Vec::new() };
    for wire in to {
        match wire.queue().push(message.clone()) {
            Ok(()) => outcome.queued += 1,
            Err(SendError::QueueFull(_)) => outcome.refused.push(wire.id()),
            Err(SendError::Closed) => {}
        }
    }
    outcome
}

/// Oldest first.
pub(super) fn open() -> Vec<Arc<Wire>> {
    let mut wires = Directory::current().map_or_else(Vec::new, |directory| directory.all());
    wires.retain(|wire| wire.queue().is_open());
    wires
}

fn chosen(which: &Selection) -> impl Iterator<Item = Arc<Wire>> {
    open().into_iter().filter(|wire| {
        let parameters = &wire.request.path_parameters;
        which.path_parameters.iter().all(|wanted| parameters.contains(wanted))
            && !which.except.contains(&wire.id())
    })
}
