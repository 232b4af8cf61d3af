//! Coders: what stands between a message and the type that an endpoint works with.
//!
//! They are Jakarta's `Encoder` and `Decoder`: an endpoint names the type that it takes and the
//! type that it answers with, and the SDK converts at the edge.

mod chain;
mod error;
mod json;
mod plain;

pub use self::chain::Chain;
pub use self::error::{DecodeError, EncodeError};
pub use self::json::Json;
use crate::Message;

/// A type that a message can be turned into (Jakarta `Decoder.Text` and `Decoder.Binary`).
///
/// [`Message`], `String` (text only), `Vec<u8>` (binary only), [`Json`] (text only) and what a
/// text can say in a word (`bool`, `char`, whole numbers of up to 64 bits, `f32`, `f64`) have it.
/// So has `Result<T, DecodeError>` for each such `T`: an endpoint that takes that sees the failure
/// itself, in `on_message`.
///
/// A type of your own is decoded from one of these, which declines the other kind of message:
///
/// ```
/// use sockhop_guest::{Decode, DecodeError, Message};
///
/// /// `x,y`, as a text.
/// #[derive(Debug, PartialEq)]
/// struct Point { x: i32, y: i32 }
///
/// impl Decode for Point {
///     fn decode(message: Message) -> Result<Self, DecodeError> {
///         let text = String::decode(message)?;
///         let Some((x, y)) = text.split_once(',') else {
///             return Err(DecodeError::declined(text, "there is no comma"));
///         };
///         match (x.parse(), y.parse()) {
///             (Ok(x), Ok(y)) => Ok(Self { x, y }),
///             (Err(error), _) | (_, Err(error)) => {
///                 Err(DecodeError::malformed(error).with_message(text))
///             }
///         }
///     }
/// }
///
/// assert_eq!(Point::decode("1,-2".into())?, Point { x: 1, y: -2 });
/// let refused = Point::decode("1,z".into()).unwrap_err();
/// assert_eq!(refused.message(), Some(&Message::from("1,z")));
/// # Ok::<(), sockhop_guest::Error>(())
/// ```
///
/// # Several decoders
///
/// `#[derive(Decode)]` on an enum makes a chain of the types in its variants, which are asked in
/// the order in which they stand (Jakarta's list of decoders). One that *declines* (Jakarta
/// `willDecode`) leaves the message to the next: it answers [`DecodeError::declined`], or that the
/// message is of the other kind. Any other error ends the matter. `Json` declines all that is no
/// JSON of its type.
///
/// ```
/// use serde::Deserialize;
/// use sockhop_guest::{Decode, Json, Message};
///
/// #[derive(Debug, PartialEq, Deserialize)]
/// struct Move { x: i32 }
///
/// #[derive(Debug, PartialEq, Decode)]
/// enum Incoming {
///     Move(Json<Move>),
///     Line(String),
///     Chunk(Vec<u8>),
/// }
///
/// assert_eq!(Incoming::decode(r#"{"x":1}"#.into())?, Incoming::Move(Json(Move { x: 1 })));
/// assert_eq!(Incoming::decode("hello".into())?, Incoming::Line("hello".to_owned()));
/// assert_eq!(Incoming::decode(vec![7].into())?, Incoming::Chunk(vec![7]));
/// # Ok::<(), sockhop_guest::Error>(())
/// ```
///
/// # State
///
/// A decoder has none (Jakarta `Decoder.init` and `destroy`): there is one endpoint for each
/// session, so what belongs to a session is a field of it. Where decoding itself needs state, such
/// as a key that was agreed on, a [`Layer`](crate::Layer) has it, and hands on what it has decoded.
pub trait Decode: Sized {
    /// Turns a message into this type.
    ///
    /// # Errors
    ///
    /// Where the message is not one of this type. Then `on_message` is not called, `on_error` is
    /// told, with the message if the error holds it, and the session goes on (Jakarta
    /// `DecodeException` in `onError`).
    fn decode(message: Message) -> Result<Self, DecodeError>;
}

/// A type that can be turned into a message (Jakarta `Encoder.Text` and `Encoder.Binary`).
///
/// [`Message`], `String`, `&str` (texts), `Vec<u8>`, `&[u8]` (binary) and [`Json`] (a text) have
/// it, and so have `bool`, `char` and numbers, as the text that `to_string` makes of them.
///
/// `#[derive(Encode)]` gives it to an enum whose variants hold one such type each:
///
/// ```
/// use sockhop_guest::{Encode, Json, Message};
///
/// #[derive(Encode)]
/// enum Answer { Count(u32), List(Json<Vec<String>>), Image(Vec<u8>) }
///
/// assert_eq!(Answer::Count(3).encode()?, Message::from("3"));
/// assert_eq!(Answer::List(Json(vec!["a".into()])).encode()?, Message::from(r#"["a"]"#));
/// assert_eq!(Answer::Image(vec![9]).encode()?, Message::from(vec![9]));
/// # Ok::<(), sockhop_guest::Error>(())
/// ```
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
mod tests;
