//! A client's offer, and what it makes of the answer (RFC 7692 §7.1).

use thiserror::Error;

use super::negotiate::{Bits, Parameters};
use super::{
    Agreed, CLIENT_MAX_WINDOW_BITS, CLIENT_NO_CONTEXT_TAKEOVER, NAME, Policy,
    SERVER_MAX_WINDOW_BITS, SERVER_NO_CONTEXT_TAKEOVER, WINDOW_BITS_MAX,
};
use crate::extensions::Extension;

/// Why a server's answer cannot be lived with. The client fails the connection (RFC 7692 §7.1;
/// RFC 6455 §9.1).
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum AnswerError {
    /// It is about another extension.
    #[error("the server agreed to {0:?}, which was not offered")]
    NotOffered(String),
    /// A parameter is unknown, repeated, without its value, or out of range.
    #[error("the server answered {NAME} with a bad parameter {0:?}")]
    BadParameter(String),
    /// A parameter that was asked for is missing, or asks for more than was offered.
    #[error("the server agreed to {NAME} without holding itself to {0} as it was offered")]
    NotHeld(&'static str),
}

/// What a client writes into its request's `Sec-WebSocket-Extensions`.
///
/// It always offers `client_max_window_bits`, so that the server may choose.
#[must_use]
pub fn offer(policy: &Policy) -> Extension {
    let mut parameters = Vec::new();
    if !policy.server_takeover {
        parameters.push((SERVER_NO_CONTEXT_TAKEOVER.to_owned(), None));
    }
    if !policy.client_takeover {
        parameters.push((CLIENT_NO_CONTEXT_TAKEOVER.to_owned(), None));
    }
    if policy.server_bits() < WINDOW_BITS_MAX {
        let bits = policy.server_bits().to_string();
        parameters.push((SERVER_MAX_WINDOW_BITS.to_owned(), Some(bits)));
    }
    let bits = policy.client_bits();
    let bits = (bits < WINDOW_BITS_MAX).then(|| bits.to_string());
    parameters.push((CLIENT_MAX_WINDOW_BITS.to_owned(), bits));
    Extension { name: NAME.to_owned(), parameters }
}

/// What is agreed once a server has answered the [`offer`] of the same `policy`.
///
/// # Errors
/// [`AnswerError`], where the answer goes beyond the offer.
pub fn accept_answer(answer: &Extension, policy: &Policy) -> Result<Agreed, AnswerError> {
    if answer.name != NAME {
        return Err(AnswerError::NotOffered(answer.name.clone()));
    }
    let read = Parameters::of(&answer.parameters)
        .map_err(|name| AnswerError::BadParameter(name.to_owned()))?;
    if !policy.server_takeover && !read.server_no_context_takeover {
        return Err(AnswerError::NotHeld(SERVER_NO_CONTEXT_TAKEOVER));
    }
    let server_bits = answered_bits(read.server_max_window_bits, SERVER_MAX_WINDOW_BITS)?;
    if server_bits.unwrap_or(WINDOW_BITS_MAX) > policy.server_bits() {
        return Err(AnswerError::NotHeld(SERVER_MAX_WINDOW_BITS));
    }
    // A server that does not answer this one has no wish: what was offered is then a promise.
    let client_bits = answered_bits(read.client_max_window_bits, CLIENT_MAX_WINDOW_BITS)?
        .unwrap_or_else(|| policy.client_bits());
    if client_bits > policy.client_bits() {
        return Err(AnswerError::NotHeld(CLIENT_MAX_WINDOW_BITS));
    }
    Ok(Agreed {
        server_no_context_takeover: read.server_no_context_takeover,
        client_no_context_takeover: read.client_no_context_takeover || !policy.client_takeover,
        server_max_window_bits: server_bits.unwrap_or(WINDOW_BITS_MAX),
        client_max_window_bits: client_bits,
        server_bits_asked: policy.server_bits() < WINDOW_BITS_MAX,
    })
}

/// In an answer both need a value (RFC 7692 §7.1.2).
fn answered_bits(bits: Option<Bits>, name: &str) -> Result<Option<u8>, AnswerError> {
    match bits {
        None => Ok(None),
        Some(Bits::Limit(bits)) => Ok(Some(bits)),
        Some(Bits::Any) => Err(AnswerError::BadParameter(name.to_owned())),
    }
}
