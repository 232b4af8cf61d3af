//! RFC 6455 and RFC 7692 as a machine without I/O: bytes in, messages out, and back.
#![forbid(unsafe_code)]

mod close;
pub mod deflate;
pub mod extensions;
mod frame;
mod mask;
mod message;
mod output;
mod reader;
mod shared;
mod utf8;
mod violation;
mod writer;

pub use close::PHRASE_BYTES_MAX;
pub use frame::CONTROL_BYTES_MAX;
pub use message::{Kind, Message};
pub use output::{INLINE_BYTES_MAX, Output};
pub use reader::{Delivery, Event, PART_BYTES_MAX, Reader};
pub use shared::Shared;
pub use violation::Violation;
pub use writer::Writer;

/// Which side of a connection this is (RFC 6455 §1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The side that was connected to. Its frames are not masked.
    Server,
    /// The side that connected. Its frames are masked.
    Client,
}
