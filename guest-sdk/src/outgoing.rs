//! Messages that are sent piece by piece.

use crate::Message;
use crate::host::session as wit;
use crate::send::WriteError;

/// A message that is sent piece by piece (Jakarta `getSendStream` and `getSendWriter`), made by
/// [`Session::start_message`](crate::Session::start_message).
///
/// What is sent to the session meanwhile waits until the message is finished. It is text or binary
/// as its first piece is. One that is dropped halfway cannot be taken back: the session is closed
/// with 1011. One of which no piece was written is no message.
#[derive(Debug)]
pub struct OutgoingMessage(wit::OutgoingMessage);

impl OutgoingMessage {
    pub(crate) fn new(message: wit::OutgoingMessage) -> Self {
        Self(message)
    }

    /// Queues the next piece; it may be empty.
    ///
    /// # Errors
    ///
    /// [`WriteError`]; nothing of the piece is sent then, and after
    /// [`WriteError::QueueFull`] the same piece may be written at a later event.
    pub fn write(&self, piece: impl Into<Message>) -> Result<(), WriteError> {
        Ok(self.0.write(&piece.into())?)
    }

    /// Ends the message. Where no piece was written, nothing is sent.
    ///
    /// # Errors
    ///
    /// [`WriteError::Closed`], where the session is not open.
    pub fn finish(self) -> Result<(), WriteError> {
        Ok(self.0.finish()?)
    }
}
