//! One message on its way to many sessions.

use std::sync::Arc;

use sockhop_session::{Handle, Message, SendError, Shared};

use crate::bindings::sessions::BroadcastOutcome;

/// A message for many, and what became of it so far.
pub(crate) struct Delivery {
    /// Encoded once, by the first of the connections that writes it.
    message: Arc<Shared>,
    outcome: BroadcastOutcome,
}

impl Delivery {
    pub(crate) fn of(message: Message) -> Self {
        let outcome = BroadcastOutcome { queued: 0, refused: Vec::new() };
        Self { message: Arc::new(Shared::new(message)), outcome }
    }

    /// Queues the message for a session. One that is not open is none of those it is meant for.
    pub(crate) fn to(&mut self, session: &Handle) {
        match session.send_shared(&self.message) {
            Ok(()) => self.outcome.queued = self.outcome.queued.saturating_add(1),
            Err(SendError::QueueFull(_)) => self.outcome.refused.push(session.id().to_string()),
            Err(SendError::Closed) => {}
        }
    }

    pub(crate) fn outcome(self) -> BroadcastOutcome {
        self.outcome
    }
}
