//! Masking keys for the frames that a client sends (RFC 6455 §5.3): unpredictable, so that nobody
//! who chooses the payload can choose what goes over the wire (§10.3). And the payload of a
//! connection's own pings.

use std::cell::RefCell;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};

/// A frame's key.
type Key = [u8; 4];

/// The payload of a connection's own pings, by which their answers are known: drawn by lot, so that
/// no guest pings with it.
pub(super) type KeepAlive = [u8; 8];

/// How much a worker draws from the system at a time, in bytes: keys for 64 frames, and the most
/// that Linux gives without being interrupted (getrandom(2)).
const DRAWN_BYTES: usize = 256;

thread_local! {
    static DRAWN: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// A key that was not used before.
pub(super) fn next() -> Key {
    DRAWN.with_borrow_mut(|drawn| {
        if drawn.is_empty() {
            drawn.resize(DRAWN_BYTES, 0);
            if getrandom::fill(drawn).is_err() {
                drawn.clear();
            }
        }
        match drawn.split_last_chunk() {
            Some((rest, key)) => {
                let (left, key) = (rest.len(), *key);
                drawn.truncate(left);
                key
            }
            None => stand_in(),
        }
    })
}

/// A payload for the pings of one connection.
pub(super) fn keep_alive() -> KeepAlive {
    let mut payload = KeepAlive::default();
    for half in payload.as_chunks_mut().0 {
        *half = next();
    }
    payload
}

/// Where the system gives nothing, which it does only if it never has: then no handshake was made
/// either. What a hash map is keyed with is as unknown to others.
fn stand_in() -> Key {
    let [a, b, c, d, ..] = RandomState::new().build_hasher().finish().to_ne_bytes();
    [a, b, c, d]
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn keys_differ_also_beyond_what_is_drawn_at_once() {
        let count = DRAWN_BYTES;
        let keys: HashSet<_> = (0..count).map(|_| next()).collect();
        // That two of 256 are equal happens once in 130,000 times, that four are never does.
        assert!(keys.len() > count - 4, "{} of {count} differ", keys.len());
        let others: HashSet<_> = (0..count).map(|_| stand_in()).collect();
        assert!(others.len() > count - 4, "{} of {count} differ", others.len());
    }
}
