//! Coders of what needs none: messages, texts, bytes, and values that a text says in a word.

use super::{Decode, DecodeError, Encode, EncodeError};
use crate::Message;

impl Decode for Message {
    fn decode(message: Message) -> Result<Self, DecodeError> {
        Ok(message)
    }
}

impl Decode for String {
    fn decode(message: Message) -> Result<Self, DecodeError> {
        match message {
            Message::Text(text) => Ok(text),
            Message::Binary(_) => Err(DecodeError::NotText(message)),
        }
    }
}

impl Decode for Vec<u8> {
    fn decode(message: Message) -> Result<Self, DecodeError> {
        match message {
            Message::Binary(data) => Ok(data),
            Message::Text(_) => Err(DecodeError::NotBinary(message)),
        }
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

/// Jakarta's primitives: a text in, a text out.
macro_rules! words {
    ($($word:ty),+) => {$(
        impl Decode for $word {
            fn decode(message: Message) -> Result<Self, DecodeError> {
                let text = String::decode(message)?;
                text.parse().map_err(|error| DecodeError::declined(text, error))
            }
        }

        impl Encode for $word {
            fn encode(self) -> Result<Message, EncodeError> {
                Ok(Message::Text(self.to_string()))
            }
        }
    )+};
}

words!(bool, char, f32, f64, i8, i16, i32, i64, isize, u8, u16, u32, u64, usize);
