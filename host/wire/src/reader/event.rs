//! What a reader hands on, and how.

use bytes::Bytes;

use crate::Message;

/// How data messages are handed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// Whole: all of a message is kept until its end has come.
    Whole {
        /// The most that a message may have, in bytes of its payload, decompressed. A longer one is
        /// a violation as soon as it is known to be longer.
        max_message_bytes: usize,
    },
    /// In parts, as they arrive, also from inside of a frame. A message may then be of any length.
    Parts,
}

/// What the peer said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A data message ([`Delivery::Whole`]).
    Message(Message),
    /// The next part of a data message ([`Delivery::Parts`]).
    Part {
        /// What came: at most [`PART_BYTES_MAX`](crate::PART_BYTES_MAX), whole code points where it
        /// is text, and empty only where it is the last.
        part: Message,
        /// Whether the message ends with it.
        last: bool,
    },
    /// A ping with its payload, at most 125 bytes, which the pong must have too (RFC 6455 §5.5.3).
    Ping(Bytes),
    /// A pong with its payload, at most 125 bytes.
    Pong(Bytes),
    /// A Close frame. Whatever comes behind it is ignored (RFC 6455 §5.5.1).
    Close {
        /// The code, if there is one: one of those that may be sent (RFC 6455 §7.4).
        code: Option<u16>,
        /// The phrase, which may be empty.
        phrase: String,
    },
}
