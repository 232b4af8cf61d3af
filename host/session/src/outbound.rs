//! The bounded queue of what waits to be written to one peer.

mod batch;
mod bounds;
mod control;
mod marks;
mod outgoing;
mod pieces;
mod scheduled;
mod streaming;
mod taking;
mod tuned;

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::Waker;

use sockhop_wire::{Message, Shared};

use self::batch::{Batch, Held};
pub use self::bounds::{
    BATCH_BYTES_MAX, MESSAGE_OVERHEAD_BYTES, QueueLimits, QueueStatus, SendError, SlowReader,
};
pub use self::control::{CONTROL_BYTES_MAX, Control, ControlError, ControlKind};
pub use self::marks::{AwaitError, Completion, Lost, Mark, NotifyError, Receipt, TOKENS_MAX};
pub use self::outgoing::{Next, Offered, Outgoing};
use self::pieces::Streams;
pub use self::pieces::{StreamId, WriteError};
use self::tuned::Tuned;
use crate::close::CloseCause;
pub use crate::close::CloseRequest;
use crate::timers::Timers;

/// The queue itself: first in, first out, bounded in bytes.
///
/// Open => (Closing | Shut), Closing => Shut. A closing queue still gives out what it holds, then
/// the close request, once; a shut one holds nothing.
#[derive(Debug)]
pub struct Outbound {
    entries: VecDeque<Entry>,
    /// How many entries there have been before those.
    taken: u64,
    /// Control frames, each with how many entries there were before it.
    controls: VecDeque<(u64, Control)>,
    streams: Streams,
    queued_bytes: usize,
    /// What the reply that waits for room takes, if one does: nobody else gets that room.
    claimed_bytes: usize,
    limits: QueueLimits,
    dropped: u64,
    batch: Option<Batch>,
    state: State,
    is_aborted: bool,
    reader: Option<Waker>,
    /// Whether the reader wants to be woken.
    watched: bool,
    /// Whether anybody has ever waited for a message.
    was_awaited: bool,
    /// Whether the connection has not seen yet what was set.
    is_retuned: bool,
    /// How many tokens there are of which the endpoint has not been told.
    tokens: u32,
    tuned: Option<Box<Tuned>>,
    /// Most sessions have none.
    timers: Option<Box<Timers>>,
    /// Whether the connection has not seen yet when the first of them is due.
    is_rescheduled: bool,
}

#[derive(Debug)]
enum Entry {
    Message(Message),
    Shared(Arc<Shared>),
    /// The place of a message that is sent piece by piece: the first of the streams.
    Stream,
    /// It counts as nothing that waits.
    Mark(Mark),
}

#[derive(Debug)]
enum State {
    Open,
    Closing(Option<CloseRequest>),
    Shut,
}

impl Outbound {
    /// An empty, open queue.
    #[must_use]
    pub fn new(limits: QueueLimits) -> Self {
        Self {
            entries: VecDeque::new(),
            taken: 0,
            controls: VecDeque::new(),
            streams: Streams::default(),
            queued_bytes: 0,
            claimed_bytes: 0,
            limits,
            dropped: 0,
            batch: None,
            state: State::Open,
            is_aborted: false,
            reader: None,
            watched: false,
            was_awaited: false,
            is_retuned: false,
            tokens: 0,
            tuned: None,
            timers: None,
            is_rescheduled: false,
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
        QueueStatus {
            queued_bytes: self.waiting(),
            limit_bytes: self.limits.bytes,
            dropped: self.dropped,
        }
    }

    /// Takes a message, whole, behind all that waits.
    ///
    /// # Errors
    /// [`SendError`]; the message is then not taken. A message larger than the limit is taken when
    /// nothing waits: otherwise it could never be sent.
    pub fn push(&mut self, message: Message) -> Result<(), SendError> {
        let cost = cost_of(message.payload_bytes());
        self.admit(cost, Entry::Message(message))
    }

    /// Takes a message for many, as [`push`](Self::push) does.
    ///
    /// # Errors
    /// As [`push`](Self::push).
    pub fn push_shared(&mut self, message: &Arc<Shared>) -> Result<(), SendError> {
        let cost = cost_of(message.payload_bytes());
        self.admit(cost, Entry::Shared(Arc::clone(message)))
    }

    /// Whether nothing waits, and nothing that comes would have to.
    pub(crate) fn is_empty(&self) -> bool {
        let holds_nothing = self.entries.is_empty() && self.controls.is_empty();
        let waits_for_nothing = self.batch.is_none() && !self.is_timed();
        holds_nothing && waits_for_nothing && self.claimed_bytes == 0 && self.is_open()
    }

    /// Takes a guest's reply, or says what else is to become of it.
    ///
    /// # Errors
    /// [`SendError::Closed`]; [`SendError::QueueFull`] behind a message that is not finished.
    pub fn offer(&mut self, reply: Message) -> Result<Offered, SendError> {
        self.claimed_bytes = 0;
        if self.is_empty() {
            return Ok(Offered::Now(reply));
        }
        let cost = cost_of(reply.payload_bytes());
        if self.limits.slow_reader == SlowReader::Wait && self.is_open() && !self.has_room(cost) {
            if self.streams.are_open() {
                // Whoever writes the rest may wait for this reply.
                return Err(SendError::QueueFull(self.status()));
            }
            self.flush();
            self.claimed_bytes = cost;
            return Ok(Offered::Full(reply));
        }
        self.admit(cost, Entry::Message(reply)).map(|()| Offered::Taken)
    }

    /// Holds back what is queued from now on, or no longer (Jakarta `setBatchingAllowed`).
    pub fn set_batching(&mut self, allowed: bool) {
        match (allowed, &self.batch) {
            (true, None) if self.is_open() => self.batch = Some(Batch::default()),
            (false, Some(_)) => {
                self.batch = None;
                self.let_go();
            }
            (true | false, _) => {}
        }
    }

    /// Whether messages may be held back.
    #[must_use]
    pub fn batching(&self) -> bool {
        self.batch.is_some()
    }

    /// Lets go of what is held back (Jakarta `flushBatch`).
    pub fn flush(&mut self) {
        if let Some(batch) = &mut self.batch {
            *batch = Batch::default();
            self.let_go();
        }
    }

    /// Asks for a close behind all that waits. Only the first request counts, but that a guest
    /// which is gone is why it gave its messages up.
    pub fn close(&mut self, request: CloseRequest) {
        match &mut self.state {
            State::Open => {
                self.state = State::Closing(Some(request));
                self.timers = None;
                self.batch = None;
                // What has not begun is no message, and holds up none behind it.
                self.streams.finish_empty();
                self.wake();
            }
            State::Closing(Some(first))
                if first.cause == CloseCause::MessageAbandoned
                    && request.cause == CloseCause::GuestFailed =>
            {
                *first = request;
            }
            State::Closing(_) | State::Shut => {}
        }
    }

    /// Asks for the connection to be dropped: what waits is lost.
    pub fn abort(&mut self) {
        self.is_aborted = true;
        self.shut();
    }

    /// Whether the connection is to be dropped.
    #[must_use]
    pub fn is_aborted(&self) -> bool {
        self.is_aborted
    }

    /// For a connection that is open: what to do next.
    pub fn take_next(&mut self) -> Next {
        self.watched = false;
        match self.state {
            State::Open if self.is_retuned => self.take_tuned().map_or(Next::Idle, Next::Limits),
            State::Open if self.is_rescheduled => {
                self.take_rescheduled().map_or(Next::Idle, Next::Timer)
            }
            State::Open => self.take().map_or(Next::Idle, Next::Write),
            State::Closing(_) | State::Shut => Next::Closing,
        }
    }

    /// For a connection that closes: takes out the next thing to write, or leaves `waker` to be
    /// told when there is one.
    pub fn pop(&mut self, waker: &Waker) -> Option<Outgoing> {
        if let Some(outgoing) = self.take() {
            return Some(outgoing);
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
        self.watched = true;
        if !self.reader.as_ref().is_some_and(|reader| reader.will_wake(waker)) {
            self.reader = Some(waker.clone());
        }
    }

    /// Drops what waits and takes nothing more: the connection is gone or the peer has closed.
    /// Answers the close that was asked for and not taken yet.
    pub fn shut(&mut self) -> Option<CloseRequest> {
        let state = std::mem::replace(&mut self.state, State::Shut);
        self.entries = VecDeque::new();
        self.controls = VecDeque::new();
        self.streams = Streams::default();
        self.queued_bytes = 0;
        self.claimed_bytes = 0;
        self.batch = None;
        self.timers = None;
        self.wake();
        if let State::Closing(request) = state { request } else { None }
    }

    fn admit(&mut self, cost: usize, entry: Entry) -> Result<(), SendError> {
        if self.may_append(cost)? {
            self.append(cost, entry);
        }
        Ok(())
    }

    /// Whether something that takes so much is to be queued; otherwise it is dropped.
    fn may_append(&mut self, cost: usize) -> Result<bool, SendError> {
        if !self.is_open() {
            return Err(SendError::Closed);
        }
        if self.makes_room(cost) {
            return Ok(true);
        }
        match self.limits.slow_reader {
            SlowReader::Wait => Err(SendError::QueueFull(self.status())),
            SlowReader::Drop => {
                self.dropped = self.dropped.saturating_add(1);
                Ok(false)
            }
            SlowReader::Close => {
                Err(self.too_slow().map_or(SendError::Closed, SendError::QueueFull))
            }
        }
    }

    fn append(&mut self, cost: usize, entry: Entry) {
        self.queued_bytes = self.queued_bytes.saturating_add(cost);
        let is_message = !matches!(entry, Entry::Stream);
        self.entries.push_back(entry);
        if self.tuned.is_some() && is_message {
            self.note_message();
        }
        self.hold_back(Held::Entry, cost);
    }

    /// Something was queued: it is held back where that is wanted, and not too much already.
    fn hold_back(&mut self, what: Held, cost: usize) {
        let limit = self.limits.bytes;
        let is_held = self.batch.as_mut().is_some_and(|batch| batch.holds(what, cost, limit));
        if !is_held {
            self.let_go();
        }
    }

    /// What was queued may be taken.
    fn let_go(&mut self) {
        if self.tuned.is_some() {
            self.begin_time();
        }
        self.wake();
    }

    /// There was no room for something that cannot be dropped. Answers how full the queue is where
    /// the session goes on.
    fn too_slow(&mut self) -> Option<QueueStatus> {
        if self.limits.slow_reader == SlowReader::Close {
            self.close(CloseRequest::by_host(CloseCause::SlowReader));
            return None;
        }
        Some(self.status())
    }

    fn waiting(&self) -> usize {
        self.queued_bytes.saturating_add(self.claimed_bytes)
    }

    /// Whether there is room. Where there is none, what is held back is let go of.
    fn makes_room(&mut self, cost: usize) -> bool {
        let has_room = self.has_room(cost);
        if !has_room {
            self.flush();
        }
        has_room
    }

    fn has_room(&self, cost: usize) -> bool {
        // What is held back is no sign of a slow peer, and is half of the limit at most.
        let held = self.batch.as_ref().map_or(0, |batch| batch.bytes);
        let waiting = self.waiting().saturating_sub(held);
        waiting == 0 || waiting.saturating_add(cost) <= self.limits.bytes
    }

    fn wake(&mut self) {
        if std::mem::take(&mut self.watched)
            && let Some(reader) = &self.reader
        {
            reader.wake_by_ref();
        }
    }
}

fn cost_of(payload_bytes: usize) -> usize {
    payload_bytes.saturating_add(MESSAGE_OVERHEAD_BYTES)
}

#[cfg(test)]
mod tests;
