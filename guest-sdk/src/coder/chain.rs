//! Several decoders, asked one after the other: what `#[derive(Decode)]` builds on.

use std::error::Error as StdError;

use super::{Decode, DecodeError};
use crate::{Error, Message};

/// A chain on its way through its decoders.
pub struct Chain<T>(State<T>);

enum State<T> {
    /// These have declined.
    Asking(Message, Vec<Box<dyn StdError>>),
    Decided(Result<T, DecodeError>),
}

/// Why none took the message, in the order in which they were asked.
#[derive(Debug, thiserror::Error)]
#[error("no decoder takes it: {}", .0.join("; "))]
struct NobodyTakes(Vec<String>);

impl<T> Chain<T> {
    /// Nobody has been asked.
    #[must_use]
    pub fn of(message: Message) -> Self {
        Self(State::Asking(message, Vec::new()))
    }

    /// Asks the next, unless one before has taken the message or failed.
    #[must_use]
    pub fn ask<D: Decode>(self, wrap: fn(D) -> T) -> Self {
        let State::Asking(message, mut reasons) = self.0 else { return self };
        Self(match D::decode(message).map_err(DecodeError::into_declined) {
            Ok(value) => State::Decided(Ok(wrap(value))),
            Err(Ok((message, reason))) => {
                reasons.push(reason);
                State::Asking(message, reasons)
            }
            Err(Err(error)) => State::Decided(Err(error)),
        })
    }

    /// What came of it. Where all have declined so does the chain, so that chains may be links.
    ///
    /// # Errors
    ///
    /// That of the decoder which failed, or that nobody takes the message.
    pub fn end(self) -> Result<T, DecodeError> {
        match self.0 {
            State::Decided(result) => result,
            State::Asking(message, reasons) => {
                let reasons = reasons.into_iter().map(|reason| Error::from(reason).to_string());
                Err(DecodeError::declined(message, NobodyTakes(reasons.collect())))
            }
        }
    }
}
