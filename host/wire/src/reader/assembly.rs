//! A message that is kept until its end has come.

use bytes::Bytes;
use bytestring::ByteString;

use crate::utf8::Carry;
use crate::violation::Violation;
use crate::{Kind, Message};

/// What has come of a message. It takes memory as it grows, by doubling, and gives it all away
/// with the message.
#[derive(Debug)]
pub(super) struct Assembly {
    content: Content,
    limit_bytes: usize,
}

#[derive(Debug)]
enum Content {
    /// Text is checked as it comes, so that nothing is left to be checked at the end.
    Text {
        text: String,
        carry: Carry,
    },
    Binary(Vec<u8>),
}

/// A message of which all is there.
#[inline]
pub(super) fn whole(kind: Kind, payload: Bytes) -> Result<Message, Violation> {
    Ok(match kind {
        Kind::Text => {
            Message::Text(ByteString::try_from(payload).map_err(|_| Violation::TextNotUtf8)?)
        }
        Kind::Binary => Message::Binary(payload),
    })
}

impl Assembly {
    /// Nothing, of a message that may have `limit_bytes`.
    pub(super) fn new(kind: Kind, limit_bytes: usize) -> Self {
        let content = match kind {
            Kind::Text => Content::Text { text: String::new(), carry: Carry::default() },
            Kind::Binary => Content::Binary(Vec::new()),
        };
        Self { content, limit_bytes }
    }

    fn len(&self) -> usize {
        match &self.content {
            Content::Text { text, carry } => text.len() + carry.len(),
            Content::Binary(data) => data.len(),
        }
    }

    /// How many more bytes the message may have.
    pub(super) fn room(&self) -> usize {
        self.limit_bytes.saturating_sub(self.len())
    }

    /// Judges a piece by the length that is announced for it, before any of it is kept.
    pub(super) fn announce(&self, bytes: u64) -> Result<(), Violation> {
        if bytes > self.room() as u64 { Err(self.too_big()) } else { Ok(()) }
    }

    /// Keeps a piece, up to the limit: what is wrong before it counts before it.
    pub(super) fn keep(&mut self, piece: &[u8]) -> Result<(), Violation> {
        let (within, beyond) = piece.split_at(self.room().min(piece.len()));
        match &mut self.content {
            Content::Text { text, carry } => {
                carry.append(within, text).map_err(|_| Violation::TextNotUtf8)?;
            }
            Content::Binary(data) => data.extend_from_slice(within),
        }
        if beyond.is_empty() { Ok(()) } else { Err(self.too_big()) }
    }

    /// The message, which has ended.
    pub(super) fn finish(self) -> Result<Message, Violation> {
        match self.content {
            Content::Text { carry, .. } if !carry.is_empty() => Err(Violation::TextNotUtf8),
            Content::Text { text, .. } => Ok(Message::Text(text.into())),
            Content::Binary(data) => Ok(Message::Binary(data.into())),
        }
    }

    fn too_big(&self) -> Violation {
        Violation::TooBig { limit_bytes: self.limit_bytes }
    }
}
