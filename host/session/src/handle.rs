//! A session as anyone may hold it: who it is, sending to it, closing it.

mod sent;
mod timers;
mod tuning;

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;

use crate::handshake::{Agreed, HandshakeRequest};
pub use crate::id::{NotASessionId, SessionId};
use crate::limits::Limits;
use crate::outbound::{
    CloseRequest, Control, ControlError, Next, Offered, Outbound, Outgoing, QueueLimits,
    QueueStatus, SendError, StreamId, WriteError,
};
use crate::properties::{Properties, Property, PropertyError};
use sockhop_wire::{Message, Shared};

/// What stays the same for a session's whole life.
#[derive(Debug)]
pub struct Identity {
    /// Its id.
    pub id: SessionId,
    /// The path of its endpoint, as the component described it.
    pub endpoint_path: String,
    /// Its opening handshake.
    pub request: HandshakeRequest,
    /// The subprotocol agreed on.
    pub subprotocol: Option<String>,
    /// The largest message that its peer may send, in bytes.
    pub max_message_bytes: usize,
}

/// The queue has to be looked at.
const LOOK: u8 = 0;

/// Nothing is to be taken from the queue, and the connection's task will be told when something is.
const QUIET: u8 = 1;

/// As [`QUIET`], and what is sent need not wait for anything.
const EMPTY: u8 = 2;

/// One session. Shared by its connection, by guests and by the host; every method may be called
/// from anywhere at any time, takes a short lock of this session's alone, and never waits.
#[derive(Debug)]
pub struct Handle {
    identity: Identity,
    agreed: Agreed,
    /// The operator's limits.
    ceiling: Limits,
    outbound: Mutex<Outbound>,
    /// What the connection's task knows of the queue without its lock. Set by that task alone, and
    /// taken back to [`LOOK`] by whoever touches the queue before it does.
    quiet: AtomicU8,
    properties: Mutex<Properties>,
    /// How many timers may run at a time.
    timers_max: u32,
    /// The number of the instance that serves it; 0 before `open`.
    served_in: AtomicU64,
}

impl Handle {
    /// A session that is open. `queue` bounds what may wait for the peer, `property_bytes` the
    /// properties.
    #[must_use]
    pub fn new(identity: Identity, queue: QueueLimits, property_bytes: usize) -> Self {
        let ceiling = Limits { message_bytes: identity.max_message_bytes, ..Limits::default() };
        Self {
            identity,
            ceiling,
            agreed: Agreed::default(),
            outbound: Mutex::new(Outbound::new(queue)),
            quiet: AtomicU8::new(LOOK),
            properties: Mutex::new(Properties::new(property_bytes)),
            timers_max: 0,
            served_in: AtomicU64::new(0),
        }
    }

    /// The same with what the handshake has agreed on.
    #[must_use]
    pub fn with_agreed(self, agreed: Agreed) -> Self {
        Self { agreed, ..self }
    }

    /// What the handshake has agreed on.
    #[must_use]
    pub fn agreed(&self) -> &Agreed {
        &self.agreed
    }

    /// What stays the same.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The session's id.
    #[must_use]
    pub fn id(&self) -> SessionId {
        self.identity.id
    }

    /// Whether the session takes messages: no close has been asked for, sent or received, and the
    /// connection is there.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.lock_outbound().is_open()
    }

    /// Queues a message for the peer.
    ///
    /// # Errors
    /// [`SendError`]; nothing is sent then.
    pub fn send(&self, message: Message) -> Result<(), SendError> {
        self.outbound().push(message)
    }

    /// Queues a message for many.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub fn send_shared(&self, message: &Arc<Shared>) -> Result<(), SendError> {
        self.outbound().push_shared(message)
    }

    /// Starts a message that is sent piece by piece; see [`Outbound::start_stream`].
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub fn start_stream(&self) -> Result<StreamId, SendError> {
        self.outbound().start_stream()
    }

    /// Queues the next piece of a message.
    ///
    /// # Errors
    /// [`WriteError`]; nothing of the piece is sent then.
    pub fn write_piece(&self, stream: StreamId, piece: Message) -> Result<(), WriteError> {
        self.outbound().write_piece(stream, piece)
    }

    /// Ends a message that was sent piece by piece.
    ///
    /// # Errors
    /// [`WriteError::Closed`].
    pub fn finish_stream(&self, stream: StreamId) -> Result<(), WriteError> {
        self.outbound().finish_stream(stream)
    }

    /// Nobody writes the rest of a message; see [`Outbound::abandon_stream`].
    pub fn abandon_stream(&self, stream: StreamId) {
        self.outbound().abandon_stream(stream);
    }

    /// Queues a ping or a pong for the peer.
    ///
    /// # Errors
    /// [`ControlError`]; nothing is sent then.
    pub fn send_control(&self, control: Control) -> Result<(), ControlError> {
        self.outbound().push_control(control)
    }

    /// Allows messages to be held back, or no longer.
    pub fn set_batching(&self, allowed: bool) {
        self.outbound().set_batching(allowed);
    }

    /// Whether messages may be held back.
    #[must_use]
    pub fn batching(&self) -> bool {
        self.lock_outbound().batching()
    }

    /// Lets go of what is held back.
    pub fn flush(&self) {
        self.outbound().flush();
    }

    /// How full the queue is.
    #[must_use]
    pub fn queue(&self) -> QueueStatus {
        self.lock_outbound().status()
    }

    /// Asks for a close behind all that is queued. Only the first request counts.
    pub fn close(&self, request: CloseRequest) {
        self.outbound().close(request);
    }

    /// Asks for the connection to be dropped, with all that is queued.
    pub fn abort(&self) {
        self.outbound().abort();
    }

    /// For the connection while it closes: ready once it is to be dropped.
    pub fn poll_aborted(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut outbound = self.outbound();
        outbound.watch(cx.waker());
        if outbound.is_aborted() { Poll::Ready(()) } else { Poll::Pending }
    }

    /// For the connection while it is open: what to do next, and at once.
    pub fn take_next(&self) -> Next {
        self.outbound().take_next()
    }

    /// For the connection while it is open: what to do next; the task is told when it is something
    /// else than nothing. One task polls this.
    pub fn poll_next(&self, cx: &mut Context<'_>) -> Next {
        let mut outbound = self.outbound();
        let next = outbound.take_next();
        if let Next::Idle = next {
            outbound.watch(cx.waker());
            let quiet = if outbound.is_empty() { EMPTY } else { QUIET };
            self.quiet.store(quiet, Ordering::Release);
        }
        next
    }

    /// For the connection: whether there is still nothing to do since [`poll_next`] said so, and
    /// whoever polled that is still told. Takes no lock.
    ///
    /// [`poll_next`]: Self::poll_next
    #[inline]
    pub fn is_quiet(&self) -> bool {
        self.quiet.load(Ordering::Acquire) != LOOK
    }

    /// For the connection while it is open and cannot write: ready once the session takes no more
    /// messages.
    pub fn poll_closing(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut outbound = self.outbound();
        outbound.watch(cx.waker());
        if outbound.is_open() { Poll::Pending } else { Poll::Ready(()) }
    }

    /// For the connection while it closes: the next thing to write.
    pub fn poll_outgoing(&self, cx: &mut Context<'_>) -> Poll<Outgoing> {
        self.outbound().pop(cx.waker()).map_or(Poll::Pending, Poll::Ready)
    }

    /// For the connection: sends a guest's reply if there is room; see [`Outbound::offer`].
    ///
    /// # Errors
    /// [`SendError::Closed`] where the session is not open any more.
    pub fn offer(&self, reply: Message) -> Result<Offered, SendError> {
        // Who sends at the same time comes behind it, and nobody can tell.
        if self.quiet.load(Ordering::Acquire) == EMPTY {
            return Ok(Offered::Now(reply));
        }
        let mut outbound = self.lock_outbound();
        let offered = outbound.offer(reply);
        // What is sent now has not touched the queue.
        if !matches!(offered, Ok(Offered::Now(_))) {
            self.quiet.store(LOOK, Ordering::Release);
        }
        offered
    }

    /// For the connection: nothing can be written any more; what waits is dropped. Answers the
    /// close that was asked for and not taken yet.
    pub fn shut(&self) -> Option<CloseRequest> {
        self.outbound().shut()
    }

    /// All properties, in the order of their names.
    #[must_use]
    pub fn properties(&self) -> Vec<Property> {
        self.lock_properties().all()
    }

    /// One property.
    #[must_use]
    pub fn property(&self, name: &str) -> Option<Bytes> {
        self.lock_properties().get(name)
    }

    /// Sets a property, or removes it where `value` is absent.
    ///
    /// # Errors
    /// [`PropertyError`]; nothing has changed then.
    pub fn set_property(&self, name: String, value: Option<Bytes>) -> Result<(), PropertyError> {
        self.lock_properties().set(name, value)
    }

    /// For the connection: `on-close` has returned, and the properties are gone.
    pub fn forget_properties(&self) {
        self.lock_properties().close();
    }

    /// The queue, to be changed. The connection's task may be woken while the lock is held, and
    /// must not find it quiet then.
    fn outbound(&self) -> MutexGuard<'_, Outbound> {
        let outbound = self.lock_outbound();
        self.quiet.store(LOOK, Ordering::Release);
        outbound
    }

    // A panic under one of these locks is a bug of the host; what they guard is whole between any
    // two of its statements, so the session goes on rather than panicking in every task that
    // touches it.
    fn lock_outbound(&self) -> MutexGuard<'_, Outbound> {
        self.outbound.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_properties(&self) -> MutexGuard<'_, Properties> {
        self.properties.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;
    use crate::close::CloseCause;
    use crate::outbound::SlowReader;

    pub(super) fn session() -> Handle {
        let identity = Identity {
            id: SessionId { host: 1, number: 1 },
            endpoint_path: String::new(),
            request: HandshakeRequest::default(),
            subprotocol: None,
            max_message_bytes: 1,
        };
        let queue = QueueLimits { bytes: 1 << 10, slow_reader: SlowReader::Wait };
        Handle::new(identity, queue, 0)
    }

    #[test]
    fn a_reply_goes_at_once_only_where_nothing_is_before_it() {
        let session = session();
        let reply = || Message::Text("reply".into());
        let look = || {
            let next = session.poll_next(&mut Context::from_waker(Waker::noop()));
            assert!(matches!(next, Next::Idle) && session.is_quiet());
        };
        look();
        assert_eq!(session.offer(reply()), Ok(Offered::Now(reply())));
        session.set_batching(true);
        look();
        assert_eq!(session.offer(reply()), Ok(Offered::Taken));
        look();
        session.set_batching(false);
        assert!(matches!(session.take_next(), Next::Write(_)));
        look();
        session.send(reply()).expect("room");
        assert_eq!(session.offer(reply()), Ok(Offered::Taken), "something is before it");
        session.close(CloseRequest::by_host(CloseCause::GoingAway));
        assert_eq!(session.offer(reply()), Err(SendError::Closed));
    }
}
