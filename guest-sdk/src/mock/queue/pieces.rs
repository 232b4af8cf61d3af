//! Messages that are sent piece by piece, in the queue.

use super::{Entry, MESSAGE_OVERHEAD_BYTES, Queue, cost};
use crate::bindings::sockhop::websocket::session::{SendError, WriteError};
use crate::bindings::sockhop::websocket::types::{CloseCause, Message};
use crate::mock::ending;
use crate::mock::stream::Stream;

impl Queue {
    pub(crate) fn start_stream(&mut self) -> Result<u64, SendError> {
        if !self.is_open() {
            return Err(SendError::Closed);
        }
        if !self.makes_room(MESSAGE_OVERHEAD_BYTES) {
            return Err(self.too_slow().map_or(SendError::Closed, SendError::QueueFull));
        }
        self.streams += 1;
        self.append(MESSAGE_OVERHEAD_BYTES, Entry::Stream(Stream::new(self.streams)));
        Ok(self.streams)
    }

    pub(crate) fn write_piece(&mut self, stream: u64, piece: Message) -> Result<(), WriteError> {
        if !self.is_open() {
            return Err(WriteError::Closed);
        }
        let found = self.unfinished().find(|known| known.id == stream);
        if !found.ok_or(WriteError::Closed)?.takes(&piece) {
            return Err(WriteError::WrongKind);
        }
        let cost = cost(&piece);
        // A message's own place is no reason to refuse its first piece, however large it is.
        if self.queued_bytes > MESSAGE_OVERHEAD_BYTES && !self.makes_room(cost) {
            return Err(self.too_slow().map_or(WriteError::Closed, WriteError::QueueFull));
        }
        if let Some(stream) = self.unfinished().find(|known| known.id == stream) {
            stream.waiting.push(piece);
        }
        self.queued_bytes += cost;
        self.hold_back(0, cost);
        Ok(())
    }

    pub(crate) fn finish_stream(&mut self, stream: u64) -> Result<(), WriteError> {
        if !self.is_open() {
            return Err(WriteError::Closed);
        }
        let found = self.unfinished().find(|known| known.id == stream);
        found.ok_or(WriteError::Closed)?.finished = true;
        self.pass();
        Ok(())
    }

    /// Nobody writes the rest of a message: one that has begun cannot be taken back.
    pub(crate) fn abandon_stream(&mut self, stream: u64) {
        let Some(stream) = self.unfinished().find(|known| known.id == stream) else { return };
        if stream.is_empty() {
            stream.finished = true;
            self.pass();
        } else {
            self.end(ending::by_cause(CloseCause::MessageAbandoned));
        }
    }

    pub(super) fn unfinished(&mut self) -> impl Iterator<Item = &mut Stream> {
        self.entries.iter_mut().filter_map(|entry| match entry {
            Entry::Stream(stream) if !stream.finished => Some(stream),
            Entry::Stream(_) | Entry::Message(_) | Entry::Control(_) | Entry::Token(_) => None,
        })
    }
}
