//! The bounded queue of what waits to be written to one peer.

use std::collections::VecDeque;
use std::task::Waker;

use thiserror::Error;

use crate::close::{CloseCause, CloseReason, Initiator};
use sockhop_wire::Message;

/// What one queued message counts beside its payload, in bytes, so that a flood of empty messages
/// is bounded as well: about what the queue itself spends on it.
pub const MESSAGE_OVERHEAD_BYTES: usize = 64;

/// How full a queue is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueStatus {
    /// Bytes that wait, [`MESSAGE_OVERHEAD_BYTES`] for each message included.
    pub queued_bytes: usize,
    /// The most that may wait.
    pub limit_bytes: usize,
}

/// Why a message was not taken. Nothing of it is sent.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum SendError {
    /// The session is closing or closed.
    #[error("the session is closed")]
    Closed,
    /// The peer reads more slowly than it is sent to.
    #[error("the session's queue is full: {} of {} bytes wait", .0.queued_bytes, .0.limit_bytes)]
    QueueFull(QueueStatus),
}

/// A wish to close a session, with who has it and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloseRequest {
    /// Who wishes it.
    pub initiator: Initiator,
    /// Why.
    pub cause: CloseCause,
    /// What to send in the Close frame.
    pub reason: CloseReason,
}

impl CloseRequest {
    /// A guest's wish (Jakarta `Session.close`).
    #[must_use]
    pub fn by_guest(reason: CloseReason) -> Self {
        Self { initiator: Initiator::Guest, cause: CloseCause::Requested, reason }
    }

    /// The host's wish, with the reason that belongs to the cause.
    #[must_use]
    pub fn by_host(cause: CloseCause) -> Self {
        Self { initiator: Initiator::Host, cause, reason: cause.reason() }
    }
}

/// The next thing to write.
#[derive(Debug, PartialEq, Eq)]
pub enum Outgoing {
    /// A message.
    Message(Message),
    /// A close was asked for and all that was queued before it has been taken.
    Close(CloseRequest),
}

/// The queue itself: first in, first out, bounded in bytes.
///
/// Open => (Closing | Shut), Closing => Shut. A closing queue still gives out what it holds, then
/// the close request, once; a shut one holds nothing.
#[derive(Debug)]
pub struct Outbound {
    messages: VecDeque<Message>,
    queued_bytes: usize,
    /// What the reply that waits for room takes, if one does: nobody else gets that room.
    claimed_bytes: usize,
    limit_bytes: usize,
    state: State,
    reader: Option<Waker>,
}

#[derive(Debug)]
enum State {
    Open,
    Closing(Option<CloseRequest>),
    Shut,
}

impl Outbound {
    /// An empty, open queue that holds at most `limit_bytes`, or one message of any size.
    #[must_use]
    pub fn new(limit_bytes: usize) -> Self {
        Self {
            messages: VecDeque::new(),
            queued_bytes: 0,
            claimed_bytes: 0,
            limit_bytes,
            state: State::Open,
            reader: None,
        }
    }

    /// Whether messages are still taken.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self.state, State::Open)
    }

    /// How full the queue is, a reply that waits for room included.
    #[must_use]
    pub fn status(&self) -> QueueStatus {
        let queued_bytes = self.queued_bytes.saturating_add(self.claimed_bytes);
        QueueStatus { queued_bytes, limit_bytes: self.limit_bytes }
    }

    /// Takes a message, whole, behind all that waits.
    ///
    /// # Errors
    /// [`SendError`]; the message is then not taken. A message larger than the limit is taken when
    /// nothing waits: otherwise it could never be sent.
    pub fn push(&mut self, message: Message) -> Result<(), SendError> {
        let cost = self.check(&message)?;
        self.queued_bytes = self.queued_bytes.saturating_add(cost);
        self.messages.push_back(message);
        self.wake();
        Ok(())
    }

    /// What `push` would answer, without taking the message; its cost in bytes where it would be
    /// taken.
    ///
    /// # Errors
    /// As [`push`](Self::push).
    pub fn check(&self, message: &Message) -> Result<usize, SendError> {
        if !self.is_open() {
            return Err(SendError::Closed);
        }
        let cost = message.payload_bytes().saturating_add(MESSAGE_OVERHEAD_BYTES);
        let waiting = self.queued_bytes.saturating_add(self.claimed_bytes);
        if waiting > 0 && waiting.saturating_add(cost) > self.limit_bytes {
            return Err(SendError::QueueFull(self.status()));
        }
        Ok(cost)
    }

    /// Takes a reply as `push` would, or gives it back where the queue is full. From then on nobody
    /// else gets the room that it needs, or those who need less would keep it waiting for ever: it
    /// is to be offered again, until it is taken or the queue is not open any more.
    ///
    /// # Errors
    /// [`SendError::Closed`].
    pub fn offer(&mut self, reply: Message) -> Result<Option<Message>, SendError> {
        self.claimed_bytes = 0;
        match self.check(&reply) {
            Ok(_) => self.push(reply).map(|()| None),
            Err(SendError::QueueFull(_)) => {
                self.claimed_bytes = reply.payload_bytes().saturating_add(MESSAGE_OVERHEAD_BYTES);
                Ok(Some(reply))
            }
            Err(SendError::Closed) => Err(SendError::Closed),
        }
    }

    /// Asks for a close behind all that waits. Only the first request counts.
    pub fn close(&mut self, request: CloseRequest) {
        if self.is_open() {
            self.state = State::Closing(Some(request));
            self.wake();
        }
    }

    /// Takes out the next thing to write, or leaves `waker` to be told when there is one.
    pub fn pop(&mut self, waker: &Waker) -> Option<Outgoing> {
        if let Some(message) = self.messages.pop_front() {
            let cost = message.payload_bytes().saturating_add(MESSAGE_OVERHEAD_BYTES);
            self.queued_bytes = self.queued_bytes.saturating_sub(cost);
            return Some(Outgoing::Message(message));
        }
        if let State::Closing(request) = &mut self.state
            && let Some(request) = request.take()
        {
            return Some(Outgoing::Close(request));
        }
        self.watch(waker);
        None
    }

    /// Leaves `waker` to be told of the next message or close.
    pub fn watch(&mut self, waker: &Waker) {
        if !self.reader.as_ref().is_some_and(|reader| reader.will_wake(waker)) {
            self.reader = Some(waker.clone());
        }
    }

    /// Drops what waits and takes nothing more: the connection is gone or the peer has closed.
    /// Answers the close that was asked for and not taken yet.
    pub fn shut(&mut self) -> Option<CloseRequest> {
        let state = std::mem::replace(&mut self.state, State::Shut);
        self.messages = VecDeque::new();
        self.queued_bytes = 0;
        self.claimed_bytes = 0;
        self.wake();
        if let State::Closing(request) = state { request } else { None }
    }

    fn wake(&mut self) {
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(text: &str) -> Message {
        Message::Text(text.into())
    }

    fn drain(queue: &mut Outbound) -> Vec<Outgoing> {
        std::iter::from_fn(|| queue.pop(Waker::noop())).collect()
    }

    #[test]
    fn a_close_comes_once_and_behind_what_waits() {
        let mut queue = Outbound::new(1000);
        queue.push(text("a")).expect("room");
        let first = CloseRequest::by_guest(CloseReason::normal());
        queue.close(first.clone());
        queue.close(CloseRequest::by_host(CloseCause::GoingAway));
        assert_eq!(queue.push(text("b")), Err(SendError::Closed));
        assert_eq!(drain(&mut queue), [Outgoing::Message(text("a")), Outgoing::Close(first)]);
    }

    #[test]
    fn the_limit_holds_at_it_and_one_past_it() {
        let mut queue = Outbound::new(2 * (MESSAGE_OVERHEAD_BYTES + 4));
        queue.push(text("1234")).expect("room");
        assert!(matches!(queue.push(text("12345")), Err(SendError::QueueFull(_))));
        queue.push(text("1234")).expect("exactly at the limit");
        assert!(matches!(queue.push(text("")), Err(SendError::QueueFull(_))));
    }

    #[test]
    fn a_message_above_the_limit_is_taken_alone() {
        let mut queue = Outbound::new(10);
        queue.push(text("a message that is longer than ten bytes")).expect("nothing waits");
        assert!(matches!(queue.push(text("")), Err(SendError::QueueFull(_))));
        assert_eq!(drain(&mut queue).len(), 1);
        queue.push(text("")).expect("room again");
    }

    #[test]
    fn room_is_kept_for_a_reply_that_waits() {
        let mut queue = Outbound::new(3 * MESSAGE_OVERHEAD_BYTES);
        for _ in 0..3 {
            queue.push(text("")).expect("room");
        }
        let reply = text("longer than the others");
        assert_eq!(queue.offer(reply.clone()), Ok(Some(reply.clone())));
        for _ in 0..2 {
            assert!(queue.pop(Waker::noop()).is_some());
            assert!(matches!(queue.push(text("")), Err(SendError::QueueFull(_))));
        }
        assert_eq!(queue.offer(reply.clone()), Ok(None));
        assert_eq!(drain(&mut queue), [Outgoing::Message(text("")), Outgoing::Message(reply)]);
        queue.push(text("")).expect("nobody waits any more");
        assert_eq!(queue.status().queued_bytes, MESSAGE_OVERHEAD_BYTES);
    }

    #[test]
    fn a_reply_larger_than_the_limit_waits_until_it_is_alone() {
        let mut queue = Outbound::new(MESSAGE_OVERHEAD_BYTES);
        queue.push(text("")).expect("room");
        let reply = text("a reply");
        assert_eq!(queue.offer(reply.clone()), Ok(Some(reply.clone())));
        assert_eq!(drain(&mut queue).len(), 1);
        assert!(matches!(queue.push(text("")), Err(SendError::QueueFull(_))));
        assert_eq!(queue.offer(reply), Ok(None));
    }

    #[test]
    fn a_queue_that_is_shut_gives_back_the_close_that_it_did_not_reach() {
        let mut queue = Outbound::new(1000);
        queue.push(text("a")).expect("room");
        let request = CloseRequest::by_guest(CloseReason::normal());
        queue.close(request.clone());
        assert_eq!(queue.shut(), Some(request));
        assert_eq!(queue.shut(), None);
    }

    #[test]
    fn a_shut_queue_holds_nothing() {
        let mut queue = Outbound::new(1000);
        queue.push(text("a")).expect("room");
        assert_eq!(queue.shut(), None);
        assert_eq!(drain(&mut queue), []);
        assert_eq!(queue.push(text("b")), Err(SendError::Closed));
        assert_eq!(queue.status().queued_bytes, 0);
    }

    proptest! {
        /// What was taken comes out, whole, in order, once; and the count of bytes ends at nothing.
        #[test]
        fn taken_messages_come_out_in_order(
            steps in prop::collection::vec(prop::option::of(0_usize..200), 0..200),
        ) {
            let mut queue = Outbound::new(1000);
            let (mut taken, mut given) = (Vec::new(), Vec::new());
            for step in steps {
                match step {
                    Some(size) => {
                        let byte = u8::try_from(taken.len() % 256).expect("a byte");
                        let message = Message::Binary(vec![byte; size].into());
                        if queue.push(message.clone()).is_ok() {
                            taken.push(Outgoing::Message(message));
                        }
                        let status = queue.status();
                        prop_assert!(status.queued_bytes <= status.limit_bytes);
                    }
                    None => given.extend(queue.pop(Waker::noop())),
                }
            }
            given.extend(drain(&mut queue));
            prop_assert_eq!(given, taken);
            prop_assert_eq!(queue.status().queued_bytes, 0);
        }
    }
}
