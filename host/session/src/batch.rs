//! Several whole messages for one call: what a guest gets that takes them in batches.

use bytes::{Bytes, BytesMut};
use sockhop_wire::{Kind, Message};

/// Messages of one peer, at least one, in the order in which they came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    data: Bytes,
    entries: Vec<Entry>,
}

/// Where a message lies in a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Whether it is text or binary.
    pub kind: Kind,
    /// Where it begins, in bytes.
    pub offset: u32,
    /// How many bytes it has.
    pub length: u32,
}

impl Batch {
    /// A message that comes alone; its payload is not copied.
    #[must_use]
    pub fn alone(message: Message) -> Self {
        let kind = message.kind();
        let data = match message {
            Message::Text(text) => text.into_bytes(),
            Message::Binary(data) => data,
        };
        let entries = vec![Entry { kind, offset: 0, length: bytes_of(data.len()) }];
        Self { data, entries }
    }

    /// Several messages, one behind the other in memory of their own. All together have less than
    /// 4 GiB.
    #[must_use]
    pub fn join(messages: &[Message]) -> Self {
        let bytes = messages.iter().map(Message::payload_bytes).sum();
        let mut data = BytesMut::with_capacity(bytes);
        let mut entries = Vec::with_capacity(messages.len());
        for message in messages {
            let offset = bytes_of(data.len());
            match message {
                Message::Text(text) => data.extend_from_slice(text.as_bytes()),
                Message::Binary(bytes) => data.extend_from_slice(bytes),
            }
            let length = bytes_of(message.payload_bytes());
            entries.push(Entry { kind: message.kind(), offset, length });
        }
        Self { data: data.freeze(), entries }
    }

    /// The payloads.
    #[must_use]
    pub fn data(&self) -> &Bytes {
        &self.data
    }

    /// Where each message lies in them.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }
}

/// No message has more bytes than this holds, as no limit on messages does.
fn bytes_of(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_lie_one_behind_the_other() {
        let binary = Message::Binary(Bytes::from_static(&[0xff]));
        let batch = Batch::join(&[Message::Text("é".into()), Message::Text("".into()), binary]);
        assert_eq!(batch.data()[..], [0xc3, 0xa9, 0xff]);
        let spans: Vec<_> =
            batch.entries().iter().map(|entry| (entry.kind, entry.offset, entry.length)).collect();
        assert_eq!(spans, [(Kind::Text, 0, 2), (Kind::Text, 2, 0), (Kind::Binary, 2, 1)]);
    }

    #[test]
    fn one_alone_is_as_one_among_one() {
        for message in [Message::Text("a".into()), Message::Binary(Bytes::new())] {
            assert_eq!(Batch::alone(message.clone()), Batch::join(&[message]));
        }
    }
}
