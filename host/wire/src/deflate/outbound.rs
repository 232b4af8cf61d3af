//! Compression of what is sent to a peer (RFC 7692 §7.2.1).

use bytes::Bytes;
use flate2::{Compress, FlushCompress};

use super::pool::{Compressor, with_scratch};
use super::{Agreed, TAIL, WINDOW_BITS_MAX, WINDOW_BITS_MIN};
use crate::Role;

/// The largest message that is compressed, in bytes: a larger one goes as it is, which RFC 7692 §6
/// leaves to each message, because it would hold its worker for more than a few milliseconds.
pub const COMPRESSED_BYTES_MAX: usize = 256 << 10;

/// What a compressed payload depends on, beside the payload. Connections with the same key may be
/// sent the same bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SharedKey {
    window_bits: u8,
    level: u8,
}

impl SharedKey {
    /// The base-2 logarithm of the window, 9 to 15.
    #[must_use]
    pub fn window_bits(self) -> u8 {
        self.window_bits
    }

    /// How hard to compress, 1 to 9.
    #[must_use]
    pub fn level(self) -> u8 {
        self.level
    }
}

/// The compression of one direction of a connection.
///
/// Holds no memory to speak of until a message is compressed, and, without context takeover, none
/// between two messages.
#[derive(Debug)]
pub struct Outbound {
    key: SharedKey,
    keeps_context: bool,
    /// None where nothing can be compressed: see [`Outbound::new`].
    least_bytes: Option<usize>,
    machine: Option<Compressor>,
}

impl Outbound {
    /// What `role` needs to compress for its peer, at `level` 1 to 9 (the nearest in that range),
    /// messages of at least `threshold_bytes`.
    ///
    /// A client whose server insists on a window of 8 bits compresses nothing, which RFC 7692 §6
    /// leaves to each message: see [`WINDOW_BITS_MIN`].
    #[must_use]
    pub fn new(role: Role, agreed: &Agreed, level: u8, threshold_bytes: usize) -> Self {
        let (forgets, bits) = match role {
            Role::Server => (agreed.server_no_context_takeover, agreed.server_max_window_bits),
            Role::Client => (agreed.client_no_context_takeover, agreed.client_max_window_bits),
        };
        Self {
            key: SharedKey {
                window_bits: bits.clamp(WINDOW_BITS_MIN, WINDOW_BITS_MAX),
                level: level.clamp(1, 9),
            },
            keeps_context: !forgets,
            least_bytes: (bits >= WINDOW_BITS_MIN).then_some(threshold_bytes.max(1)),
            machine: None,
        }
    }

    /// Whether a message with a payload of so many bytes is worth trying. An empty one never is:
    /// compressed it is a byte longer. One of more than [`COMPRESSED_BYTES_MAX`] is neither.
    #[must_use]
    pub fn wants(&self, payload_bytes: usize) -> bool {
        payload_bytes <= COMPRESSED_BYTES_MAX
            && self.least_bytes.is_some_and(|least| payload_bytes >= least)
    }

    /// The compressed payload, without the four bytes of its tail (RFC 7692 §7.2.1).
    ///
    /// Nothing where the message is to be sent as it is: where it is empty, where nothing can be
    /// compressed for this peer, or where it did not become smaller. The last holds without context
    /// takeover only: with it the message has entered the compressor's history, so the peer must
    /// get it from there, even if that is a few bytes more. The threshold is for
    /// [`wants`](Self::wants) to look at.
    pub fn compress(&mut self, payload: &[u8]) -> Option<Bytes> {
        if payload.is_empty() || self.least_bytes.is_none() {
            return None;
        }
        let key = self.key;
        let mut lent = self.machine.take().unwrap_or_else(|| Compressor::take(key));
        let most = if self.keeps_context { usize::MAX } else { payload.len() - 1 };
        match deflate(lent.machine(), payload, most) {
            Ok(compressed) => {
                if self.keeps_context {
                    self.machine = Some(lent);
                }
                compressed
            }
            Err(Unfinished) => {
                // Nothing of this has been sent, and a fresh machine does not refer back: the
                // connection goes on as if history began here.
                lent.discard();
                None
            }
        }
    }

    /// What others must have in common with this connection to be sent the same compressed bytes;
    /// nothing with context takeover, where each has a history of its own.
    #[must_use]
    pub fn shared_key(&self) -> Option<SharedKey> {
        (!self.keeps_context && self.least_bytes.is_some()).then_some(self.key)
    }
}

/// The machine was stopped halfway: the message takes too much, or the library refused, which it
/// has no reason to. It is not to be used again: zlib-rs 0.6 does not forget, when it is reset, how
/// much of its output it had handed out, and runs out of room for more.
struct Unfinished;

/// One message; nothing where it takes more than `most` bytes without its tail.
fn deflate(
    machine: &mut Compress,
    payload: &[u8],
    most: usize,
) -> Result<Option<Bytes>, Unfinished> {
    with_scratch(|scratch| {
        let mut rest = payload;
        let mut gathered = Vec::new();
        loop {
            let (used, made) = (machine.total_in(), machine.total_out());
            machine.compress(rest, scratch, FlushCompress::Sync).map_err(|_| Unfinished)?;
            let used = usize::try_from(machine.total_in() - used).map_err(|_| Unfinished)?;
            let made = usize::try_from(machine.total_out() - made).map_err(|_| Unfinished)?;
            rest = rest.get(used..).ok_or(Unfinished)?;
            let chunk = scratch.get(..made).ok_or(Unfinished)?;

            // zlib's manual: the flush is complete when it leaves room. (Where it ended with the
            // buffer's last byte another empty block follows, which is valid.)
            let is_complete = made < scratch.len();
            if is_complete && !rest.is_empty() {
                return Err(Unfinished);
            }
            if is_complete && gathered.is_empty() {
                let compressed = chunk.strip_suffix(&TAIL).ok_or(Unfinished)?;
                return Ok((compressed.len() <= most).then(|| Bytes::copy_from_slice(compressed)));
            }
            gathered.extend_from_slice(chunk);
            if gathered.len().saturating_sub(TAIL.len()) > most {
                return if is_complete { Ok(None) } else { Err(Unfinished) };
            }
            if is_complete {
                let compressed = gathered.strip_suffix(&TAIL).ok_or(Unfinished)?.len();
                gathered.truncate(compressed);
                return Ok(Some(Bytes::from(gathered.into_boxed_slice())));
            }
        }
    })
}
