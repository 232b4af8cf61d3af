//! `permessage-deflate` (RFC 7692): what is agreed in the handshake, and the machines that do it.

mod agreed;
mod budget;
mod client;
mod inbound;
mod negotiate;
mod outbound;
mod policy;
mod pool;
#[cfg(test)]
mod tests;

pub use agreed::Agreed;
pub use budget::{Budget, BudgetTicket};
pub use client::{AnswerError, accept_answer, offer};
pub use inbound::{Corrupt, Finish, Inbound, Step};
pub use negotiate::negotiate;
pub use outbound::{COMPRESSED_BYTES_MAX, Outbound, SharedKey};
pub use policy::Policy;
pub use pool::{COMPRESSORS_POOLED_MAX, DECOMPRESSORS_POOLED_MAX};

/// The extension's name in `Sec-WebSocket-Extensions` (RFC 7692 §7).
pub const NAME: &str = "permessage-deflate";

/// The largest window, and what holds where nothing else is agreed: 2^15 bytes (RFC 7692 §7.1.2).
pub const WINDOW_BITS_MAX: u8 = 15;

/// The smallest window that this side compresses with. RFC 7692 §7.1.2 allows 8, but zlib, and all
/// that descends from it, has no raw stream with such a window.
pub const WINDOW_BITS_MIN: u8 = 9;

/// The smallest window that the protocol knows (RFC 7692 §7.1.2). A peer that compresses with it
/// is understood.
const PROTOCOL_WINDOW_BITS_MIN: u8 = 8;

/// What a sender takes off the end of each compressed message and a receiver puts back (RFC 7692
/// §7.2.1): the lengths of an empty stored block.
const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];

const SERVER_NO_CONTEXT_TAKEOVER: &str = "server_no_context_takeover";
const CLIENT_NO_CONTEXT_TAKEOVER: &str = "client_no_context_takeover";
const SERVER_MAX_WINDOW_BITS: &str = "server_max_window_bits";
const CLIENT_MAX_WINDOW_BITS: &str = "client_max_window_bits";
