//! Messages that are sent piece by piece.

use std::collections::VecDeque;

use bytes::Bytes;
use bytestring::ByteString;
use sockhop_wire::{Kind, Message};
use thiserror::Error;

use super::QueueStatus;

/// Which of a session's messages that are sent piece by piece. Later ones compare greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StreamId(u64);

/// Why a piece was not taken.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum WriteError {
    /// The session is closing or closed, or the message is finished.
    #[error("the session is closed, or the message is finished")]
    Closed,
    /// The peer reads more slowly than it is sent to.
    #[error("the session's queue is full: {} of {} bytes wait", .0.queued_bytes, .0.limit_bytes)]
    QueueFull(QueueStatus),
    /// The piece is of another kind than the first one.
    #[error("a message is text or binary: this piece is of another kind than the first")]
    WrongKind,
}

/// A piece, and where in its message it is.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) piece: Message,
    pub(super) first: bool,
    pub(super) last: bool,
}

/// What came out of the first stream.
#[derive(Debug)]
pub(super) struct Taken {
    /// The next piece, where there is one.
    pub(super) piece: Option<Piece>,
    /// Whether the piece was written by somebody, or stands for the end alone.
    pub(super) was_queued: bool,
    /// Whether the stream is at its end, and gone.
    pub(super) is_over: bool,
}

/// The streams that have a place in the queue, in the order of their places. How many there are is
/// bounded by what a place costs.
#[derive(Debug, Default)]
pub(super) struct Streams {
    streams: VecDeque<Stream>,
    next: u64,
}

#[derive(Debug)]
struct Stream {
    id: StreamId,
    pieces: VecDeque<Message>,
    kind: Option<Kind>,
    started: bool,
    finished: bool,
}

fn empty(kind: Kind) -> Message {
    match kind {
        Kind::Text => Message::Text(ByteString::new()),
        Kind::Binary => Message::Binary(Bytes::new()),
    }
}

impl Streams {
    pub(super) fn start(&mut self) -> StreamId {
        let id = StreamId(self.next);
        self.next += 1;
        self.streams.push_back(Stream {
            id,
            pieces: VecDeque::new(),
            kind: None,
            started: false,
            finished: false,
        });
        id
    }

    /// Whether a piece of this kind may follow.
    pub(super) fn check(&mut self, id: StreamId, kind: Kind) -> Result<(), WriteError> {
        match self.unfinished(id).ok_or(WriteError::Closed)?.kind {
            Some(first) if first != kind => Err(WriteError::WrongKind),
            Some(_) | None => Ok(()),
        }
    }

    pub(super) fn write(&mut self, id: StreamId, piece: Message) -> Result<(), WriteError> {
        self.check(id, piece.kind())?;
        let stream = self.unfinished(id).ok_or(WriteError::Closed)?;
        stream.kind = Some(piece.kind());
        stream.pieces.push_back(piece);
        Ok(())
    }

    pub(super) fn finish(&mut self, id: StreamId) -> Result<(), WriteError> {
        self.unfinished(id).ok_or(WriteError::Closed)?.finished = true;
        Ok(())
    }

    /// Whether a message that has begun was given up. One without a piece is over.
    pub(super) fn abandon(&mut self, id: StreamId) -> bool {
        let Some(stream) = self.unfinished(id) else { return false };
        stream.finished = stream.kind.is_none();
        !stream.finished
    }

    /// Finishes those of which there is no piece.
    pub(super) fn finish_empty(&mut self) {
        for stream in self.streams.iter_mut().filter(|stream| stream.kind.is_none()) {
            stream.finished = true;
        }
    }

    /// Whether one of them is not finished.
    pub(super) fn are_open(&self) -> bool {
        self.streams.iter().any(|stream| !stream.finished)
    }

    /// Takes from the first stream.
    pub(super) fn take(&mut self) -> Taken {
        let Some(stream) = self.streams.front_mut() else {
            return Taken { piece: None, was_queued: false, is_over: true };
        };
        let next = stream.pieces.pop_front();
        let was_queued = next.is_some();
        let is_over = stream.finished && stream.pieces.is_empty();
        // A stream without a piece to give that is finished ends with an empty one, unless nothing
        // of it was ever written.
        let piece = next.or_else(|| stream.kind.filter(|_| is_over).map(empty));
        let piece = piece.map(|piece| Piece {
            piece,
            first: !std::mem::replace(&mut stream.started, true),
            last: is_over,
        });
        if is_over {
            self.streams.pop_front();
        }
        Taken { piece, was_queued, is_over }
    }

    fn unfinished(&mut self, id: StreamId) -> Option<&mut Stream> {
        let place = self.streams.binary_search_by_key(&id, |stream| stream.id).ok()?;
        self.streams.get_mut(place).filter(|stream| !stream.finished)
    }
}
