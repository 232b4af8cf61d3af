//! What coders fail with.

use std::any::Any;
use std::error::Error as StdError;
use std::fmt;

use crate::Message;

/// A message that is not one of the type that the endpoint takes (Jakarta `DecodeException`).
///
/// [`Endpoint::on_error`](crate::Endpoint::on_error) gets it by
/// [`SessionError::find`](crate::SessionError::find).
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The endpoint takes texts, and the peer sent this binary message.
    #[error("the peer sent a binary message where a text is expected")]
    NotText(Message),
    /// The endpoint takes binary messages, and the peer sent this text.
    #[error("the peer sent a text where a binary message is expected")]
    NotBinary(Message),
    /// The message is none for this decoder, and may be one for the next of its chain; the source
    /// says why.
    #[error("the peer sent a message that is not understood")]
    Declined(Message, #[source] Box<dyn StdError>),
    /// The content is wrong, whoever decodes it; the source says what is wrong with it. The
    /// message is there where the decoder gave it back.
    #[error("the peer sent a message that is not understood")]
    Malformed(#[source] Box<dyn StdError>, Option<Message>),
}

impl DecodeError {
    /// The message is none for this decoder, for this reason: the next of the chain is asked
    /// (Jakarta `willDecode`).
    #[must_use]
    pub fn declined(message: impl Into<Message>, reason: impl Into<Box<dyn StdError>>) -> Self {
        Self::Declined(message.into(), reason.into())
    }

    /// The content is not what is expected, for this reason, and no other decoder is asked.
    #[must_use]
    pub fn malformed(reason: impl Into<Box<dyn StdError>>) -> Self {
        Self::Malformed(reason.into(), None)
    }

    /// Gives the message back: the whole of it, or the part that is wrong.
    #[must_use]
    pub fn with_message(self, message: impl Into<Message>) -> Self {
        let message = message.into();
        match self {
            Self::NotText(_) => Self::NotText(message),
            Self::NotBinary(_) => Self::NotBinary(message),
            Self::Declined(_, reason) => Self::Declined(message, reason),
            Self::Malformed(reason, _) => Self::Malformed(reason, Some(message)),
        }
    }

    /// The message that is not understood, where the decoder gave it back (Jakarta `getText`,
    /// `getBytes`).
    #[must_use]
    pub fn message(&self) -> Option<&Message> {
        match self {
            Self::NotText(message) | Self::NotBinary(message) | Self::Declined(message, _) => {
                Some(message)
            }
            Self::Malformed(_, message) => message.as_ref(),
        }
    }

    /// The message for the next decoder and why this one declined it; or the error again, where no
    /// other is to be asked.
    pub(super) fn into_declined(self) -> Result<(Message, Box<dyn StdError>), Self> {
        let told = self.to_string();
        match self {
            Self::NotText(message) | Self::NotBinary(message) => Ok((message, told.into())),
            Self::Declined(message, reason) => Ok((message, reason)),
            Self::Malformed(..) => Err(self),
        }
    }
}

/// Says how long the message is and not what is in it: it may be long, and it is the peer's.
impl fmt::Debug for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")?;
        if let Some(reason) = self.source() {
            write!(f, ": {reason}")?;
        }
        match self.message() {
            Some(message) => write!(f, " ({} bytes)", message.len()),
            None => Ok(()),
        }
    }
}

/// A value that has no form on the wire (Jakarta `EncodeException`); the source says why.
#[derive(Debug, thiserror::Error)]
#[error("the value could not be encoded")]
pub struct EncodeError {
    #[source]
    reason: Box<dyn StdError>,
    value: Option<Box<dyn Any>>,
}

impl EncodeError {
    /// A value could not be encoded, for this reason.
    #[must_use]
    pub fn new(reason: impl Into<Box<dyn StdError>>) -> Self {
        Self { reason: reason.into(), value: None }
    }

    /// Gives the value back. [`Json`](crate::Json) does not: it may hold a reference.
    #[must_use]
    pub fn with_value(self, value: impl Any) -> Self {
        Self { value: Some(Box::new(value)), ..self }
    }

    /// The value that could not be encoded, where the encoder gave it back and it is of this type
    /// (Jakarta `getObject`).
    #[must_use]
    pub fn value<T: Any>(&self) -> Option<&T> {
        self.value.as_ref()?.downcast_ref()
    }
}
