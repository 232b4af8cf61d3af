//! Coders: what stands between a message and the type that an endpoint works with.
//!
//! They are Jakarta's `Encoder` and `Decoder`: an endpoint names the type that it takes and the
//! type that it answers with, and the SDK converts at the edge.

use std::error::Error as StdError;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Message;

/// A type that a message can be turned into (Jakarta `Decoder.Text` and `Decoder.Binary`).
///
/// [`Message`], `String` (text only), `Vec<u8>` (binary only) and [`Json`] (text only) have it,
/// and so has `Result<T, DecodeError>` for each such `T`: an endpoint that takes that sees the
/// failure itself, in `on_message`.
pub trait Decode: Sized {
    /// Turns a message into this type.
    ///
    /// # Errors
    ///
    /// Where the message is not one of this type. Then `on_message` is not called, `on_error` is
    /// told, and the session goes on (Jakarta `DecodeException` in `onError`).
    fn decode(message: Message) -> Result<Self, DecodeError>;
}

/// A type that can be turned into a message (Jakarta `Encoder.Text` and `Encoder.Binary`).
///
/// [`Message`], `String`, `&str` (texts), `Vec<u8>`, `&[u8]` (binary) and [`Json`] (a text) have
/// it.
pub trait Encode {
    /// Turns this into a message.
    ///
    /// # Errors
    ///
    /// Where this value has no form on the wire (Jakarta `EncodeException`); nothing is sent.
    fn encode(self) -> Result<Message, EncodeError>;
}

/// What `on_message` may answer with: nothing (`()`), a message or anything that [`Encode`]s, or
/// an `Option` of it.
pub trait IntoReply {
    /// The message to send, if there is one.
    ///
    /// # Errors
    ///
    /// Where the value could not be encoded. It is not sent, and `on_error` is told.
    fn into_reply(self) -> Result<Option<Message>, EncodeError>;
}

/// A message that is not one of the type that the endpoint takes.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The endpoint takes texts, and the peer sent a binary message.
    #[error("the peer sent a binary message where a text is expected")]
    NotText,
    /// The endpoint takes binary messages, and the peer sent a text.
    #[error("the peer sent a text where a binary message is expected")]
    NotBinary,
    /// The kind was right and the content was not; the source says what is wrong with it.
    #[error("the peer sent a message that is not understood")]
    Malformed(#[source] Box<dyn StdError>),
}

impl DecodeError {
    /// The content is not what is expected, for this reason.
    #[must_use]
    pub fn malformed(reason: impl Into<Box<dyn StdError>>) -> Self {
        Self::Malformed(reason.into())
    }
}

/// A value that has no form on the wire; the source says why.
#[derive(Debug, thiserror::Error)]
#[error("the value could not be encoded")]
pub struct EncodeError(#[source] Box<dyn StdError>);

impl EncodeError {
    /// A value could not be encoded, for this reason.
    #[must_use]
    pub fn new(reason: impl Into<Box<dyn StdError>>) -> Self {
        Self(reason.into())
    }
}

/// A text message that holds JSON.
///
/// ```
/// use serde::{Deserialize, Serialize};
/// use sockhop_guest::{Decode, Encode, Json, Message};
///
/// #[derive(Serialize, Deserialize)]
/// struct Move { x: i32, y: i32 }
///
/// let Json(step) = Json::<Move>::decode(Message::from(r#"{"x":1,"y":-2}"#))?;
/// assert_eq!(Json(&step).encode()?.as_text(), Some(r#"{"x":1,"y":-2}"#));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Json<T>(pub T);

impl Decode for Message {
    fn decode(message: Message) -> Result<Self, DecodeError> {
        Ok(message)
    }
}

impl Decode for String {
    fn decode(message: Message) -> Result<Self, DecodeError> {
        match message {
            Message::Text(text) => Ok(text),
            Message::Binary(_) => Err(DecodeError::NotText),
        }
    }
}

impl Decode for Vec<u8> {
    fn decode(message: Message) -> Result<Self, DecodeError> {
        match message {
            Message::Binary(data) => Ok(data),
            Message::Text(_) => Err(DecodeError::NotBinary),
        }
    }
}

impl<T: DeserializeOwned> Decode for Json<T> {
    fn decode(message: Message) -> Result<Self, DecodeError> {
        let text = String::decode(message)?;
        serde_json::from_str(&text).map(Json).map_err(DecodeError::malformed)
    }
}

impl<T: Decode> Decode for Result<T, DecodeError> {
    fn decode(message: Message) -> Result<Self, DecodeError> {
        Ok(T::decode(message))
    }
}

impl Encode for Message {
    fn encode(self) -> Result<Message, EncodeError> {
        Ok(self)
    }
}

impl Encode for String {
    fn encode(self) -> Result<Message, EncodeError> {
        Ok(Message::Text(self))
    }
}

impl Encode for &str {
    fn encode(self) -> Result<Message, EncodeError> {
        Ok(Message::from(self))
    }
}

impl Encode for Vec<u8> {
    fn encode(self) -> Result<Message, EncodeError> {
        Ok(Message::Binary(self))
    }
}

impl Encode for &[u8] {
    fn encode(self) -> Result<Message, EncodeError> {
        Ok(Message::from(self))
    }
}

impl<T: Serialize> Encode for Json<T> {
    fn encode(self) -> Result<Message, EncodeError> {
        serde_json::to_string(&self.0).map(Message::Text).map_err(EncodeError::new)
    }
}

impl IntoReply for () {
    fn into_reply(self) -> Result<Option<Message>, EncodeError> {
        Ok(None)
    }
}

impl<T: Encode> IntoReply for T {
    fn into_reply(self) -> Result<Option<Message>, EncodeError> {
        self.encode().map(Some)
    }
}

impl<T: Encode> IntoReply for Option<T> {
    fn into_reply(self) -> Result<Option<Message>, EncodeError> {
        self.map(Encode::encode).transpose()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use serde::Deserialize;

    use super::*;
    use crate::Error;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "type", rename_all = "lowercase")]
    enum Event {
        Say { text: String },
    }

    fn said(text: &str) -> Event {
        Event::Say { text: text.to_owned() }
    }

    #[test]
    fn json_goes_through_a_text_message_and_back() {
        let message = Json(said("hi")).encode().unwrap();
        assert_eq!(message.as_text(), Some(r#"{"type":"say","text":"hi"}"#));
        assert_eq!(Json::<Event>::decode(message).unwrap(), Json(said("hi")));
    }

    #[test]
    fn json_in_a_binary_message_is_refused_by_its_kind() {
        let message = Message::from(br#"{"type":"say","text":"hi"}"#.as_slice());
        assert!(matches!(Json::<Event>::decode(message), Err(DecodeError::NotText)));
    }

    #[test]
    fn malformed_json_says_what_is_wrong_with_it() {
        let refused = Json::<Event>::decode(Message::from(r#"{"type":"sing"}"#)).unwrap_err();
        let text = Error::from(refused).to_string();
        assert!(text.starts_with("the peer sent a message that is not understood: "), "{text}");
        assert!(text.contains("unknown variant `sing`"), "{text}");
    }

    #[test]
    fn text_and_binary_types_take_their_own_kind_only() {
        assert_eq!(String::decode(Message::from("a")).unwrap(), "a");
        assert!(matches!(String::decode(Message::from(vec![1])), Err(DecodeError::NotText)));
        assert_eq!(Vec::<u8>::decode(Message::from(vec![1])).unwrap(), [1]);
        assert!(matches!(Vec::<u8>::decode(Message::from("a")), Err(DecodeError::NotBinary)));
    }

    #[test]
    fn a_result_takes_the_failure_as_a_value() {
        type Incoming = Result<String, DecodeError>;
        assert!(matches!(Incoming::decode(Message::from("a")), Ok(Ok(text)) if text == "a"));
        let refused = Incoming::decode(Message::from(vec![1]));
        assert!(matches!(refused, Ok(Err(DecodeError::NotText))));
    }

    #[test]
    fn a_reply_is_nothing_a_message_or_an_option_of_one() {
        assert_eq!(().into_reply().unwrap(), None);
        assert_eq!("a".into_reply().unwrap(), Some(Message::from("a")));
        assert_eq!(None::<String>.into_reply().unwrap(), None);
        assert_eq!(Some(vec![7]).into_reply().unwrap(), Some(Message::from(vec![7])));
    }

    #[test]
    fn what_has_no_json_form_is_an_error_with_its_reason() {
        let keyed_by_list = HashMap::from([(vec![1], 2)]);
        let text = Error::from(Json(keyed_by_list).into_reply().unwrap_err()).to_string();
        assert_eq!(text, "the value could not be encoded: key must be a string");
    }
}
