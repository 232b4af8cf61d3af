//! Topics: names to which sessions are subscribed, and by which they are sent to together.

use crate::bindings::sockhop::websocket::topics::TopicError as Refused;
use crate::coder::Encode;
use crate::host::topics as wit;
use crate::open_sessions::BroadcastOutcome;
use crate::send::SendError;

/// A topic of this endpoint, and those of its subscribers that are meant.
///
/// Sessions come into it by [`Session::subscribe`](crate::Session::subscribe), and leave it when
/// they are not open any more. All instances and revisions of the endpoint share it. To send to
/// sessions that are told apart by their path alone there is
/// [`OpenSessions`](crate::OpenSessions), which looks at every session; a topic is for
/// whatever else brings sessions together, and costs nothing for those that are not in it.
///
/// ```no_run
/// use sockhop_guest::{Result, Session, Topic};
///
/// fn enter(session: &Session, room: &str) -> Result {
///     session.subscribe(room)?;
///     Topic::named(room).except(session.id()).publish("somebody came in")?;
///     Ok(())
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    name: String,
    except: Vec<String>,
}

impl Topic {
    /// The topic with this name, which need not have subscribers.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), except: Vec::new() }
    }

    /// The topic's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Without the session that has this id, where something is published.
    #[must_use]
    pub fn except(mut self, id: impl Into<String>) -> Self {
        self.except.push(id.into());
        self
    }

    /// How many open sessions are subscribed to it, all of them.
    #[must_use]
    pub fn subscribers(&self) -> u32 {
        wit::subscribers(&self.name)
    }

    /// Queues a message for each of them. It is encoded once.
    ///
    /// Messages that the same instance publishes, to this topic and to others, and those that it
    /// broadcasts, arrive everywhere in the order in which they were made; those of different
    /// instances may arrive in different orders.
    ///
    /// # Errors
    ///
    /// [`SendError::Encode`] and no other: a session that is slow is in
    /// [`BroadcastOutcome::refused`], one that closes meanwhile is left out.
    pub fn publish(&self, message: impl Encode) -> Result<BroadcastOutcome, SendError> {
        Ok(wit::publish(&self.name, &message.encode()?, &self.except))
    }
}

/// Why a session was not subscribed to a topic. All is as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TopicError {
    /// The session is closing or closed.
    #[error("the session is not open")]
    Closed,
    /// The topic's name is empty.
    #[error("a topic's name is not empty")]
    EmptyName,
    /// The topic's name has more bytes of UTF-8 than the operator allows, which is this many.
    #[error("the topic's name is too long: {0} bytes are allowed")]
    NameTooLong(u32),
    /// The session is subscribed to as many topics as the operator allows, which is this many.
    #[error("the session is subscribed to {0} topics already, and more are not allowed")]
    SessionFull(u32),
    /// The endpoint has as many topics as the operator allows, which is this many.
    #[error("the endpoint has {0} topics already, and more are not allowed")]
    EndpointFull(u32),
}

impl From<Refused> for TopicError {
    fn from(error: Refused) -> Self {
        match error {
            Refused::Closed => Self::Closed,
            Refused::EmptyName => Self::EmptyName,
            Refused::NameTooLong(bytes) => Self::NameTooLong(bytes),
            Refused::SessionFull(topics) => Self::SessionFull(topics),
            Refused::EndpointFull(topics) => Self::EndpointFull(topics),
        }
    }
}
