//! The masking of payloads (RFC 6455 §5.3).

/// A masking key that knows how far into the payload it is, so that a payload can be masked or
/// unmasked, which is the same, piece by piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mask {
    /// The key's bytes as they lie in memory, rotated: the first is for the payload's next byte.
    word: u32,
}

impl Mask {
    /// Changes nothing: for a frame without a key. It is also what a key of zeros means.
    pub(crate) const NONE: Self = Self { word: 0 };

    pub(crate) fn new(key: [u8; 4]) -> Self {
        Self { word: u32::from_ne_bytes(key) }
    }

    /// The key, as it is for the payload's next byte.
    pub(crate) fn key(self) -> [u8; 4] {
        self.word.to_ne_bytes()
    }

    /// Masks the next bytes of the payload in place.
    pub(crate) fn apply(&mut self, bytes: &mut [u8]) {
        if self.word == 0 {
            return;
        }
        // Plain arithmetic on arrays of known size: the compiler makes wide instructions of it.
        let word = u64::from(self.word) << 32 | u64::from(self.word);
        let (words, rest) = bytes.as_chunks_mut::<8>();
        for bytes in words {
            *bytes = (u64::from_ne_bytes(*bytes) ^ word).to_ne_bytes();
        }
        if rest.is_empty() {
            return;
        }
        let mut key = self.key();
        for (byte, key) in rest.iter_mut().zip(word.to_ne_bytes()) {
            *byte ^= key;
        }
        key.rotate_left(rest.len() % 4);
        *self = Self::new(key);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// RFC 6455 §5.3, word by word.
    fn by_the_letter(key: [u8; 4], payload: &[u8]) -> Vec<u8> {
        payload.iter().enumerate().map(|(i, byte)| byte ^ key[i % 4]).collect()
    }

    #[test]
    fn the_example_of_the_rfc() {
        let mut payload = [0x7f, 0x9f, 0x4d, 0x51, 0x58];
        Mask::new([0x37, 0xfa, 0x21, 0x3d]).apply(&mut payload);
        assert_eq!(&payload, b"Hello");
    }

    proptest! {
        #[test]
        fn pieces_of_any_size_are_masked_as_the_whole_is(
            key: [u8; 4],
            pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..8),
        ) {
            let whole = pieces.concat();
            let mut mask = Mask::new(key);
            let masked: Vec<u8> = pieces
                .into_iter()
                .flat_map(|mut piece| {
                    mask.apply(&mut piece);
                    piece
                })
                .collect();
            prop_assert_eq!(masked, by_the_letter(key, &whole));
        }
    }
}
