//! The payload of one frame, as it arrives.

use bytes::{Buf, BytesMut};

use crate::frame::Header;
use crate::mask::Mask;

/// What is still to come of a frame, and what is there of it at the front of the input.
#[derive(Debug)]
pub(super) struct Payload {
    /// Whether the frame is the last of its message.
    pub(super) fin: bool,
    /// How many bytes have not arrived.
    coming: u64,
    /// How many bytes stand unmasked at the front of the input.
    there: usize,
    mask: Mask,
}

impl Payload {
    /// No payload.
    pub(super) const NONE: Self = Self { fin: true, coming: 0, there: 0, mask: Mask::NONE };

    /// The payload behind a header.
    pub(super) fn of(header: &Header) -> Self {
        let mask = header.mask.unwrap_or(Mask::NONE);
        Self { fin: header.fin, coming: header.payload_bytes, there: 0, mask }
    }

    /// Unmasks what has arrived, and says how much of the payload is there.
    pub(super) fn arrive(&mut self, input: &mut BytesMut) -> usize {
        let new = &mut input[self.there..];
        let length = usize::try_from(self.coming).unwrap_or(usize::MAX).min(new.len());
        self.mask.apply(&mut new[..length]);
        self.coming -= length as u64;
        self.there += length;
        self.there
    }

    /// What is there.
    pub(super) fn there<'a>(&self, input: &'a [u8]) -> &'a [u8] {
        &input[..self.there]
    }

    /// Takes the first `length` bytes of what is there.
    pub(super) fn take(&mut self, input: &mut BytesMut, length: usize) -> BytesMut {
        self.there -= length;
        split(input, length)
    }

    /// Forgets the first `length` bytes of what is there.
    pub(super) fn skip(&mut self, input: &mut BytesMut, length: usize) {
        self.there -= length;
        input.advance(length);
    }

    /// Whether all of it has arrived and was taken.
    pub(super) fn is_taken(&self) -> bool {
        self.coming == 0 && self.there == 0
    }
}

/// Takes the first `length` bytes of the input.
pub(super) fn split(input: &mut BytesMut, length: usize) -> BytesMut {
    // Splitting shares the memory, which may cost an allocation.
    if length == 0 { BytesMut::new() } else { input.split_to(length) }
}
