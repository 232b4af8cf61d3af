//! How sending, closing and setting a property can fail, as errors that a guest can act on.

use crate::bindings::sockhop::websocket::session as wit;
use crate::coder::EncodeError;

pub use wit::QueueStatus;

pub(crate) fn full(status: &QueueStatus) -> String {
    let QueueStatus { queued_bytes, limit_bytes, .. } = status;
    format!(
        "the session's queue is full: {queued_bytes} of {limit_bytes} bytes wait for a slow peer"
    )
}

/// Why a message was not taken. Nothing of it was sent, and the session is as it was.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The session is closing or closed. No later send will succeed.
    #[error("the session is not open")]
    Closed,
    /// The session's queue has no room because its peer reads more slowly than it is sent to.
    /// The guest may send again at a later event, leave the message out, or close the session.
    #[error("{}", full(.0))]
    QueueFull(QueueStatus),
    /// The message could not be encoded; the host never saw it.
    #[error("the message could not be sent")]
    Encode(#[from] EncodeError),
}

impl From<wit::SendError> for SendError {
    fn from(error: wit::SendError) -> Self {
        match error {
            wit::SendError::Closed => Self::Closed,
            wit::SendError::QueueFull(status) => Self::QueueFull(status),
        }
    }
}

/// Why a piece of a message was not taken. Nothing of the piece was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// The session is closing or closed.
    #[error("the session is not open")]
    Closed,
    /// The session's queue has no room because its peer reads more slowly than it is sent to.
    #[error("{}", full(.0))]
    QueueFull(QueueStatus),
    /// The piece is of another kind than the message's first.
    #[error("the piece is of another kind than the first one of its message")]
    WrongKind,
}

impl From<wit::WriteError> for WriteError {
    fn from(error: wit::WriteError) -> Self {
        match error {
            wit::WriteError::Closed => Self::Closed,
            wit::WriteError::QueueFull(status) => Self::QueueFull(status),
            wit::WriteError::WrongKind => Self::WrongKind,
        }
    }
}

/// Why a ping or a pong was not taken. Nothing was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ControlError {
    /// The session is closing or closed.
    #[error("the session is not open")]
    Closed,
    /// The session's queue has no room because its peer reads more slowly than it is sent to.
    #[error("{}", full(.0))]
    QueueFull(QueueStatus),
    /// The payload has this many bytes; at most 125 fit (RFC 6455 §5.5).
    #[error("a ping or pong of {0} bytes; at most 125 fit")]
    TooLong(u32),
}

impl From<wit::ControlError> for ControlError {
    fn from(error: wit::ControlError) -> Self {
        match error {
            wit::ControlError::Closed => Self::Closed,
            wit::ControlError::QueueFull(status) => Self::QueueFull(status),
            wit::ControlError::TooLong(bytes) => Self::TooLong(bytes),
        }
    }
}

/// Why a close was not begun. The session is as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CloseError {
    /// RFC 6455 §7.4 keeps this code from being sent. Allowed are 1000 to 1003, 1007 to 1014,
    /// 3000 to 4999, and 1005 for a Close frame without a code.
    #[error("close code {0} may not be sent; use 1000 to 1003, 1007 to 1014, or 3000 to 4999")]
    InvalidCode(u16),
    /// The phrase has this many bytes of UTF-8; at most 123 fit a Close frame (RFC 6455 §5.5).
    #[error("the close phrase has {0} bytes; shorten it to 123")]
    PhraseTooLong(u32),
}

impl From<wit::CloseError> for CloseError {
    fn from(error: wit::CloseError) -> Self {
        match error {
            wit::CloseError::InvalidCode(code) => Self::InvalidCode(code),
            wit::CloseError::PhraseTooLong(bytes) => Self::PhraseTooLong(bytes),
        }
    }
}

/// Why a property was not set. The session's properties are as they were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PropertyError {
    /// All of the session's names and values together would be larger than the operator allows.
    #[error("the session's properties would take {bytes} bytes; {limit_bytes} are allowed")]
    TooBig {
        /// What they would take, in bytes.
        bytes: u64,
        /// What they may take, in bytes.
        limit_bytes: u64,
    },
    /// The session is closed: `on_close` has returned.
    #[error("the session is closed")]
    Closed,
}

impl From<wit::PropertyError> for PropertyError {
    fn from(error: wit::PropertyError) -> Self {
        match error {
            wit::PropertyError::TooBig((bytes, limit_bytes)) => Self::TooBig { bytes, limit_bytes },
            wit::PropertyError::Closed => Self::Closed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;

    #[test]
    fn a_full_queue_is_told_with_both_numbers() {
        let status = QueueStatus { queued_bytes: 7, limit_bytes: 9, dropped: 0 };
        let error = SendError::from(wit::SendError::QueueFull(status));
        assert_eq!(
            error.to_string(),
            "the session's queue is full: 7 of 9 bytes wait for a slow peer"
        );
    }

    #[test]
    fn an_encoder_that_fails_is_the_source() {
        let error = Error::from(SendError::from(EncodeError::new("no form")));
        assert_eq!(
            error.to_string(),
            "the message could not be sent: the value could not be encoded: no form"
        );
    }

    #[test]
    fn the_contracts_errors_keep_their_numbers() {
        assert_eq!(wit_code(1006), CloseError::InvalidCode(1006));
        let too_big = PropertyError::from(wit::PropertyError::TooBig((10, 8)));
        assert_eq!(too_big, PropertyError::TooBig { bytes: 10, limit_bytes: 8 });
    }

    fn wit_code(code: u16) -> CloseError {
        CloseError::from(wit::CloseError::InvalidCode(code))
    }
}
