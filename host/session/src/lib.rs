//! The pure core of Sockhop: what a session is, in which order things happen to it, and how it
//! ends.
//!
//! Nothing here does I/O, reads a clock, or knows of tokio, hyper or wasmtime: bytes and events
//! come in as arguments, and what is to be done goes out as values.
//!
//! | module | holds |
//! |---|---|
//! | [`close`] | close reasons, and the full account of how a session ended |
//! | [`lifecycle`] | the states of one session and the rules between them |
//! | [`outbound`] | the bounded queue of what waits for the peer |
//! | [`properties`] | the named values that travel with a session |
//! | [`handle`] | a session as anyone may hold it: identity, sending, closing |
//! | [`limits`] | what a guest may set for its session |
//! | [`handshake`] | the opening handshake as a guest sees it, and what it may decide |
//! | [`batch`] | several messages for one call into a guest |
//! | [`port`] | the two seams: guests for a connection, other sessions for a guest |
//! | [`timers`] | when a session's guest wants to be called |
//! | [`topics`] | what the topics of an endpoint may take |

#![forbid(unsafe_code)]

pub mod batch;
pub mod close;
pub mod handle;
pub mod handshake;
mod id;
pub mod lifecycle;
pub mod limits;
pub mod outbound;
pub mod port;
pub mod properties;
pub mod timers;
pub mod topics;

pub use batch::Batch;
pub use close::{CloseCause, CloseError, CloseEvent, CloseReason, Initiator};
pub use handle::{Handle, Identity, SessionId};
pub use outbound::{
    AwaitError, Control, ControlError, ControlKind, NotifyError, QueueLimits, QueueStatus,
    SendError, SlowReader, StreamId, WriteError,
};
pub use sockhop_wire::extensions::Extension;
pub use sockhop_wire::{Kind, Message, Shared};
pub use timers::TimerError;
pub use topics::{TopicError, TopicLimits};
