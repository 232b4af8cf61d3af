//! What is held back, at the end of the queue, to be written together.

use super::BATCH_BYTES_MAX;

/// How much of the queue it is.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) entries: usize,
    pub(super) bytes: usize,
}

impl Batch {
    /// Takes what was queued. Answers whether it is held back: where that would be too much for a
    /// queue with this limit, in bytes, all of it is let go of.
    pub(super) fn holds(&mut self, entries: usize, bytes: usize, limit: usize) -> bool {
        self.entries += entries;
        self.bytes = self.bytes.saturating_add(bytes);
        let is_held = self.bytes < BATCH_BYTES_MAX.min(limit / 2);
        if !is_held {
            *self = Self::default();
        }
        is_held
    }
}
