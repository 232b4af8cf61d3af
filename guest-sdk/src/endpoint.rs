//! The endpoint: the trait that user code implements.

use crate::bindings::exports::sockhop::websocket::endpoint as wit;
use crate::coder::{Decode, IntoReply};
use crate::send::SendError;
use crate::{CloseEvent, Result, Session};

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
    /// What the endpoint takes: [`Message`](crate::Message), `String`, `Vec<u8>`,
    /// [`Json<T>`](crate::Json), or a type of your own.
    type Incoming: Decode;

    /// What the endpoint answers with: `()`, a message or its typed form, or an `Option` of it.
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

/// Where an endpoint is found and what it allows (Jakarta `@ServerEndpoint`).
///
/// [`#[endpoint]`](macro@crate::endpoint) writes this. Write it by hand where the configuration is
/// not known before the component runs.
pub trait ServerEndpoint: Endpoint {
    /// The path, a URI template: `/chat/{room}`.
    const PATH: &'static str;

    /// The rest of what the host is told when the component is deployed. Must depend on nothing
    /// but the component and its configuration; `path` must be [`PATH`](Self::PATH).
    fn config() -> EndpointConfig;
}

/// What [`Endpoint::on_error`] is told.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// `on_message` or `on_close` failed, or a message could not be decoded or an answer encoded.
    /// This is the text of the error and of its sources.
    #[error("{0}")]
    Handler(String),
    /// The message that `on_message` returned was not sent; never for [`SendError::Encode`].
    #[error("the answer was not sent")]
    ReplyNotSent(#[source] SendError),
}

impl From<wit::SessionError> for SessionError {
    fn from(error: wit::SessionError) -> Self {
        match error {
            wit::SessionError::Handler(text) => Self::Handler(text),
            wit::SessionError::ReplyNotSent(error) => Self::ReplyNotSent(error.into()),
        }
    }
}
