//! Marks: places in the queue at which somebody wants to know that all before them has left.
//!
//! A mark is taken from the queue in its turn and passed when all that was taken before it has been
//! handed to the connection. It costs nothing of the queue's room: whoever was refused for want of
//! it is told by a mark when there is some again.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use sockhop_wire::Message;
use thiserror::Error;

use super::{Entry, Outbound, Outgoing, QueueStatus, cost_of};

/// The most tokens of a session that its endpoint has not been told of. A guest needs one for each
/// batch that it has under way, and each takes a place in the queue and an event.
pub const TOKENS_MAX: u32 = 64;

/// What is to happen when all before it has been handed to the connection.
#[derive(Debug, PartialEq, Eq)]
pub enum Mark {
    /// Whoever waits goes on.
    Awaited(Completion),
    /// The session's endpoint is told of this token.
    Told(u64),
    /// The times to send of the messages up to this one have been kept.
    Timed(u64),
}

/// One end of a wait: passed, or dropped because the session has ended.
#[derive(Debug)]
pub struct Completion(Arc<Wait>);

/// The other end: ready when the mark is passed.
#[derive(Debug)]
pub struct Receipt(Arc<Wait>);

#[derive(Debug, Default)]
struct Wait(Mutex<(Outcome, Option<Waker>)>);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Outcome {
    #[default]
    Pending,
    Sent,
    Lost,
}

impl Wait {
    // Nothing that panics is done under the lock.
    fn lock(&self) -> MutexGuard<'_, (Outcome, Option<Waker>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self, with: Outcome) {
        let waker = {
            let mut wait = self.lock();
            if wait.0 == Outcome::Pending {
                wait.0 = with;
            }
            wait.1.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl Completion {
    /// A wait that has just begun.
    #[must_use]
    pub fn new() -> (Self, Receipt) {
        let wait = Arc::<Wait>::default();
        (Self(Arc::clone(&wait)), Receipt(wait))
    }

    /// All before it has been handed to the connection.
    pub fn sent(self) {
        self.0.end(Outcome::Sent);
    }
}

impl Drop for Completion {
    fn drop(&mut self) {
        self.0.end(Outcome::Lost);
    }
}

impl PartialEq for Completion {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Completion {}

/// The session has ended before what was waited for was handed to the connection.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("the session has ended first")]
pub struct Lost;

impl Future for Receipt {
    type Output = Result<(), Lost>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Lost>> {
        let mut wait = self.0.lock();
        match wait.0 {
            Outcome::Sent => Poll::Ready(Ok(())),
            Outcome::Lost => Poll::Ready(Err(Lost)),
            Outcome::Pending => {
                wait.1 = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

/// Why a message that is to be waited for was not taken. Nothing of it is sent.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum AwaitError {
    /// The session is closing or closed.
    #[error("the session is closed")]
    Closed,
    /// The peer reads more slowly than it is sent to.
    #[error("the session's queue is full: {} of {} bytes wait", .0.queued_bytes, .0.limit_bytes)]
    QueueFull(QueueStatus),
    /// A message that is sent piece by piece is before it and not finished: whoever writes the rest
    /// may be who would wait.
    #[error("a message that is sent piece by piece and not finished is before it")]
    Unfinished,
}

/// Why nobody will be told. Nothing has changed.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum NotifyError {
    /// The session is closing or closed.
    #[error("the session is closed")]
    Closed,
    /// As many tokens as there may be are under way: [`TOKENS_MAX`].
    #[error(
        "{0} tokens of the session are under way already; its endpoint has to hear of one first"
    )]
    TooMany(u32),
}

impl Outbound {
    /// Takes a message, whole, behind all that waits, which is held back no longer. The receipt is
    /// ready when it has been handed to the connection.
    ///
    /// # Errors
    /// [`AwaitError`]; the message is then not taken. It is never dropped for want of room.
    pub fn push_awaited(&mut self, message: Message) -> Result<Receipt, AwaitError> {
        let cost = cost_of(message.payload_bytes());
        if !self.is_open() {
            return Err(AwaitError::Closed);
        }
        if self.streams.are_open() {
            return Err(AwaitError::Unfinished);
        }
        if !self.makes_room(cost) {
            return Err(self.too_slow().map_or(AwaitError::Closed, AwaitError::QueueFull));
        }
        self.append(cost, Entry::Message(message));
        self.flush();
        let (completion, receipt) = Completion::new();
        self.was_awaited = true;
        self.entries.push_back(Entry::Mark(Mark::Awaited(completion)));
        self.wake();
        Ok(receipt)
    }

    /// Has the session's endpoint told of a token when all that waits has been handed to the
    /// connection. What is held back stays so.
    ///
    /// # Errors
    /// [`NotifyError`].
    pub fn push_token(&mut self, token: u64) -> Result<(), NotifyError> {
        if !self.is_open() {
            return Err(NotifyError::Closed);
        }
        if self.tokens >= TOKENS_MAX {
            return Err(NotifyError::TooMany(TOKENS_MAX));
        }
        self.tokens += 1;
        self.entries.push_back(Entry::Mark(Mark::Told(token)));
        match &mut self.batch {
            Some(batch) if batch.entries + batch.controls > 0 => batch.entries += 1,
            Some(_) | None => self.wake(),
        }
        Ok(())
    }

    /// The endpoint has been told of a token, or nobody is there to be told.
    pub fn token_told(&mut self) {
        self.tokens = self.tokens.saturating_sub(1);
    }

    /// Takes out what is still to be written before the Close frame of a session that is closing.
    pub fn take_rest(&mut self) -> Option<Outgoing> {
        if self.is_open() { None } else { self.take() }
    }

    /// The connection is gone: whoever waits for a message hears so. All else stays as it is, until
    /// what the peer has said is delivered.
    pub fn forget_awaited(&mut self) {
        self.entries.retain(|entry| !matches!(entry, Entry::Mark(Mark::Awaited(_))));
    }

    /// Whether anybody has ever waited for a message.
    #[must_use]
    pub fn was_awaited(&self) -> bool {
        self.was_awaited
    }
}
