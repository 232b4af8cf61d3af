//! What a queue is bounded by, and what happens at its bound.

use thiserror::Error;

/// What one queued message counts beside its payload, in bytes, so that a flood of empty messages
/// is bounded as well: about what the queue itself spends on it.
pub const MESSAGE_OVERHEAD_BYTES: usize = 64;

/// How much is held back at the most while batching is allowed, in bytes, where half of the queue's
/// limit is not less: about what one write to a socket takes.
pub const BATCH_BYTES_MAX: usize = 16 << 10;

/// How full a queue is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueStatus {
    /// Bytes that wait, [`MESSAGE_OVERHEAD_BYTES`] for each message included.
    pub queued_bytes: usize,
    /// The most that may wait.
    pub limit_bytes: usize,
    /// How many messages were dropped for want of room.
    pub dropped: u64,
}

/// What becomes of a message for which there is no room, because the peer reads more slowly than it
/// is sent to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SlowReader {
    /// It is refused, and a guest's reply waits.
    #[default]
    Wait,
    /// It is dropped, and counted.
    Drop,
    /// The session is closed with 1013.
    Close,
}

/// What a queue is bounded by.
#[derive(Clone, Copy, Debug)]
pub struct QueueLimits {
    /// The most that may wait, in bytes, or one message of any size; beside what is held back.
    pub bytes: usize,
    /// What becomes of a message beyond it.
    pub slow_reader: SlowReader,
}

/// Why a message was not taken. Nothing of it is sent.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum SendError {
    /// The session is closing or closed.
    #[error("the session is closed")]
    Closed,
    /// The peer reads more slowly than it is sent to.
    #[error("the session's queue is full: {} of {} bytes wait", .0.queued_bytes, .0.limit_bytes)]
    QueueFull(QueueStatus),
}
