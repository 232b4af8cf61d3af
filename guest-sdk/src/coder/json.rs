//! JSON in text messages.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Decode, DecodeError, Encode, EncodeError};
use crate::Message;

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

impl<T: DeserializeOwned> Decode for Json<T> {
    fn decode(message: Message) -> Result<Self, DecodeError> {
        let text = String::decode(message)?;
        match serde_json::from_str(&text) {
            Ok(value) => Ok(Self(value)),
            Err(error) => Err(DecodeError::declined(text, error)),
        }
    }
}

impl<T: Serialize> Encode for Json<T> {
    fn encode(self) -> Result<Message, EncodeError> {
        serde_json::to_string(&self.0).map(Message::Text).map_err(EncodeError::new)
    }
}
