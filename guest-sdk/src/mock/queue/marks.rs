//! Who hears that what was sent has left. A message has left when the peer has read it, or when
//! somebody has waited for it.

use super::{Entry, MESSAGE_OVERHEAD_BYTES, Queue, cost};
use crate::bindings::sockhop::websocket::session::{NotifyError, WaitError};
use crate::bindings::sockhop::websocket::types::Message;

/// The most tokens of a session that its endpoint has not been told of.
const TOKENS_MAX: u32 = 64;

impl Queue {
    /// Queues a message and hands it over, with all that is before it.
    pub(crate) fn push_awaited(&mut self, message: Message) -> Result<(), WaitError> {
        if !self.is_open() {
            return Err(WaitError::Closed);
        }
        if self.unfinished().next().is_some() {
            return Err(WaitError::UnfinishedMessage);
        }
        let cost = cost(&message);
        if !self.makes_room(cost) {
            return Err(self.too_slow().map_or(WaitError::Closed, WaitError::QueueFull));
        }
        self.append(cost, Entry::Message(message));
        self.flush();
        while let Some(message) = self.take() {
            self.handed_over.push_back(message);
        }
        Ok(())
    }

    /// Has the endpoint told of a token when all that waits has left.
    pub(crate) fn push_token(&mut self, token: u64) -> Result<(), NotifyError> {
        if !self.is_open() {
            return Err(NotifyError::Closed);
        }
        if self.tokens >= TOKENS_MAX {
            return Err(NotifyError::TooMany(TOKENS_MAX));
        }
        self.tokens += 1;
        self.entries.push_back(Entry::Token(token));
        if let Some(batch) = &mut self.batch
            && batch.entries > 0
        {
            batch.entries += 1;
        }
        self.pass();
        Ok(())
    }

    /// What nobody reads has left when nothing waits before it: tokens come to their end, and so
    /// does a message of which no piece was written.
    pub(super) fn pass(&mut self) {
        let held = self.batch.as_ref().map_or(0, |batch| batch.entries);
        while self.entries.len() > held {
            match self.entries.front() {
                Some(Entry::Token(token)) => self.told.push_back(*token),
                Some(Entry::Stream(stream)) if stream.finished && stream.is_empty() => {
                    self.queued_bytes = self.queued_bytes.saturating_sub(MESSAGE_OVERHEAD_BYTES);
                }
                Some(Entry::Message(_) | Entry::Control(_) | Entry::Stream(_)) | None => return,
            }
            self.entries.pop_front();
        }
    }

    /// Whether the endpoint is to be told of a token.
    pub(crate) fn has_token(&self) -> bool {
        self.is_open() && !self.told.is_empty()
    }

    /// The next token of which the endpoint is told now.
    pub(crate) fn next_token(&mut self) -> Option<u64> {
        let token = self.told.pop_front()?;
        self.tokens = self.tokens.saturating_sub(1);
        Some(token)
    }
}
