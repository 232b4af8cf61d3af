//! Knowing that what was sent has left.

use super::Session;
use crate::bindings::sockhop::websocket::session as wit;
use crate::coder::{Encode, EncodeError};
use crate::send::QueueStatus;

/// Why [`Session::send_and_wait`] has not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum WaitError {
    /// The session is not open, and nothing was sent; or it has ended while the message was waited
    /// for, and how much of that the peer has got is not known.
    #[error("the session is not open, or has ended before the message had left")]
    Closed,
    /// The session's queue has no room because its peer reads more slowly than it is sent to.
    /// Nothing was sent.
    #[error("{}", crate::send::full(.0))]
    QueueFull(QueueStatus),
    /// A message that is sent piece by piece is before it and not finished. Nothing was sent.
    #[error("a message that is sent piece by piece is before it and not finished")]
    UnfinishedMessage,
    /// The message could not be encoded; the host never saw it.
    #[error("the message could not be sent")]
    Encode(#[from] EncodeError),
}

impl From<wit::WaitError> for WaitError {
    fn from(error: wit::WaitError) -> Self {
        match error {
            wit::WaitError::Closed => Self::Closed,
            wit::WaitError::QueueFull(status) => Self::QueueFull(status),
            wit::WaitError::UnfinishedMessage => Self::UnfinishedMessage,
        }
    }
}

/// Why nobody will be told. Nothing has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotifyError {
    /// The session is closing or closed.
    #[error("the session is not open")]
    Closed,
    /// As many tokens of the session are under way as there may be, which is this many.
    #[error("{0} tokens of the session are under way; wait for an `on_sent`")]
    TooMany(u32),
}

impl From<wit::NotifyError> for NotifyError {
    fn from(error: wit::NotifyError) -> Self {
        match error {
            wit::NotifyError::Closed => Self::Closed,
            wit::NotifyError::TooMany(most) => Self::TooMany(most),
        }
    }
}

impl Session {
    /// Queues a message and waits until it, and what was queued before it, has been handed to the
    /// connection (Jakarta `Basic.sendText`). That the peer has got it is not said.
    ///
    /// The instance gets no event meanwhile, of no session, and a call that waits longer than the
    /// operator allows is a trap: [`set_send_timeout`](Self::set_send_timeout) with less than that
    /// ends the session instead. [`notify_sent`](Self::notify_sent) does not wait.
    ///
    /// # Errors
    ///
    /// [`WaitError`].
    pub fn send_and_wait(&self, message: impl Encode) -> Result<(), WaitError> {
        Ok(self.0.send_and_wait(&message.encode()?)?)
    }

    /// Has [`on_sent`](crate::Endpoint::on_sent) called with this token when all that is queued for
    /// the session now has been handed to the connection. After a
    /// [`QueueFull`](crate::SendError::QueueFull) that is when there is room again.
    ///
    /// ```
    /// # use sockhop_guest::*;
    /// /// Sends a long list, as fast as its peer reads and no faster.
    /// struct List { session: Session, next: u32 }
    ///
    /// impl List {
    ///     fn go_on(&mut self) -> Result {
    ///         while self.next < 1_000_000 {
    ///             match self.session.send(self.next) {
    ///                 Err(SendError::QueueFull(_)) => return Ok(self.session.notify_sent(0)?),
    ///                 sent => sent?,
    ///             }
    ///             self.next += 1;
    ///         }
    ///         Ok(())
    ///     }
    /// }
    ///
    /// #[endpoint("/list")]
    /// impl Endpoint for List {
    ///     fn on_open(session: Session) -> Result<Self> { Ok(List { session, next: 0 }) }
    ///
    ///     fn on_message(&mut self, _message: Message) -> Result { self.go_on() }
    ///
    ///     fn on_sent(&mut self, _token: u64) -> Result { self.go_on() }
    /// }
    ///
    /// export!(List; completions);
    /// # fn main() {}
    /// ```
    ///
    /// It is the session's endpoint that is told, whoever asks; where its component does not export
    /// `completions`, nobody is.
    ///
    /// # Errors
    ///
    /// [`NotifyError::Closed`], where the session is not open; [`NotifyError::TooMany`], where 64
    /// tokens of the session are under way.
    pub fn notify_sent(&self, token: u64) -> Result<(), NotifyError> {
        Ok(self.0.notify_sent(token)?)
    }
}
