//! Whole data messages (RFC 6455 §5.6).

use bytes::Bytes;
use bytestring::ByteString;

/// One whole data message. Cloning shares the payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// A text message (opcode 1); its payload is valid UTF-8.
    Text(ByteString),
    /// A binary message (opcode 2).
    Binary(Bytes),
}

impl Message {
    /// Whether it is text or binary.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Text(_) => Kind::Text,
            Self::Binary(_) => Kind::Binary,
        }
    }

    /// The payload's length in bytes: of UTF-8 for a text.
    #[must_use]
    pub fn payload_bytes(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(data) => data.len(),
        }
    }
}

/// Which of the two a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text (opcode 1).
    Text,
    /// Binary (opcode 2).
    Binary,
}
