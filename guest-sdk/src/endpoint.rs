//! The endpoint: the trait that user code implements.

use std::error::Error as StdError;

use crate::bindings::exports::sockhop::websocket::endpoint as wit;
use crate::coder::{Decode, IntoReply};
use crate::error::find_in;
use crate::send::SendError;
use crate::{CloseEvent, Error, Message, Messages, Result, Session};

pub use crate::bindings::sockhop::websocket::types::EndpointConfig;

/// One side of one session (Jakarta `Endpoint`): for each session that opens there is one value
/// of the implementing type, made in [`on_open`](Self::on_open) and dropped after
/// [`on_close`](Self::on_close).
///
/// The host delivers the events of a session one at a time and in order, so `&mut self` needs no
/// lock. A panic is a trap: it ends the instance, and each of its sessions is closed with 1011.
///
/// Under [`#[endpoint]`](macro@crate::endpoint), `Incoming` and `Reply` may be left out: they are
/// read off the signature of `on_message`.
pub trait Endpoint: Sized + 'static {
    /// What the endpoint takes: [`Message`](crate::Message), `String`, `Vec<u8>`, a number, a
    /// truth value, [`Json<T>`](crate::Json), or a type of your own.
    type Incoming: Decode;

    /// What the endpoint answers with: `()`, a message, its typed form or a number, or an `Option`
    /// of one.
    type Reply: IntoReply;

    /// Begins a session (Jakarta `onOpen`), before any other event of it. Sending is allowed.
    ///
    /// # Errors
    ///
    /// On an error the session is closed with 1011 and gets no other event, not even `on_close`;
    /// the text goes to the deployment's log.
    fn on_open(session: Session) -> Result<Self>;

    /// A whole message came from the peer (Jakarta `onMessage`). What is returned is sent.
    ///
    /// Returning the answer is the cheapest way to send it, and a patient one: where the queue
    /// has no room, the session's next event waits for it.
    ///
    /// # Errors
    ///
    /// On an error the session lives on, and `on_error` is called with its text.
    fn on_message(&mut self, message: Self::Incoming) -> Result<Self::Reply>;

    /// A pong came from the peer (Jakarta `PongMessage`): the answer to a
    /// [`ping`](Session::ping), or one that nobody asked for. A component whose endpoints override
    /// this says so: `export!(Chat; pongs)`.
    ///
    /// # Errors
    ///
    /// On an error the session lives on, and `on_error` is called with its text.
    fn on_pong(&mut self, data: Vec<u8>) -> Result {
        let _ = data;
        Ok(())
    }

    /// All that was queued when [`notify_sent`](Session::notify_sent) was called with this token
    /// has been handed to the connection (Jakarta `SendHandler`). A component whose endpoints
    /// override this says so: `export!(Chat; completions)`.
    ///
    /// # Errors
    ///
    /// On an error the session lives on, and `on_error` is called with its text.
    fn on_sent(&mut self, token: u64) -> Result {
        let _ = token;
        Ok(())
    }

    /// The session's timer with this token is due; see [`start_timer`](Session::start_timer). A
    /// component whose endpoints override this says so: `export!(Chat; timers)`.
    ///
    /// # Errors
    ///
    /// On an error the session lives on, and `on_error` is called with its text.
    fn on_timer(&mut self, token: u64) -> Result {
        let _ = token;
        Ok(())
    }

    /// Something failed and the session goes on, or `on_close` failed (Jakarta `onError`).
    ///
    /// Does nothing unless overridden: the host has written the error to the deployment's log
    /// already.
    fn on_error(&mut self, error: SessionError) {
        let _ = error;
    }

    /// The session has ended (Jakarta `onClose`). A send fails with `Closed` from here on.
    ///
    /// # Errors
    ///
    /// On an error, `on_error` is called with its text, once.
    fn on_close(&mut self, event: CloseEvent) -> Result {
        let _ = event;
        Ok(())
    }
}

/// One side of one session that takes messages piece by piece, as they arrive (Jakarta
/// `MessageHandler.Partial`): for messages that are too large to be held whole.
///
/// It is exported by `export!(Upload; parts)`, and every endpoint of that component is one.
///
/// ```
/// use sockhop_guest::{
///     Message, OutgoingMessage, PartialEndpoint, Result, Session, endpoint, export,
/// };
///
/// /// Answers each message with itself, and holds no more of it than a piece.
/// struct Echo {
///     session: Session,
///     answer: Option<OutgoingMessage>,
/// }
///
/// #[endpoint("/echo")]
/// impl PartialEndpoint for Echo {
///     fn on_open(session: Session) -> Result<Self> {
///         Ok(Self { session, answer: None })
///     }
///
///     fn on_part(&mut self, piece: Message, last: bool) -> Result {
///         let answer = match self.answer.take() {
///             Some(answer) => answer,
///             None => self.session.start_message()?,
///         };
///         answer.write(piece)?;
///         if last {
///             answer.finish()?;
///         } else {
///             self.answer = Some(answer);
///         }
///         Ok(())
///     }
/// }
///
/// export!(Echo; parts);
/// # fn main() {}
/// ```
pub trait PartialEndpoint: Sized + 'static {
    /// Begins a session; see [`Endpoint::on_open`].
    ///
    /// # Errors
    ///
    /// As [`Endpoint::on_open`].
    fn on_open(session: Session) -> Result<Self>;

    /// A piece of a message came from the peer, of at most 64 KiB; `last` says that it is the
    /// message's last. The pieces of a message come in order, all of one kind, and no text is cut
    /// inside a code point.
    ///
    /// A peer that does not read what it is sent is not read from either, so that an endpoint may
    /// answer each piece with one of the same size.
    ///
    /// # Errors
    ///
    /// On an error the session lives on, the rest of the message still comes, and `on_error` is
    /// called with the text.
    fn on_part(&mut self, piece: Message, last: bool) -> Result;

    /// A pong came from the peer; see [`Endpoint::on_pong`], and `export!(Upload; parts, pongs)`.
    ///
    /// # Errors
    ///
    /// As [`Endpoint::on_pong`].
    fn on_pong(&mut self, data: Vec<u8>) -> Result {
        let _ = data;
        Ok(())
    }

    /// All that was queued before this token has been handed to the connection; see
    /// [`Endpoint::on_sent`], and `export!(Upload; parts, completions)`.
    ///
    /// # Errors
    ///
    /// As [`Endpoint::on_sent`].
    fn on_sent(&mut self, token: u64) -> Result {
        let _ = token;
        Ok(())
    }

    /// A timer of the session is due; see [`Endpoint::on_timer`], and
    /// `export!(Upload; parts, timers)`.
    ///
    /// # Errors
    ///
    /// As [`Endpoint::on_timer`].
    fn on_timer(&mut self, token: u64) -> Result {
        let _ = token;
        Ok(())
    }

    /// Something failed and the session goes on; see [`Endpoint::on_error`].
    fn on_error(&mut self, error: SessionError) {
        let _ = error;
    }

    /// The session has ended; see [`Endpoint::on_close`].
    ///
    /// # Errors
    ///
    /// As [`Endpoint::on_close`].
    fn on_close(&mut self, event: CloseEvent) -> Result {
        let _ = event;
        Ok(())
    }
}

/// One side of one session that takes several messages in one call: all that have arrived when it
/// is ready for them, so that a call for each is saved. It is for peers that send much at a time;
/// where they wait for an answer to each message, an [`Endpoint`] that returns it costs less.
///
/// It is exported by `export!(Feed; batches)`, and every endpoint of that component is one.
///
/// ```
/// use sockhop_guest::{BatchEndpoint, Messages, Result, Session, endpoint, export};
///
/// /// Adds up how much it is sent, and says so once for each batch.
/// struct Feed { session: Session, bytes: usize }
///
/// #[endpoint("/feed")]
/// impl BatchEndpoint for Feed {
///     fn on_open(session: Session) -> Result<Self> {
///         Ok(Self { session, bytes: 0 })
///     }
///
///     fn on_messages(&mut self, messages: Messages<'_>) -> Result {
///         self.bytes += messages.map(|message| message.as_bytes().len()).sum::<usize>();
///         Ok(self.session.send(self.bytes.to_string())?)
///     }
/// }
///
/// export!(Feed; batches);
/// # fn main() {}
/// ```
pub trait BatchEndpoint: Sized + 'static {
    /// Begins a session; see [`Endpoint::on_open`].
    ///
    /// # Errors
    ///
    /// As [`Endpoint::on_open`].
    fn on_open(session: Session) -> Result<Self>;

    /// Messages came from the peer, at least one: at most 128, and at most 64 KiB of them where
    /// they are more than one. The host waits for none of them: one that comes alone is delivered
    /// alone.
    ///
    /// What the endpoint answers it sends. A peer that does not read what it is sent is not read
    /// from either, so that an endpoint may answer each message with one of the same size.
    ///
    /// # Errors
    ///
    /// On an error the session lives on, none of the messages is delivered again, and `on_error` is
    /// called with the text.
    fn on_messages(&mut self, messages: Messages<'_>) -> Result;

    /// A pong came from the peer; see [`Endpoint::on_pong`], and `export!(Feed; batches, pongs)`.
    ///
    /// # Errors
    ///
    /// As [`Endpoint::on_pong`].
    fn on_pong(&mut self, data: Vec<u8>) -> Result {
        let _ = data;
        Ok(())
    }

    /// All that was queued before this token has been handed to the connection; see
    /// [`Endpoint::on_sent`], and `export!(Feed; batches, completions)`.
    ///
    /// # Errors
    ///
    /// As [`Endpoint::on_sent`].
    fn on_sent(&mut self, token: u64) -> Result {
        let _ = token;
        Ok(())
    }

    /// A timer of the session is due; see [`Endpoint::on_timer`], and
    /// `export!(Feed; batches, timers)`.
    ///
    /// # Errors
    ///
    /// As [`Endpoint::on_timer`].
    fn on_timer(&mut self, token: u64) -> Result {
        let _ = token;
        Ok(())
    }

    /// Something failed and the session goes on; see [`Endpoint::on_error`].
    fn on_error(&mut self, error: SessionError) {
        let _ = error;
    }

    /// The session has ended; see [`Endpoint::on_close`].
    ///
    /// # Errors
    ///
    /// As [`Endpoint::on_close`].
    fn on_close(&mut self, event: CloseEvent) -> Result {
        let _ = event;
        Ok(())
    }
}

/// Where an endpoint is found and what it allows (Jakarta `@ServerEndpoint`).
///
/// [`#[endpoint]`](macro@crate::endpoint) writes this. Write it by hand where the configuration is
/// not known before the component runs.
pub trait ServerEndpoint: 'static {
    /// The path, a URI template: `/chat/{room}`.
    const PATH: &'static str;

    /// Whether the endpoint overrides `on_pong`. `export!` holds it against its own `pongs`, so
    /// that no endpoint waits for pongs that the component does not hear of.
    const HEARS_PONGS: bool = false;

    /// Whether the endpoint overrides `on_sent`, held against `completions` in the same way.
    const HEARS_COMPLETIONS: bool = false;

    /// Whether the endpoint overrides `on_timer`, held against `timers` in the same way.
    const HEARS_TIMERS: bool = false;

    /// Whether no peer finds it: it serves connections that the component opens.
    #[doc(hidden)]
    const IS_CLIENT: bool = false;

    /// The rest of what the host is told when the component is deployed. Must depend on nothing
    /// but the component and its configuration; `path` must be [`PATH`](Self::PATH).
    fn config() -> EndpointConfig;
}

/// What serves connections that the component itself opens (Jakarta `@ClientEndpoint`): no peer
/// finds it at a path. [`Connect::open`](crate::Connect::open) names it.
///
/// [`#[client_endpoint]`](macro@crate::client_endpoint) writes this, and a [`ServerEndpoint`] whose
/// `PATH` is its name, without a slash: what `config` says is what connections are opened with
/// unless they are told otherwise.
pub trait ClientEndpoint: ServerEndpoint {}

/// What [`Endpoint::on_error`] is told.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// `on_message` or `on_close` failed, or a message could not be decoded or an answer encoded.
    #[error("{0}")]
    Handler(Error),
    /// The message that `on_message` returned was not sent; never for [`SendError::Encode`].
    #[error("the answer was not sent")]
    ReplyNotSent(#[source] SendError),
}

impl SessionError {
    /// The first error of this kind among what failed and its sources: a
    /// [`DecodeError`](crate::DecodeError) gives the message that is not understood, an
    /// [`EncodeError`](crate::EncodeError) perhaps the value that has no form on the wire.
    #[must_use]
    pub fn find<T: StdError + 'static>(&self) -> Option<&T> {
        match self {
            Self::Handler(error) => error.find(),
            Self::ReplyNotSent(error) => find_in(error),
        }
    }
}

impl From<wit::SessionError> for SessionError {
    fn from(error: wit::SessionError) -> Self {
        match error {
            wit::SessionError::Handler(text) => Self::Handler(text.into()),
            wit::SessionError::ReplyNotSent(error) => Self::ReplyNotSent(error.into()),
        }
    }
}
