//! Answers that open no connection, as far as anybody wants to know them.

use std::fmt;

use bytes::Bytes;
use hyper::StatusCode;
use hyper::header::HeaderMap;

/// How much of a body is kept, in bytes: enough for a sentence, or for the JSON of an API.
pub const BODY_EXCERPT_BYTES_MAX: usize = 4 << 10;

/// What was answered instead of opening a connection (Jakarta `HandshakeResponse`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The header fields.
    pub headers: HeaderMap,
    /// The beginning of the body, as it came: at most [`BODY_EXCERPT_BYTES_MAX`], and no more than
    /// came at once.
    pub body: Bytes,
}

/// The status with what it is called.
impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.status)
    }
}
