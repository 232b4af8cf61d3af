//! What is held back, at the end of the queue, to be written together.

use super::BATCH_BYTES_MAX;

/// What was queued.
#[derive(Clone, Copy, Debug)]
pub(super) enum Held {
    Entry,
    Control,
    /// A piece of a message that has its entry already.
    Piece,
}

/// How much of the queue it is.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) entries: usize,
    pub(super) controls: usize,
    pub(super) bytes: usize,
}

impl Batch {
    /// Takes what was queued. Answers whether it is held back: where that would be too much for a
    /// queue with this limit, in bytes, all of it is let go of.
    pub(super) fn holds(&mut self, what: Held, bytes: usize, limit: usize) -> bool {
        match what {
            Held::Entry => self.entries += 1,
            Held::Control => self.controls += 1,
            Held::Piece => {}
        }
        self.bytes = self.bytes.saturating_add(bytes);
        let is_held = self.bytes < BATCH_BYTES_MAX.min(limit / 2);
        if !is_held {
            *self = Self::default();
        }
        is_held
    }
}
