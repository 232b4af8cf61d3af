//! The two seams of the core: a guest as the connection sees it, and other sessions as a guest sees
//! them.

use std::future::Future;
use std::sync::Arc;

use bytes::Bytes;
use thiserror::Error;

use crate::batch::Batch;
use crate::close::CloseEvent;
use crate::handle::{Handle, SessionId};
use crate::outbound::SendError;
use crate::topics::TopicError;
use sockhop_wire::Message;

/// How a call into a guest failed.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Fault {
    /// The guest returned an error: its own word for it. The session lives.
    #[error("the guest returned an error: {0}")]
    Returned(String),
    /// The guest trapped, or was ended as if it had. Its instance is gone.
    #[error(transparent)]
    Trapped(#[from] Trap),
}

/// Why an instance is gone.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("the guest {kind} in {call}: {detail}")]
pub struct Trap {
    /// What kind of end it was.
    pub kind: TrapKind,
    /// The function of the contract that was being called.
    pub call: &'static str,
    /// What the sandbox reports: the trap's name, and where.
    pub detail: String,
}

/// The kinds of trap that an operator acts on differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrapKind {
    /// The guest's own code trapped.
    Trapped,
    /// The guest computed for longer than one event may.
    OutOfTime,
    /// The guest waited for longer than one event may.
    OutOfPatience,
    /// The guest wanted more memory than it may have, and then trapped.
    OutOfMemory,
    /// The instance had ended before the call, by another session's doing.
    InstanceGone,
}

impl std::fmt::Display for TrapKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Trapped => "trapped",
            Self::OutOfTime => "computed for too long",
            Self::OutOfPatience => "waited for too long",
            Self::OutOfMemory => "ran out of memory",
            Self::InstanceGone => "was already gone",
        })
    }
}

/// What `on-error` is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionError {
    /// `on-message`, `on-part`, `on-pong`, `on-sent`, `on-timer` or `on-close` returned this error.
    Handler(String),
    /// The message that `on-message` returned was not sent.
    ReplyNotSent(SendError),
}

/// A guest's side of one session, as the connection drives it: one call at a time, `open` first and
/// once, `on_close` last and at most once, nothing after a [`Fault::Trapped`] or a failed `open`.
///
/// # Cancellation
/// Dropping the future of a call gives the guest's side of the session up: a call is either
/// finished or the last. Where the instance serves this session alone it ends with the call; where
/// it is shared, the call goes on and nobody hears of its end.
pub trait Endpoint: Send {
    /// Begins the session.
    fn open(&mut self) -> impl Future<Output = Result<(), Fault>> + Send;

    /// Delivers a message; what the guest returns is to be sent.
    fn on_message(
        &mut self,
        message: Message,
    ) -> impl Future<Output = Result<Option<Message>, Fault>> + Send;

    /// Whether the guest takes messages piece by piece: then [`on_part`](Self::on_part) is called
    /// in place of `on_message`.
    fn takes_parts(&self) -> bool {
        false
    }

    /// Delivers a piece of a message; `last` says that it is the message's last.
    fn on_part(
        &mut self,
        _piece: Message,
        _last: bool,
    ) -> impl Future<Output = Result<(), Fault>> + Send {
        async { Ok(()) }
    }

    /// Whether the guest takes several messages at a time: then [`on_messages`](Self::on_messages)
    /// is called in place of `on_message`.
    fn takes_batches(&self) -> bool {
        false
    }

    /// Delivers messages.
    fn on_messages(&mut self, _batch: Batch) -> impl Future<Output = Result<(), Fault>> + Send {
        async { Ok(()) }
    }

    /// Whether the guest hears of pongs: then [`on_pong`](Self::on_pong) is called.
    fn hears_pongs(&self) -> bool {
        false
    }

    /// Delivers the payload of a pong.
    fn on_pong(&mut self, _data: Bytes) -> impl Future<Output = Result<(), Fault>> + Send {
        async { Ok(()) }
    }

    /// Whether the guest hears that what was sent has left: then [`on_sent`](Self::on_sent) is
    /// called.
    fn hears_completions(&self) -> bool {
        false
    }

    /// Tells the guest that all that was queued before this token has been handed to the
    /// connection.
    fn on_sent(&mut self, _token: u64) -> impl Future<Output = Result<(), Fault>> + Send {
        async { Ok(()) }
    }

    /// Tells the guest that the session's timer with this token is due. A guest that does not hear
    /// of timers starts none.
    fn on_timer(&mut self, _token: u64) -> impl Future<Output = Result<(), Fault>> + Send {
        async { Ok(()) }
    }

    /// Tells the guest of an error. It has no error to return.
    fn on_error(&mut self, error: &SessionError) -> impl Future<Output = Result<(), Trap>> + Send;

    /// Tells the guest that the session has ended. Only `on_error` and `finish` may follow.
    fn on_close(&mut self, event: &CloseEvent) -> impl Future<Output = Result<(), Fault>> + Send;

    /// Gives up the guest's side of an opened session. Nothing may follow.
    fn finish(&mut self) -> impl Future<Output = Result<(), Trap>> + Send;
}

/// The open sessions of one endpoint, as a guest may see them. The host's registry serves it.
pub trait Directory: Send + Sync {
    /// How many are open, as near as can be told while they come and go.
    fn len(&self) -> usize;

    /// Whether none is open.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The open session with this id.
    fn get(&self, id: SessionId) -> Option<Arc<Handle>>;

    /// Shows the open sessions behind `after` (all of them where it is absent), oldest first, until
    /// `visit` returns false. Sessions that come
    /// or go meanwhile may be among them.
    fn visit(&self, after: Option<SessionId>, visit: &mut dyn FnMut(&Arc<Handle>) -> bool);

    /// Subscribes a session to a topic, until it is no longer among the open ones. False where it
    /// is subscribed already.
    ///
    /// # Errors
    /// [`TopicError`]; nothing has changed then.
    fn subscribe(&self, session: &Arc<Handle>, topic: &str) -> Result<bool, TopicError>;

    /// Unsubscribes a session from a topic. False where it was not subscribed.
    fn unsubscribe(&self, session: SessionId, topic: &str) -> bool;

    /// What a session is subscribed to, in the order of the bytes.
    fn subscriptions(&self, session: SessionId) -> Vec<Arc<str>>;

    /// Shows the subscribers of a topic, oldest first, until `visit` returns false. Sessions that
    /// are not open any more, or that come or go meanwhile, may be among them.
    fn visit_topic(&self, topic: &str, visit: &mut dyn FnMut(&Arc<Handle>) -> bool);
}

/// A directory without sessions.
#[derive(Debug, Default)]
pub struct NoSessions;

impl Directory for NoSessions {
    fn len(&self) -> usize {
        0
    }

    fn get(&self, _id: SessionId) -> Option<Arc<Handle>> {
        None
    }

    fn visit(&self, _after: Option<SessionId>, _visit: &mut dyn FnMut(&Arc<Handle>) -> bool) {}

    fn subscribe(&self, _session: &Arc<Handle>, _topic: &str) -> Result<bool, TopicError> {
        Err(TopicError::Closed)
    }

    fn unsubscribe(&self, _session: SessionId, _topic: &str) -> bool {
        false
    }

    fn subscriptions(&self, _session: SessionId) -> Vec<Arc<str>> {
        Vec::new()
    }

    fn visit_topic(&self, _topic: &str, _visit: &mut dyn FnMut(&Arc<Handle>) -> bool) {}
}
