//! Messages: one whole text or binary message, as it came or as it is to go.

pub use crate::bindings::sockhop::websocket::types::Message;

impl Message {
    /// The text of a text message, nothing for a binary one.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Binary(_) => None,
        }
    }

    /// The payload of either kind: of a text, its UTF-8.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Binary(data) => data,
        }
    }

    /// How long the payload is, in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.as_bytes().len()
    }

    /// Whether the payload has no bytes; such a message is as good as any other.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether this is a text message.
    #[must_use]
    pub fn is_text(&self) -> bool {
        matches!(self, Self::Text(_))
    }

    /// Whether this is a binary message.
    #[must_use]
    pub fn is_binary(&self) -> bool {
        matches!(self, Self::Binary(_))
    }
}

impl From<String> for Message {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Message {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<Vec<u8>> for Message {
    fn from(data: Vec<u8>) -> Self {
        Self::Binary(data)
    }
}

impl From<&[u8]> for Message {
    fn from(data: &[u8]) -> Self {
        Self::Binary(data.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_knows_its_kind_and_its_length_in_bytes() {
        let message = Message::from("für");
        assert_eq!(message.as_text(), Some("für"));
        assert_eq!(message.len(), 4);
        assert!(message.is_text() && !message.is_binary() && !message.is_empty());
    }

    #[test]
    fn a_binary_message_has_no_text_even_where_it_is_utf8() {
        let message = Message::from(b"abc".as_slice());
        assert_eq!(message.as_text(), None);
        assert_eq!(message.as_bytes(), b"abc");
        assert!(message.is_binary() && !message.is_text());
    }

    #[test]
    fn an_empty_message_keeps_its_kind() {
        assert!(Message::from("").is_empty() && Message::from("").is_text());
        assert!(Message::from(Vec::new()).is_empty() && Message::from(Vec::new()).is_binary());
    }
}
