//! A message that is handed on in parts.

use bytes::BytesMut;

use super::Event;
use crate::utf8::Carry;
use crate::violation::Violation;
use crate::{Kind, Message};

/// The most that one part of a message has, in bytes: enough to make little of what each part
/// costs, little enough to be held for each of many connections.
pub const PART_BYTES_MAX: usize = 64 << 10;

/// What must be known between two parts.
#[derive(Debug)]
pub(super) struct Parts {
    kind: Kind,
    carry: Carry,
}

impl Parts {
    pub(super) fn new(kind: Kind) -> Self {
        Self { kind, carry: Carry::default() }
    }

    /// The most that the next piece may have, in bytes.
    pub(super) fn room(&self) -> usize {
        PART_BYTES_MAX - self.carry.len()
    }

    /// Makes a part of a piece. There is none where the piece is not the last and holds nothing,
    /// or nothing but the beginning of a code point.
    pub(super) fn part(&mut self, piece: BytesMut, last: bool) -> Result<Option<Event>, Violation> {
        let part = match self.kind {
            Kind::Text => {
                Message::Text(self.carry.split(piece).map_err(|_| Violation::TextNotUtf8)?)
            }
            Kind::Binary => Message::Binary(piece.freeze()),
        };
        if last && !self.carry.is_empty() {
            return Err(Violation::TextNotUtf8);
        }
        Ok((last || part.payload_bytes() > 0).then_some(Event::Part { part, last }))
    }
}
