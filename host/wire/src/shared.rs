//! One message for many peers.

use std::sync::OnceLock;

use bytes::Bytes;

use crate::deflate::{SharedKey, WINDOW_BITS_MAX, WINDOW_BITS_MIN};
use crate::message::Message;

/// How many windows there are to compress with.
const WINDOWS: usize = (WINDOW_BITS_MAX - WINDOW_BITS_MIN + 1) as usize;

/// A message that is sent to many. It is compressed at most once for each window (RFC 7692
/// §7.1.2), by whoever is the first to need it, and the result is shared.
///
/// What is not compressed has nothing to share but the payload: a header is written as fast as it
/// is copied.
#[derive(Debug)]
pub struct Shared {
    message: Message,
    /// By window, from the smallest on; the inner `None` where compressing is not worth it.
    compressed: OnceLock<Box<[OnceLock<Option<Bytes>>; WINDOWS]>>,
}

impl PartialEq for Shared {
    fn eq(&self, other: &Self) -> bool {
        self.message == other.message
    }
}

impl Eq for Shared {}

impl Shared {
    /// Makes a message ready to be sent to many.
    #[must_use]
    pub fn new(message: Message) -> Self {
        Self { message, compressed: OnceLock::new() }
    }

    /// The message.
    #[must_use]
    pub fn message(&self) -> &Message {
        &self.message
    }

    /// The payload's length in bytes, not compressed.
    #[must_use]
    pub fn payload_bytes(&self) -> usize {
        self.message.payload_bytes()
    }

    /// The compressed payload for a peer with this key, or nothing where it is to be sent as it
    /// is. `compress` makes it, if nobody has. Peers with the same window and another level share
    /// it as well: any of them can read it.
    pub(crate) fn compressed(
        &self,
        key: SharedKey,
        compress: impl FnOnce(&[u8]) -> Option<Bytes>,
    ) -> &Option<Bytes> {
        let windows = self.compressed.get_or_init(Box::default);
        let window = usize::from(key.window_bits().saturating_sub(WINDOW_BITS_MIN));
        match windows.get(window) {
            Some(compressed) => compressed.get_or_init(|| compress(self.payload())),
            None => &None,
        }
    }

    fn payload(&self) -> &[u8] {
        match &self.message {
            Message::Text(text) => text.as_bytes(),
            Message::Binary(data) => data,
        }
    }
}
