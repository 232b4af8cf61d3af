//! UTF-8 that arrives in pieces (RFC 6455 §8.1), judged at the first byte that cannot be right.

use bytes::BytesMut;
use bytestring::ByteString;

/// The bytes cannot be the beginning of any UTF-8 text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotUtf8;

/// The first bytes of a code point whose others have not arrived yet: at most three, and always
/// such that a code point can still come of them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Carry {
    bytes: [u8; 3],
    length: usize,
}

impl Carry {
    pub(crate) fn is_empty(&self) -> bool {
        self.length == 0
    }

    pub(crate) fn len(&self) -> usize {
        self.length
    }

    /// Puts what is whole in `bytes`, with what was carried before it, behind `text`, and carries
    /// the rest. Each byte is checked once.
    pub(crate) fn append(&mut self, mut bytes: &[u8], text: &mut String) -> Result<(), NotUtf8> {
        while !self.is_empty() {
            let Some((next, rest)) = bytes.split_first() else { return Ok(()) };
            bytes = rest;
            let mut point = [0; 4];
            point[..self.length].copy_from_slice(&self.bytes[..self.length]);
            point[self.length] = *next;
            let point = &point[..=self.length];
            match str::from_utf8(point) {
                Ok(whole) => {
                    text.push_str(whole);
                    self.length = 0;
                }
                Err(_) => self.keep(point)?,
            }
        }
        let (whole, rest) = bytes.split_at(whole_points(bytes));
        text.push_str(simdutf8::basic::from_utf8(whole).map_err(|_| NotUtf8)?);
        self.keep(rest)
    }

    /// The text that stands in `bytes`, with what was carried before it, and carries the rest.
    /// The bytes are not copied where nothing was carried.
    pub(crate) fn split(&mut self, bytes: BytesMut) -> Result<ByteString, NotUtf8> {
        let mut bytes = if self.is_empty() {
            bytes
        } else {
            let mut joined = BytesMut::with_capacity(self.length + bytes.len());
            joined.extend_from_slice(&self.bytes[..self.length]);
            joined.extend_from_slice(&bytes);
            joined
        };
        let whole = whole_points(&bytes);
        self.keep(&bytes[whole..])?;
        bytes.truncate(whole);
        ByteString::try_from(bytes.freeze()).map_err(|_| NotUtf8)
    }

    /// Carries `bytes`, in the place of what was carried, if a code point can come of them.
    fn keep(&mut self, bytes: &[u8]) -> Result<(), NotUtf8> {
        let unfinished = match str::from_utf8(bytes) {
            Ok(_) => bytes.is_empty(),
            Err(error) => error.valid_up_to() == 0 && error.error_len().is_none(),
        };
        let room = self.bytes.get_mut(..bytes.len());
        let (true, Some(room)) = (unfinished, room) else { return Err(NotUtf8) };
        room.copy_from_slice(bytes);
        self.length = bytes.len();
        Ok(())
    }
}

/// How many bytes stand before a code point that is cut off at the end; all, where none is.
fn whole_points(bytes: &[u8]) -> usize {
    for (rest, byte) in (1..=3).zip(bytes.iter().rev()) {
        let needed = match byte {
            0x80..=0xbf => continue,
            0xc2..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf4 => 4,
            // ASCII, or a byte that begins nothing, which the check will find.
            _ => 1,
        };
        return if needed > rest { bytes.len() - rest } else { bytes.len() };
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What std makes of a beginning of a text: whether it can still become one.
    fn can_become_text(beginning: &[u8]) -> bool {
        str::from_utf8(beginning).err().is_none_or(|error| error.error_len().is_none())
    }

    /// Bytes near the borders that the encoding has: surrogates, overlong forms, the last code
    /// points.
    fn near_the_borders() -> impl Strategy<Value = Vec<u8>> {
        let text = any::<String>().prop_map(String::into_bytes);
        let border = prop::sample::select(vec![
            0x00_u8, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xed,
            0xee, 0xef, 0xf0, 0xf3, 0xf4, 0xf5, 0xff,
        ]);
        let borders = prop::collection::vec(border, 0..4);
        prop::collection::vec(prop_oneof![2 => text, 1 => borders], 0..6)
            .prop_map(|pieces| pieces.concat())
    }

    /// Feeds the pieces to both ways of taking text, which must agree; gives the text where they
    /// took it all, and else how many pieces they took.
    fn feed(pieces: &[&[u8]]) -> Result<(String, usize), usize> {
        let (mut appending, mut splitting) = (Carry::default(), Carry::default());
        let (mut text, mut parts) = (String::new(), String::new());
        for (index, piece) in pieces.iter().enumerate() {
            let appended = appending.append(piece, &mut text);
            let split = splitting.split(BytesMut::from(*piece));
            assert_eq!(appended.is_ok(), split.is_ok());
            let Ok(part) = split else { return Err(index) };
            parts.push_str(&part);
            assert_eq!(text, parts);
            assert_eq!(appending.len(), splitting.len());
        }
        Ok((text, appending.len()))
    }

    proptest! {
        #[test]
        fn byte_by_byte_it_fails_exactly_where_std_says(bytes in near_the_borders()) {
            let pieces: Vec<&[u8]> = bytes.chunks(1).collect();
            let bad = (1..=bytes.len()).find(|end| !can_become_text(&bytes[..*end]));
            match feed(&pieces) {
                Ok((text, carried)) => {
                    prop_assert_eq!(bad, None);
                    prop_assert_eq!(text.as_bytes(), &bytes[..bytes.len() - carried]);
                    let valid = str::from_utf8(&bytes).err().map(|error| error.valid_up_to());
                    prop_assert_eq!(valid.unwrap_or(bytes.len()), text.len());
                }
                Err(taken) => prop_assert_eq!(bad, Some(taken + 1)),
            }
        }

        #[test]
        fn pieces_of_any_size_fail_in_the_piece_with_the_first_bad_byte(
            bytes in near_the_borders(),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..5),
        ) {
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|cut| &bytes[cut[0]..cut[1]]).collect();
            let bad = cuts[1..].iter().position(|end| !can_become_text(&bytes[..*end]));
            match feed(&pieces) {
                Ok((text, carried)) => {
                    prop_assert_eq!(bad, None);
                    prop_assert_eq!(text.as_bytes(), &bytes[..bytes.len() - carried]);
                }
                Err(taken) => prop_assert_eq!(bad, Some(taken)),
            }
        }
    }

    #[test]
    fn every_code_point_survives_every_cut() {
        for point in (0..=0x10_ffff).filter_map(char::from_u32) {
            let mut bytes = [0; 4];
            let bytes = point.encode_utf8(&mut bytes).as_bytes();
            let (mut carry, mut text) = (Carry::default(), String::new());
            for byte in bytes {
                carry.append(&[*byte], &mut text).expect("it is UTF-8");
            }
            assert!(carry.is_empty() && text.as_bytes() == bytes, "{point:?}");
        }
    }
}
