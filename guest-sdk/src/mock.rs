//! The host of a native build: the contract's imports, answered in the same process.
//!
//! It keeps to the text of `wit/`, so that what passes in a test holds on a host. Its peers read
//! when a test tells them to, and time passes where it says so.

pub(crate) mod asked;
pub(crate) mod container;
mod directory;
mod ending;
mod properties;
mod queue;
pub(crate) mod session;
pub(crate) mod sessions;
mod stream;
pub(crate) mod timers;
pub(crate) mod topics;
mod wire;

pub(crate) use container::Dialled;
pub(crate) use directory::Directory;
pub(crate) use ending::{by_cause, by_guest, by_peer};
pub(crate) use properties::Properties;
pub use queue::{Control, SlowReader};
pub(crate) use queue::{Offered, QueueLimits, WAITING_BYTES_FOR_PIECES_MAX};
pub(crate) use session::Session;
pub(crate) use topics::TopicLimits;
pub(crate) use wire::{Agreed, Settings, Wire};

#[cfg(test)]
mod tests;
