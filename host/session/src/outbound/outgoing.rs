//! What comes out of a queue.

use std::sync::Arc;
use std::time::Instant;

use sockhop_wire::{Message, Shared};

use super::{Control, Mark};
use crate::close::CloseRequest;
use crate::limits::Limits;

/// The next thing to write.
#[derive(Debug, PartialEq, Eq)]
pub enum Outgoing {
    /// A message.
    Message(Message),
    /// A message for many.
    Shared(Arc<Shared>),
    /// A piece of a message; nothing but pieces of it and control frames come until its last.
    Piece {
        /// The piece.
        piece: Message,
        /// Whether it is the message's first.
        first: bool,
        /// Whether it is the message's last.
        last: bool,
    },
    /// A ping or a pong; between two pieces of a message as well.
    Control(Control),
    /// Nothing to write: to be passed when all that came before has been.
    Mark(Mark),
    /// A close was asked for and all that was queued before it has been taken.
    Close(CloseRequest),
}

impl Outgoing {
    /// The bytes of its payload; none for a close.
    #[must_use]
    pub fn payload_bytes(&self) -> usize {
        match self {
            Self::Message(message) => message.payload_bytes(),
            Self::Shared(shared) => shared.payload_bytes(),
            Self::Piece { piece, .. } => piece.payload_bytes(),
            Self::Control(control) => control.payload.len(),
            Self::Mark(_) | Self::Close(_) => 0,
        }
    }
}

/// What a connection that is open is to do next.
#[derive(Debug)]
pub enum Next {
    /// Write this.
    Write(Outgoing),
    /// Hold the session to these from now on.
    Limits(Limits),
    /// The first of the session's timers is due then, or it has none any more.
    Timer(Option<Instant>),
    /// Begin to close: a close was asked for.
    Closing,
    /// Nothing.
    Idle,
}

/// What became of a guest's reply.
#[derive(Debug, PartialEq, Eq)]
pub enum Offered {
    /// It is queued, or dropped as the operator wants it.
    Taken,
    /// Nothing waits before it: whoever offers it writes it at once, in its place.
    Now(Message),
    /// There is no room. It is to be offered again, until it is taken or the queue is not open any
    /// more: nobody else gets the room that it needs.
    Full(Message),
}
