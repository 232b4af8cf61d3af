//! RFC 6455 and RFC 7692 as a machine without I/O: bytes in, messages out, and back.
#![forbid(unsafe_code)]

mod message;

pub use message::Message;
