//! Several messages in one call: what a batch is made of, and how an endpoint goes through it.

use std::slice;

use crate::Message;

/// A message of a batch, as long as the call lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageRef<'a> {
    /// A text message.
    Text(&'a str),
    /// A binary message.
    Binary(&'a [u8]),
}

impl<'a> MessageRef<'a> {
    /// The text of a text message, nothing for a binary one.
    #[must_use]
    pub fn as_text(self) -> Option<&'a str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Binary(_) => None,
        }
    }

    /// The payload of either kind: of a text, its UTF-8.
    #[must_use]
    pub fn as_bytes(self) -> &'a [u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Binary(data) => data,
        }
    }

    /// The message with memory of its own: to be kept, or decoded.
    #[must_use]
    pub fn to_message(self) -> Message {
        match self {
            Self::Text(text) => text.into(),
            Self::Binary(data) => data.into(),
        }
    }
}

impl<'a> From<&'a Message> for MessageRef<'a> {
    fn from(message: &'a Message) -> Self {
        match message {
            Message::Text(text) => Self::Text(text),
            Message::Binary(data) => Self::Binary(data),
        }
    }
}

impl From<MessageRef<'_>> for Message {
    fn from(message: MessageRef<'_>) -> Self {
        message.to_message()
    }
}

/// Where a message lies in a batch, for the code that `export!` writes.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Span {
    pub is_text: bool,
    pub offset: u32,
    pub length: u32,
}

/// The messages of a batch, in the order in which the peer sent them.
#[derive(Clone, Debug)]
pub struct Messages<'a> {
    data: &'a [u8],
    spans: slice::Iter<'a, Span>,
}

impl<'a> Messages<'a> {
    pub(crate) fn new(data: &'a [u8], spans: &'a [Span]) -> Self {
        Self { data, spans: spans.iter() }
    }

    /// Whether none is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.spans.as_slice().is_empty()
    }
}

impl<'a> Iterator for Messages<'a> {
    type Item = MessageRef<'a>;

    /// What a host says that breaks its own rules is no reason to trap: bytes that are not there
    /// are none, and a text that is not UTF-8 is its bytes.
    fn next(&mut self) -> Option<Self::Item> {
        let span = self.spans.next()?;
        let begin = span.offset as usize;
        let end = begin.saturating_add(span.length as usize);
        let payload = self.data.get(begin..end).unwrap_or_default();
        let text = span.is_text.then(|| std::str::from_utf8(payload).ok()).flatten();
        Some(text.map_or(MessageRef::Binary(payload), MessageRef::Text))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.spans.size_hint()
    }
}

impl ExactSizeIterator for Messages<'_> {}

/// Messages with memory of their own, one behind the other: what a [`Layer`](crate::Layer) hands on
/// in the place of those that it was given.
///
/// ```
/// use sockhop_guest::{Batch, Message, MessageRef};
///
/// let batch = ["one", "two"].into_iter().map(Message::from).collect::<Batch>();
/// assert_eq!(batch.messages().len(), 2);
/// let short = batch.messages().filter(|message| message.as_bytes().starts_with(b"o"));
/// assert_eq!(short.collect::<Batch>().messages().next(), Some(MessageRef::Text("one")));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Batch {
    data: Vec<u8>,
    spans: Vec<Span>,
}

impl Batch {
    /// The messages, in their order.
    #[must_use]
    pub fn messages(&self) -> Messages<'_> {
        Messages::new(&self.data, &self.spans)
    }

    /// As a host hands them over.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn lowered(&self) -> (&[u8], &[Span]) {
        (&self.data, &self.spans)
    }

    fn push(&mut self, message: MessageRef<'_>) {
        let bytes = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        let payload = message.as_bytes();
        let (offset, length) = (bytes(self.data.len()), bytes(payload.len()));
        self.data.extend_from_slice(payload);
        self.spans.push(Span { is_text: message.as_text().is_some(), offset, length });
    }
}

impl<'a> FromIterator<MessageRef<'a>> for Batch {
    fn from_iter<I: IntoIterator<Item = MessageRef<'a>>>(messages: I) -> Self {
        let mut batch = Self::default();
        messages.into_iter().for_each(|message| batch.push(message));
        batch
    }
}

impl FromIterator<Message> for Batch {
    fn from_iter<I: IntoIterator<Item = Message>>(messages: I) -> Self {
        let mut batch = Self::default();
        messages.into_iter().for_each(|message| batch.push((&message).into()));
        batch
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_message_is_what_it_was() {
        let messages = [Message::from("é"), Message::from(""), Message::from(vec![0xff])];
        let batch = messages.iter().map(MessageRef::from).collect::<Batch>();
        let batch = batch.messages();
        assert_eq!(batch.len(), 3);
        assert_eq!(batch.clone().map(MessageRef::to_message).collect::<Vec<_>>(), messages);
        assert_eq!(batch.clone().next().and_then(MessageRef::as_text), Some("é"));
        assert_eq!(batch.last().map(MessageRef::as_bytes), Some(&[0xff][..]));
    }

    #[test]
    fn a_host_that_breaks_its_word_traps_nobody() {
        let spans = [(true, 0, 1), (false, 1, 9), (false, u32::MAX, u32::MAX)];
        let spans = spans.map(|(is_text, offset, length)| Span { is_text, offset, length });
        let read: Vec<_> = Messages::new(&[0xff, 0], &spans).collect();
        let none = MessageRef::Binary(&[]);
        assert_eq!(read, [MessageRef::Binary(&[0xff]), none, none]);
    }
}
