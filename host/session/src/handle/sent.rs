//! Hearing that what was sent has left.

use sockhop_wire::Message;

use super::Handle;
use crate::outbound::{AwaitError, NotifyError, Outgoing, Receipt};

impl Handle {
    /// Queues a message for the peer; the receipt is ready when it, and what was before it, has
    /// been handed to the connection.
    ///
    /// # Errors
    /// [`AwaitError`]; nothing is sent then.
    pub fn send_awaited(&self, message: Message) -> Result<Receipt, AwaitError> {
        self.outbound().push_awaited(message)
    }

    /// Has the session's endpoint told of this token when all that is queued now has been handed to
    /// the connection.
    ///
    /// # Errors
    /// [`NotifyError`].
    pub fn notify_sent(&self, token: u64) -> Result<(), NotifyError> {
        self.outbound().push_token(token)
    }

    /// For the connection: a token is under way no longer.
    pub fn token_told(&self) {
        self.outbound().token_told();
    }

    /// For the connection while the guest is busy and the session is closing: what is still to be
    /// written before its Close frame.
    #[must_use]
    pub fn take_rest(&self) -> Option<Outgoing> {
        self.outbound().take_rest()
    }

    /// For the connection, which is gone: whoever waits for a message hears so.
    pub fn forget_awaited(&self) {
        self.outbound().forget_awaited();
    }

    /// For the connection: whether anybody has ever waited for a message.
    #[must_use]
    pub fn was_awaited(&self) -> bool {
        self.lock_outbound().was_awaited()
    }
}
