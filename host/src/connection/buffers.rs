//! Buffers that a worker lends to the connections that it serves: what is read into, and what is
//! gathered to be written. A connection that has nothing to say holds none.

use std::cell::RefCell;

use bytes::BytesMut;

/// The size of a buffer, in bytes.
const BUFFER_BYTES: usize = 32 << 10;

/// The least room in a buffer that is used on, in bytes: a frame of 16 KiB and what comes with it
/// fits one read. Below it what was taken out before is looked for, which costs as much as a small
/// frame.
const ROOM_BYTES_MIN: usize = 24 << 10;

/// The most buffers that a worker keeps for the next connections: 512 KiB. As many are at work as
/// there are connections in the middle of something, and those beyond are freed.
const KEPT_MAX: usize = 16;

thread_local! {
    static KEPT: RefCell<Vec<BytesMut>> = const { RefCell::new(Vec::new()) };
}

/// An empty buffer with room for at least [`ROOM_BYTES_MIN`].
pub(super) fn lend() -> BytesMut {
    let kept = KEPT.with_borrow_mut(Vec::pop);
    kept.unwrap_or_else(|| BytesMut::with_capacity(BUFFER_BYTES))
}

/// Whether an empty buffer can be used on. What was taken out of it is room again once nobody
/// holds it any more.
pub(super) fn has_room(buffer: &mut BytesMut) -> bool {
    buffer.capacity() >= ROOM_BYTES_MIN || buffer.try_reclaim(BUFFER_BYTES)
}

/// Gives a buffer back; what is in it is gone. One that has little room left because parts of it
/// are still in use elsewhere is left to that use.
pub(super) fn give_back(mut buffer: BytesMut) {
    buffer.clear();
    if has_room(&mut buffer) {
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
    fn a_buffer_comes_back_empty_and_is_whole_again_when_little_is_left() {
        for taken in [10, BUFFER_BYTES - 10] {
            let mut buffer = lend();
            buffer.extend_from_slice(&[1; BUFFER_BYTES]);
            drop(buffer.split_to(taken).freeze());
            give_back(buffer);
            let again = lend();
            assert!(again.is_empty() && again.capacity() >= ROOM_BYTES_MIN);
            give_back(again);
        }
    }

    #[test]
    fn what_is_in_use_is_not_lent_again() {
        while KEPT.with_borrow_mut(Vec::pop).is_some() {}
        let mut buffer = lend();
        buffer.extend_from_slice(&[b'a'; BUFFER_BYTES]);
        let small = buffer.split_to(3).freeze();
        give_back(buffer);
        let mut again = lend();
        again.extend_from_slice(&[b'x'; BUFFER_BYTES - 3]);
        assert_eq!(small, "aaa");
        let large = again.split_to(BUFFER_BYTES / 2).freeze();
        give_back(again);
        assert!(KEPT.with_borrow(Vec::is_empty), "there is too little beside it");
        lend().extend_from_slice(&[b'y'; BUFFER_BYTES]);
        assert_eq!((small, large), ("aaa".into(), vec![b'x'; BUFFER_BYTES / 2].into()));
    }
}
