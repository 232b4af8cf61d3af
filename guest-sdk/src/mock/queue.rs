//! What waits for one peer: first in, first out, bounded in bytes.

mod marks;
mod pieces;
mod reading;

use std::collections::VecDeque;

use crate::bindings::sockhop::websocket::session::{ControlError, QueueStatus, SendError};
use crate::bindings::sockhop::websocket::types::{CloseCause, CloseEvent, Message};
use crate::mock::ending;
use crate::mock::stream::Stream;

/// How much may wait where another piece of a message is delivered, in bytes.
pub(crate) const WAITING_BYTES_FOR_PIECES_MAX: u64 = 64 << 10;

/// The longest payload of a control frame, in bytes (RFC 6455 §5.5).
const CONTROL_BYTES_MAX: usize = 125;

/// What a message takes beside its payload, in bytes.
const MESSAGE_OVERHEAD_BYTES: u64 = 64;

/// The most that is held back, in bytes, where half of the queue's limit is not less.
const BATCH_BYTES_MAX: u64 = 16 << 10;

/// What becomes of a whole message for which there is no room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SlowReader {
    /// Its sender is refused ([`SendError::QueueFull`](crate::SendError::QueueFull)), and an answer
    /// of `on_message` waits, as the host does by default.
    #[default]
    Wait,
    /// It is dropped, and counted in [`QueueStatus::dropped`](crate::QueueStatus).
    Drop,
    /// The session is closed with 1013.
    Close,
}

/// What a queue is bounded by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct QueueLimits {
    pub(crate) bytes: u64,
    pub(crate) slow_reader: SlowReader,
}

/// What became of an answer of `on-message`.
#[derive(Debug, PartialEq)]
pub(crate) enum Offered {
    Taken,
    /// It waits for room, and the session's next event with it.
    Waits(Message),
}

/// The queue, and how the session ended if it did.
#[derive(Debug)]
pub(crate) struct Queue {
    entries: VecDeque<Entry>,
    queued_bytes: u64,
    /// What the answer that waits for room takes.
    claimed_bytes: u64,
    limits: QueueLimits,
    dropped: u64,
    batch: Option<Batch>,
    streams: u64,
    /// What the peer has read and the test has not looked at.
    controls: Vec<Control>,
    /// What was waited for: the connection has it, and the peer reads it first.
    handed_over: VecDeque<Message>,
    /// How many tokens the endpoint has not been told of.
    tokens: u32,
    /// Those of which it is to be told.
    told: VecDeque<u64>,
    ended: Option<CloseEvent>,
    /// Whether the endpoint has been told of that, or nobody will be.
    is_over: bool,
}

#[derive(Debug)]
enum Entry {
    Message(Message),
    Control(Control),
    Stream(Stream),
    /// Of which the endpoint is told when all before it was read.
    Token(u64),
}

/// A control frame that an endpoint has sent to its peer (RFC 6455 §5.5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Control {
    /// A ping, with its payload.
    Ping(Vec<u8>),
    /// A pong, with its payload.
    Pong(Vec<u8>),
}

/// What is held back, at the end of the queue.
#[derive(Debug, Default)]
struct Batch {
    entries: usize,
    bytes: u64,
}

impl Queue {
    pub(crate) fn new(limits: QueueLimits) -> Self {
        Self {
            entries: VecDeque::new(),
            queued_bytes: 0,
            claimed_bytes: 0,
            limits,
            dropped: 0,
            batch: None,
            streams: 0,
            controls: Vec::new(),
            handed_over: VecDeque::new(),
            tokens: 0,
            told: VecDeque::new(),
            ended: None,
            is_over: false,
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        self.ended.is_none()
    }

    pub(crate) fn ended(&self) -> Option<&CloseEvent> {
        self.ended.as_ref()
    }

    pub(crate) fn status(&self) -> QueueStatus {
        QueueStatus {
            queued_bytes: self.queued_bytes + self.claimed_bytes,
            limit_bytes: self.limits.bytes,
            dropped: self.dropped,
        }
    }

    pub(crate) fn push(&mut self, message: Message) -> Result<(), SendError> {
        self.admit(cost(&message), Entry::Message(message))
    }

    fn admit(&mut self, cost: u64, entry: Entry) -> Result<(), SendError> {
        if !self.is_open() {
            return Err(SendError::Closed);
        }
        if self.makes_room(cost) {
            self.append(cost, entry);
            return Ok(());
        }
        if self.limits.slow_reader == SlowReader::Drop {
            self.dropped += 1;
            return Ok(());
        }
        Err(self.too_slow().map_or(SendError::Closed, SendError::QueueFull))
    }

    pub(crate) fn push_control(&mut self, control: Control) -> Result<(), ControlError> {
        let (Control::Ping(data) | Control::Pong(data)) = &control;
        if data.len() > CONTROL_BYTES_MAX {
            return Err(ControlError::TooLong(u32::try_from(data.len()).unwrap_or(u32::MAX)));
        }
        let admitted = self.admit(control_cost(&control), Entry::Control(control));
        admitted.map_err(|error| match error {
            SendError::Closed => ControlError::Closed,
            SendError::QueueFull(status) => ControlError::QueueFull(status),
        })
    }

    pub(crate) fn offer(&mut self, reply: Message) -> Result<Offered, SendError> {
        self.claimed_bytes = 0;
        let cost = cost(&reply);
        let waits = self.limits.slow_reader == SlowReader::Wait;
        if !waits || !self.is_open() || self.has_room(cost) {
            return self.push(reply).map(|()| Offered::Taken);
        }
        if self.unfinished().next().is_some() {
            return Err(SendError::QueueFull(self.status()));
        }
        self.flush();
        self.claimed_bytes = cost;
        Ok(Offered::Waits(reply))
    }

    pub(crate) fn set_batching(&mut self, allowed: bool) {
        match (allowed, &self.batch) {
            (true, None) if self.is_open() => self.batch = Some(Batch::default()),
            (false, Some(_)) => {
                self.batch = None;
                self.pass();
            }
            (true | false, _) => {}
        }
    }

    pub(crate) fn batching(&self) -> bool {
        self.batch.is_some()
    }

    pub(crate) fn flush(&mut self) {
        if let Some(batch) = &mut self.batch {
            *batch = Batch::default();
            self.pass();
        }
    }

    /// The session is not open any more; what is queued can be read still. The first end counts.
    pub(crate) fn end(&mut self, event: CloseEvent) {
        if self.is_open() {
            self.ended = Some(event);
            self.batch = None;
            self.unfinished().filter(|stream| stream.is_empty()).for_each(|s| s.finished = true);
            self.pass();
        }
    }

    /// The connection is dropped, whatever was under way: what is queued is lost, but for what was
    /// handed over already.
    pub(crate) fn abort(&mut self) {
        if !self.is_over {
            self.ended = Some(ending::by_abort());
            self.batch = None;
            self.entries.clear();
            self.queued_bytes = 0;
            self.claimed_bytes = 0;
        }
    }

    /// How the session ended, if it did: the last word on that.
    pub(crate) fn end_of_it(&mut self) -> Option<CloseEvent> {
        self.is_over = self.ended.is_some();
        self.ended.clone()
    }

    /// The peer reads nothing more: it has closed, or is gone.
    pub(crate) fn discard(&mut self) {
        self.entries.clear();
        self.handed_over.clear();
        self.queued_bytes = 0;
        self.claimed_bytes = 0;
    }

    fn append(&mut self, cost: u64, entry: Entry) {
        self.queued_bytes += cost;
        self.entries.push_back(entry);
        self.hold_back(1, cost);
    }

    /// Something was queued: it is held back where that is wanted, and not too much already.
    fn hold_back(&mut self, entries: usize, cost: u64) {
        if let Some(batch) = &mut self.batch {
            batch.entries += entries;
            batch.bytes += cost;
            if batch.bytes >= BATCH_BYTES_MAX.min(self.limits.bytes / 2) {
                self.flush();
            }
        }
    }

    /// There was no room for something that cannot be dropped. Answers how full the queue is where
    /// the session goes on.
    fn too_slow(&mut self) -> Option<QueueStatus> {
        if self.limits.slow_reader == SlowReader::Close {
            self.end(ending::by_cause(CloseCause::SlowReader));
            return None;
        }
        Some(self.status())
    }

    /// Whether there is room. Where there is none, what is held back is let go of.
    fn makes_room(&mut self, cost: u64) -> bool {
        let has_room = self.has_room(cost);
        if !has_room {
            self.flush();
        }
        has_room
    }

    fn has_room(&self, cost: u64) -> bool {
        // What is held back is no sign of a slow peer, and is half of the limit at most.
        let held = self.batch.as_ref().map_or(0, |batch| batch.bytes);
        let waiting = (self.queued_bytes + self.claimed_bytes).saturating_sub(held);
        waiting == 0 || waiting + cost <= self.limits.bytes
    }
}

fn control_cost(control: &Control) -> u64 {
    let (Control::Ping(data) | Control::Pong(data)) = control;
    data.len() as u64 + MESSAGE_OVERHEAD_BYTES
}

fn cost(message: &Message) -> u64 {
    message.len() as u64 + MESSAGE_OVERHEAD_BYTES
}
