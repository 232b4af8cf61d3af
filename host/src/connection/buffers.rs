//! Buffers that a worker lends to the connections that it serves: what is read into, and what is
//! gathered to be written. A connection that has nothing to say holds none.

use std::cell::RefCell;

use bytes::BytesMut;

/// The size of a buffer, in bytes: a frame of 16 KiB and what comes with it fits one read.
pub(super) const BUFFER_BYTES: usize = 32 << 10;

/// The most buffers that a worker keeps for the next connections: 512 KiB. As many are at work as
/// there are connections in the middle of something, and those beyond are freed.
const KEPT_MAX: usize = 16;

thread_local! {
    static KEPT: RefCell<Vec<BytesMut>> = const { RefCell::new(Vec::new()) };
}

/// An empty buffer with room for [`BUFFER_BYTES`].
pub(super) fn lend() -> BytesMut {
    let kept = KEPT.with_borrow_mut(Vec::pop);
    kept.unwrap_or_else(|| BytesMut::with_capacity(BUFFER_BYTES))
}

/// Gives a buffer back; what is in it is gone. One of which a part is still in use elsewhere is
/// left to that use.
pub(super) fn give_back(mut buffer: BytesMut) {
    buffer.clear();
    if buffer.try_reclaim(BUFFER_BYTES) {
        KEPT.with_borrow_mut(|kept| {
            if kept.len() < KEPT_MAX {
                kept.push(buffer);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_comes_back_empty_and_whole() {
        let mut buffer = lend();
        buffer.extend_from_slice(&[1; 100]);
        let part = buffer.split_to(10).freeze();
        drop(part);
        give_back(buffer);
        let again = lend();
        assert!(again.is_empty() && again.capacity() >= BUFFER_BYTES);
    }

    #[test]
    fn a_buffer_in_use_is_not_lent_again() {
        while KEPT.with_borrow_mut(Vec::pop).is_some() {}
        let mut buffer = lend();
        buffer.extend_from_slice(b"abc");
        let part = buffer.split_to(3).freeze();
        give_back(buffer);
        assert!(KEPT.with_borrow(Vec::is_empty));
        lend().extend_from_slice(b"xyz");
        assert_eq!(part, "abc");
    }
}
