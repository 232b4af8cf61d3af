//! Messages that are sent piece by piece, in the queue.

use sockhop_wire::Message;

use super::{Entry, Held, Outbound, SendError, StreamId, WriteError, cost_of};
use crate::close::{CloseCause, CloseRequest};

impl Outbound {
    /// Starts a message that is sent piece by piece, behind all that waits.
    ///
    /// # Errors
    /// As [`push`](Self::push) for an empty message, but that nothing is dropped.
    pub fn start_stream(&mut self) -> Result<StreamId, SendError> {
        let cost = cost_of(0);
        if !self.is_open() {
            return Err(SendError::Closed);
        }
        if !self.makes_room(cost) {
            return Err(self.too_slow().map_or(SendError::Closed, SendError::QueueFull));
        }
        self.append(cost, Entry::Stream);
        Ok(self.streams.start())
    }

    /// Takes the next piece of a message.
    ///
    /// # Errors
    /// [`WriteError`]; the piece is not taken.
    pub fn write_piece(&mut self, stream: StreamId, piece: Message) -> Result<(), WriteError> {
        if !self.is_open() {
            return Err(WriteError::Closed);
        }
        self.streams.check(stream, piece.kind())?;
        let cost = cost_of(piece.payload_bytes());
        if self.queued_bytes > cost_of(0) && !self.makes_room(cost) {
            return Err(self.too_slow().map_or(WriteError::Closed, WriteError::QueueFull));
        }
        self.streams.write(stream, piece)?;
        self.queued_bytes = self.queued_bytes.saturating_add(cost);
        self.hold_back(Held::Piece, cost);
        Ok(())
    }

    /// Ends a message: all its pieces have been written.
    ///
    /// # Errors
    /// [`WriteError::Closed`].
    pub fn finish_stream(&mut self, stream: StreamId) -> Result<(), WriteError> {
        if !self.is_open() {
            return Err(WriteError::Closed);
        }
        self.streams.finish(stream)?;
        self.wake();
        Ok(())
    }

    /// Nobody writes the rest of a message. One that has begun cannot be taken back: the session is
    /// closed. One that is finished, or of which there is no piece, is let be.
    pub fn abandon_stream(&mut self, stream: StreamId) {
        if self.streams.abandon(stream) {
            self.close(CloseRequest::by_host(CloseCause::MessageAbandoned));
        } else {
            self.wake();
        }
    }
}
