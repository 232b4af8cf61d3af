//! What waits to be written: frames, ready for vectored writes.

use std::collections::VecDeque;
use std::io::IoSlice;

use bytes::{Buf, Bytes, BytesMut};

/// From this size on, in bytes, a payload is not copied but written from where it is. Below it,
/// copying costs less than another slice in the system call, and the payload's memory is free at
/// once.
pub const INLINE_BYTES_MAX: usize = 4 << 10;

/// Encoded frames that wait to be written, in order.
///
/// Small ones are gathered in one buffer, payloads of [`INLINE_BYTES_MAX`] bytes or more are kept
/// as they are. It has no limit of its own: whoever puts messages in watches
/// [`len`](Self::len).
#[derive(Debug, Default)]
pub struct Output {
    gathered: BytesMut,
    /// How much of `gathered` has been written.
    written: usize,
    /// The payloads that were not gathered.
    apart: VecDeque<Apart>,
    /// The sum of all `Apart::before`.
    before_apart: usize,
    /// The bytes of all `Apart::bytes`.
    apart_bytes: usize,
}

#[derive(Debug)]
struct Apart {
    /// How many gathered bytes are to be written between the last one and this.
    before: usize,
    bytes: Bytes,
}

impl Output {
    /// An empty one, which holds no memory until something is put in.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Gathers into the memory of `buffer` from now on, whose content is forgotten. Where something
    /// waits already, the buffer is not used.
    #[inline]
    pub fn lend(&mut self, mut buffer: BytesMut) {
        if self.is_empty() {
            buffer.clear();
            self.gathered = buffer;
            self.written = 0;
        }
    }

    /// How many bytes wait.
    #[must_use]
    #[inline]
    pub fn len(&self) -> usize {
        self.gathered.len() - self.written + self.apart_bytes
    }

    /// Whether nothing waits.
    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All that waits, where it lies in one piece.
    #[inline]
    #[must_use]
    pub fn one_piece(&self) -> Option<&[u8]> {
        self.apart.is_empty().then(|| &self.gathered[self.written..])
    }

    /// Fills `slices` from the front with what waits, and says how many it filled. They hold all
    /// that waits, or as much as they have room for, and none of them is empty.
    pub fn io_slices<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let mut gathered = &self.gathered[self.written..];
        let mut filled = 0;
        let mut fill = |bytes: &'a [u8]| {
            if bytes.is_empty() {
                return true;
            }
            let Some(slice) = slices.get_mut(filled) else { return false };
            *slice = IoSlice::new(bytes);
            filled += 1;
            true
        };
        for Apart { before, bytes } in &self.apart {
            let (first, rest) = gathered.split_at(*before);
            gathered = rest;
            if !fill(first) || !fill(bytes) {
                return filled;
            }
        }
        fill(gathered);
        filled
    }

    /// Forgets the first `written` bytes, at most all: they were written. The gathering buffer's
    /// memory is kept.
    pub fn advance(&mut self, mut written: usize) {
        while let Some(Apart { before, bytes }) = self.apart.front_mut() {
            let gathered = written.min(*before);
            *before -= gathered;
            self.before_apart -= gathered;
            self.written += gathered;
            written -= gathered;
            if *before > 0 {
                return;
            }
            let apart = written.min(bytes.len());
            self.apart_bytes -= apart;
            written -= apart;
            if apart < bytes.len() {
                bytes.advance(apart);
                return;
            }
            self.apart.pop_front();
        }
        self.written = self.gathered.len().min(self.written.saturating_add(written));
        if self.written == self.gathered.len() {
            self.gathered.clear();
            self.written = 0;
        }
    }

    /// Gives the gathering buffer away, empty, to be lent to another connection; from then on this
    /// one holds no memory until something is put in. Nothing is given away while something waits.
    #[must_use]
    pub fn release(&mut self) -> BytesMut {
        if !self.is_empty() {
            return BytesMut::new();
        }
        if self.apart.capacity() > 0 {
            self.apart = VecDeque::new();
        }
        self.written = 0;
        let mut buffer = std::mem::take(&mut self.gathered);
        buffer.clear();
        buffer
    }

    /// Puts in a whole frame that was encoded before.
    pub fn push_encoded(&mut self, frame: Bytes) {
        self.push(&[], frame);
    }

    /// Puts in a header and its payload.
    pub(crate) fn push(&mut self, header: &[u8], payload: Bytes) {
        if payload.len() < INLINE_BYTES_MAX {
            self.gather(header, &payload);
            return;
        }
        self.gather(header, &[]);
        let before = self.gathered.len() - self.written - self.before_apart;
        self.before_apart += before;
        self.apart_bytes += payload.len();
        self.apart.push_back(Apart { before, bytes: payload });
    }

    /// Copies a header and its payload into the gathering buffer; gives the payload's place in it.
    pub(crate) fn gather(&mut self, header: &[u8], payload: &[u8]) -> &mut [u8] {
        let needed = header.len() + payload.len();
        let waiting = self.gathered.len() - self.written;
        if self.gathered.capacity() - self.gathered.len() < needed && self.written >= waiting {
            // A peer that never lets all of it be written must not make the buffer grow without
            // end. At most as much is moved as was written since the last time.
            self.gathered.copy_within(self.written.., 0);
            self.gathered.truncate(waiting);
            self.written = 0;
        }
        self.gathered.reserve(needed);
        self.gathered.extend_from_slice(header);
        let start = self.gathered.len();
        self.gathered.extend_from_slice(payload);
        &mut self.gathered[start..]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// All that waits, by way of so many slices at a time.
    fn visible(output: &Output, slices: usize) -> Vec<u8> {
        let mut slices = vec![IoSlice::new(&[]); slices];
        let filled = output.io_slices(&mut slices);
        assert!(slices[..filled].iter().all(|slice| !slice.is_empty()));
        slices[..filled].iter().flat_map(|slice| slice.to_vec()).collect()
    }

    #[derive(Clone, Debug)]
    enum Step {
        Push(usize),
        Advance(usize),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let size = prop_oneof![
            3 => 0..300_usize,
            1 => INLINE_BYTES_MAX - 2..INLINE_BYTES_MAX + 2,
        ];
        let step = prop_oneof![size.prop_map(Step::Push), (0..6000_usize).prop_map(Step::Advance)];
        prop::collection::vec(step, 0..40)
    }

    proptest! {
        #[test]
        fn whatever_is_written_at_a_time_the_bytes_are_the_same(
            steps in steps(),
            slices in 1..6_usize,
        ) {
            let mut output = Output::new();
            let (mut put_in, mut taken) = (Vec::new(), 0);
            for (step, mark) in steps.into_iter().zip(0_u8..) {
                match step {
                    Step::Push(size) => {
                        output.push(&[0xff, mark], vec![mark; size].into());
                        put_in.extend_from_slice(&[0xff, mark]);
                        put_in.resize(put_in.len() + size, mark);
                    }
                    Step::Advance(written) => {
                        let seen = visible(&output, slices);
                        prop_assert_eq!(&put_in[taken..taken + seen.len()], &seen);
                        prop_assert!(seen.is_empty() == output.is_empty());
                        let written = written.min(seen.len());
                        output.advance(written);
                        taken += written;
                    }
                }
                prop_assert_eq!(output.len(), put_in.len() - taken);
                prop_assert_eq!(visible(&output, 100), &put_in[taken..]);
            }
        }
    }

    #[test]
    fn the_memory_is_used_again_and_given_back() {
        let mut output = Output::new();
        output.lend(BytesMut::with_capacity(1 << 10));
        for _ in 0..100 {
            output.push(&[], Bytes::from_static(&[7; 500]));
            output.push(&[], Bytes::from_static(&[8; 500]));
            output.advance(1000);
        }
        assert_eq!(output.release().capacity(), 1 << 10);
        assert_eq!(output.release().capacity(), 0);
    }

    #[test]
    fn a_backlog_that_never_quite_empties_does_not_grow() {
        let mut output = Output::new();
        output.push(&[], Bytes::from_static(&[1; 100]));
        for _ in 0..10_000 {
            output.push(&[], Bytes::from_static(&[2; 100]));
            output.advance(100);
        }
        assert_eq!(output.len(), 100);
        assert!(output.gathered.capacity() < 1 << 10, "{}", output.gathered.capacity());
    }

    #[test]
    fn what_waits_is_not_given_away() {
        let mut output = Output::new();
        output.push_encoded(Bytes::from_static(b"frame"));
        assert_eq!(output.release().capacity(), 0);
        assert_eq!(visible(&output, 1), b"frame");
    }

    #[test]
    fn a_big_payload_is_not_copied() {
        let payload = Bytes::from(vec![1; INLINE_BYTES_MAX]);
        let mut output = Output::new();
        output.push(b"h", payload.clone());
        let mut slices = [IoSlice::new(&[]); 3];
        assert_eq!(output.io_slices(&mut slices), 2);
        assert_eq!(slices[1].as_ptr(), payload.as_ptr());
    }
}
