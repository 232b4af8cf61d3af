//! The session: one WebSocket connection, as guest code holds it.

mod completion;
mod limits;
mod timer;
mod who;

use std::error::Error as StdError;
use std::str::FromStr;

use crate::coder::Encode;
use crate::handshake::HandshakeRequest;
use crate::host::{session as wit, topics};
use crate::parameter::{self, PathParameterError};
use crate::send::{CloseError, ControlError, PropertyError, QueueStatus, SendError};
use crate::topic::TopicError;
use crate::{CloseReason, Message, OutgoingMessage};

pub use self::completion::{NotifyError, WaitError};
pub use self::timer::TimerError;
pub use self::who::Principal;

/// A handle to one session (Jakarta `Session`).
///
/// An endpoint gets the handle of its own session in
/// [`Endpoint::on_open`](crate::Endpoint::on_open) and keeps it where it wants to send by itself;
/// handles of others come from [`OpenSessions`](crate::OpenSessions). Dropping a handle does not
/// close the session.
///
/// Each function is a call to the host. What does not change, such as the id or a path
/// parameter, is worth keeping in the endpoint.
#[derive(Debug)]
pub struct Session(wit::Session);

impl Session {
    pub(crate) fn new(handle: wit::Session) -> Self {
        Self(handle)
    }

    /// The session's id: unique among all sessions of this host for as long as it runs
    /// (Jakarta `getId`). Valid after the session has ended.
    #[must_use]
    pub fn id(&self) -> String {
        self.0.id()
    }

    /// The path of the endpoint that serves the session, as a template: `/chat/{room}`.
    #[must_use]
    pub fn endpoint_path(&self) -> String {
        self.0.endpoint_path()
    }

    /// The opening handshake (Jakarta `getRequestURI`, `getQueryString`, `HandshakeRequest`).
    #[must_use]
    pub fn request(&self) -> HandshakeRequest {
        self.0.request()
    }

    /// What the variables of the endpoint's path stand for, percent-decoded, in the path's order
    /// (Jakarta `getPathParameters`).
    #[must_use]
    pub fn path_parameters(&self) -> Vec<(String, String)> {
        self.0.path_parameters()
    }

    /// What one variable of the endpoint's path stands for (Jakarta `@PathParam`), or nothing
    /// where the path has no such variable.
    #[must_use]
    pub fn path_parameter(&self, name: &str) -> Option<String> {
        self.path_parameters().into_iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// What one variable of the endpoint's path stands for, as a `T`, or nothing where the path has
    /// no such variable.
    ///
    /// [`#[endpoint]`](macro@crate::endpoint) gives them to `on_open` as well, each with its type.
    ///
    /// ```no_run
    /// # fn on_open(session: sockhop_guest::Session) -> sockhop_guest::Result {
    /// let room: u32 = session.path_parameter_as("room")?.unwrap_or(1);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`PathParameterError`], where the variable stands for something that is no `T`. Returned
    /// from `on_open` it closes the session with 1011.
    pub fn path_parameter_as<T>(&self, name: &str) -> Result<Option<T>, PathParameterError>
    where
        T: FromStr<Err: Into<Box<dyn StdError>>>,
    {
        parameter::parsed(&self.path_parameters(), name)
    }

    /// The subprotocol agreed on, if any (Jakarta `getNegotiatedSubprotocol`).
    #[must_use]
    pub fn subprotocol(&self) -> Option<String> {
        self.0.subprotocol()
    }

    /// Whether the session is open (Jakarta `isOpen`).
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.0.is_open()
    }

    /// The session's properties in the order of their names (Jakarta `getUserProperties`). Once
    /// `on_close` has returned there are none.
    #[must_use]
    pub fn properties(&self) -> Vec<(String, Vec<u8>)> {
        self.0.properties()
    }

    /// One property of the session.
    #[must_use]
    pub fn property(&self, name: &str) -> Option<Vec<u8>> {
        self.0.property(name)
    }

    /// One property as text, or nothing where it is absent or not UTF-8.
    #[must_use]
    pub fn text_property(&self, name: &str) -> Option<String> {
        self.property(name).and_then(|value| String::from_utf8(value).ok())
    }

    /// Sets a property. Every guest that holds a handle to the session sees it.
    ///
    /// # Errors
    ///
    /// [`PropertyError::TooBig`], where the properties would outgrow the operator's limit;
    /// [`PropertyError::Closed`], once `on_close` has returned.
    pub fn set_property(&self, name: &str, value: impl AsRef<[u8]>) -> Result<(), PropertyError> {
        Ok(self.0.set_property(name, Some(value.as_ref()))?)
    }

    /// Removes a property; one that is not there is removed already.
    ///
    /// # Errors
    ///
    /// [`PropertyError::Closed`], once `on_close` has returned.
    pub fn remove_property(&self, name: &str) -> Result<(), PropertyError> {
        Ok(self.0.set_property(name, None)?)
    }

    /// Queues a message for the peer, encoded by its own type.
    ///
    /// Returns at once. The host writes the messages of a session in the order in which they were
    /// queued. To answer a message, returning the answer from `on_message` is cheaper.
    ///
    /// # Errors
    ///
    /// [`SendError::Encode`], where the message has no form on the wire; else as
    /// [`send_text`](Self::send_text).
    pub fn send(&self, message: impl Encode) -> Result<(), SendError> {
        match message.encode()? {
            Message::Text(text) => self.send_text(&text),
            Message::Binary(data) => self.send_binary(&data),
        }
    }

    /// Queues a text message for the peer (Jakarta `sendText`). As [`send`](Self::send) otherwise.
    ///
    /// # Errors
    ///
    /// [`SendError::Closed`], where the session is not open; [`SendError::QueueFull`], where the
    /// peer reads too slowly.
    pub fn send_text(&self, text: &str) -> Result<(), SendError> {
        Ok(self.0.send_text(text)?)
    }

    /// Queues a binary message for the peer (Jakarta `sendBinary`).
    ///
    /// # Errors
    ///
    /// As [`send_text`](Self::send_text).
    pub fn send_binary(&self, data: &[u8]) -> Result<(), SendError> {
        Ok(self.0.send_binary(data)?)
    }

    /// Starts a message that is sent piece by piece.
    ///
    /// # Errors
    ///
    /// As [`send_text`](Self::send_text).
    pub fn start_message(&self) -> Result<OutgoingMessage, SendError> {
        Ok(OutgoingMessage::new(self.0.start_message()?))
    }

    /// Allows the host to hold messages back until [`flush`](Self::flush), until this is called
    /// with `false`, until the session is closed, or until 16 KiB are held (Jakarta
    /// `setBatchingAllowed`). Answers are held as well. Not allowed at first.
    pub fn set_batching(&self, allowed: bool) {
        self.0.set_batching(allowed);
    }

    /// Whether the host may hold messages back (Jakarta `getBatchingAllowed`).
    #[must_use]
    pub fn batching(&self) -> bool {
        self.0.batching()
    }

    /// Lets go of what is held back (Jakarta `flushBatch`).
    pub fn flush(&self) {
        self.0.flush();
    }

    /// Queues a ping (Jakarta `sendPing`), in its place among the messages. Its answer says that
    /// the peer has received what was queued before; a component that hears of it exports `pongs`.
    ///
    /// # Errors
    ///
    /// [`ControlError::TooLong`], above 125 bytes; else as [`send_text`](Self::send_text).
    pub fn ping(&self, data: impl AsRef<[u8]>) -> Result<(), ControlError> {
        Ok(self.0.ping(data.as_ref())?)
    }

    /// Queues a pong that answers no ping (Jakarta `sendPong`). Pings of the peer are answered by
    /// the host.
    ///
    /// # Errors
    ///
    /// As [`ping`](Self::ping).
    pub fn pong(&self, data: impl AsRef<[u8]>) -> Result<(), ControlError> {
        Ok(self.0.pong(data.as_ref())?)
    }

    /// How much waits to be written to the peer, and how much may.
    #[must_use]
    pub fn queue(&self) -> QueueStatus {
        self.0.queue()
    }

    /// Subscribes the session to a topic, until it is not open any more; see
    /// [`Topic`](crate::Topic). False where it was subscribed already.
    ///
    /// # Errors
    ///
    /// [`TopicError`]: the session is not open, or one of the operator's limits is reached.
    pub fn subscribe(&self, topic: &str) -> Result<bool, TopicError> {
        Ok(topics::subscribe(&self.0, topic)?)
    }

    /// Unsubscribes the session from a topic. False where it was not subscribed.
    pub fn unsubscribe(&self, topic: &str) -> bool {
        topics::unsubscribe(&self.0, topic)
    }

    /// The topics that the session is subscribed to, in the order of their bytes. None where it is
    /// not open.
    #[must_use]
    pub fn topics(&self) -> Vec<String> {
        topics::subscriptions(&self.0)
    }

    /// Closes the session with code 1000 and no phrase (Jakarta `close`). What is queued is
    /// written first. On a session that is not open this does nothing.
    ///
    /// `on_close` follows when the peer has answered, or the operator's time for that is over.
    ///
    /// # Errors
    ///
    /// None that the contract names for a close without a reason; it returns what the host says.
    pub fn close(&self) -> Result<(), CloseError> {
        Ok(self.0.close(None)?)
    }

    /// Closes the session with a code and a phrase, empty for none. As [`close`](Self::close)
    /// otherwise; the codes by name are in [`close_code`](crate::close_code).
    ///
    /// # Errors
    ///
    /// [`CloseError::InvalidCode`], where the code may not be sent; [`CloseError::PhraseTooLong`],
    /// above 123 bytes of UTF-8. The session is open still.
    pub fn close_with(&self, code: u16, phrase: &str) -> Result<(), CloseError> {
        Ok(self.0.close(Some(&CloseReason::new(code, phrase)))?)
    }

    /// Drops the session's connection without a closing handshake: what is queued is lost, and the
    /// peer sees 1006. `on_close` follows at once.
    pub fn abort(&self) {
        self.0.abort();
    }
}
