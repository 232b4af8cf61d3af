//! One message for many peers.

use crate::message::Message;

/// A message that is sent to many: what can be shared of the work is done once, by whoever needs
/// it first, and its result is shared.
#[derive(Debug)]
pub struct Shared {
    message: Message,
}

impl Shared {
    /// Makes a message ready to be sent to many.
    #[must_use]
    pub fn new(message: Message) -> Self {
        Self { message }
    }

    /// The message.
    #[must_use]
    pub fn message(&self) -> &Message {
        &self.message
    }

    /// The payload's length in bytes, not compressed.
    #[must_use]
    pub fn payload_bytes(&self) -> usize {
        self.message.payload_bytes()
    }
}
