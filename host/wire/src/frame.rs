//! Frame headers, parsed and formatted (RFC 6455 §5.2).

use crate::Role;
use crate::mask::Mask;
use crate::violation::Violation;

/// The most that a control frame may carry, in bytes (RFC 6455 §5.5).
pub const CONTROL_BYTES_MAX: usize = 125;

/// The longest header, in bytes: two, eight of length, four of key.
pub(crate) const HEADER_BYTES_MAX: usize = 14;

const FIN: u8 = 0b1000_0000;
const RSV1: u8 = 0b0100_0000;
const RSV2_AND_RSV3: u8 = 0b0011_0000;
const OPCODE: u8 = 0b0000_1111;
const MASKED: u8 = 0b1000_0000;
const LENGTH: u8 = 0b0111_1111;
/// In the place of a length: it stands in the next two bytes.
const IN_TWO_BYTES: u8 = 126;
/// In the place of a length: it stands in the next eight bytes.
const IN_EIGHT_BYTES: u8 = 127;

/// What a frame is (RFC 6455 §5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opcode {
    Continuation = 0,
    Text = 1,
    Binary = 2,
    Close = 8,
    Ping = 9,
    Pong = 10,
}

impl Opcode {
    fn of(byte: u8) -> Result<Self, Violation> {
        Ok(match byte & OPCODE {
            0 => Self::Continuation,
            1 => Self::Text,
            2 => Self::Binary,
            8 => Self::Close,
            9 => Self::Ping,
            10 => Self::Pong,
            reserved => return Err(Violation::ReservedOpcode(reserved)),
        })
    }

    fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }

    fn begins_message(self) -> bool {
        matches!(self, Self::Text | Self::Binary)
    }
}

/// What stands before a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) opcode: Opcode,
    /// Whether it is the last frame of its message.
    pub(crate) fin: bool,
    /// RSV1: the message is compressed (RFC 7692 §6).
    pub(crate) compressed: bool,
    pub(crate) mask: Option<Mask>,
    pub(crate) payload_bytes: u64,
}

impl Header {
    /// The header that stands at the beginning of `bytes`, with its length in bytes, or nothing
    /// where it is not all there. `role` is the reader's, `deflate` whether compression was agreed.
    ///
    /// The rules are held as soon as the bytes are there that they are about: the first two
    /// first, so that it does not matter in which pieces a header comes.
    #[inline]
    pub(crate) fn parse(
        bytes: &[u8],
        role: Role,
        deflate: bool,
    ) -> Result<Option<(Self, usize)>, Violation> {
        let [first, second, rest @ ..] = bytes else { return Ok(None) };
        let opcode = Self::check(*first, *second, role, deflate)?;
        let (payload_bytes, rest) = match second & LENGTH {
            IN_TWO_BYTES => {
                let Some((length, rest)) = rest.split_first_chunk() else { return Ok(None) };
                let length = u16::from_be_bytes(*length);
                if length < u16::from(IN_TWO_BYTES) {
                    return Err(Violation::LengthNotMinimal);
                }
                (u64::from(length), rest)
            }
            IN_EIGHT_BYTES => {
                let Some((length, rest)) = rest.split_first_chunk() else { return Ok(None) };
                let length = u64::from_be_bytes(*length);
                if length <= u64::from(u16::MAX) {
                    return Err(Violation::LengthNotMinimal);
                }
                if length > i64::MAX as u64 {
                    return Err(Violation::LengthOutOfRange);
                }
                (length, rest)
            }
            length => (u64::from(length), rest),
        };
        let (mask, rest) = if second & MASKED == 0 {
            (None, rest)
        } else {
            let Some((key, rest)) = rest.split_first_chunk() else { return Ok(None) };
            (Some(Mask::new(*key)), rest)
        };
        let (fin, compressed) = (first & FIN != 0, first & RSV1 != 0);
        let header = Self { opcode, fin, compressed, mask, payload_bytes };
        Ok(Some((header, bytes.len() - rest.len())))
    }

    /// What the first two bytes alone can break.
    #[inline]
    fn check(first: u8, second: u8, role: Role, deflate: bool) -> Result<Opcode, Violation> {
        let opcode = Opcode::of(first)?;
        let rsv1_allowed = deflate && opcode.begins_message();
        if first & RSV2_AND_RSV3 != 0 || (first & RSV1 != 0 && !rsv1_allowed) {
            return Err(Violation::ReservedBit);
        }
        if opcode.is_control() {
            if first & FIN == 0 {
                return Err(Violation::FragmentedControl);
            }
            if second & LENGTH >= IN_TWO_BYTES {
                return Err(Violation::LongControl);
            }
        }
        match (role, second & MASKED != 0) {
            (Role::Server, false) => Err(Violation::Unmasked),
            (Role::Client, true) => Err(Violation::Masked),
            (Role::Server, true) | (Role::Client, false) => Ok(opcode),
        }
    }

    /// The header as it stands on the wire, and how many of the bytes it is.
    pub(crate) fn format(&self) -> ([u8; HEADER_BYTES_MAX], usize) {
        let mut bytes = [0; HEADER_BYTES_MAX];
        let masked = if self.mask.is_some() { MASKED } else { 0 };
        bytes[0] = self.opcode as u8
            | if self.fin { FIN } else { 0 }
            | if self.compressed { RSV1 } else { 0 };
        let mut length = 2;
        match self.payload_bytes {
            short @ 0..126 => bytes[1] = masked | short as u8,
            medium @ 126..=0xffff => {
                bytes[1] = masked | IN_TWO_BYTES;
                bytes[2..4].copy_from_slice(&(medium as u16).to_be_bytes());
                length = 4;
            }
            long => {
                bytes[1] = masked | IN_EIGHT_BYTES;
                bytes[2..10].copy_from_slice(&long.to_be_bytes());
                length = 10;
            }
        }
        if let Some(mask) = self.mask {
            bytes[length..length + 4].copy_from_slice(&mask.key());
            length += 4;
        }
        (bytes, length)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_header() -> impl Strategy<Value = Header> {
        let opcode = prop::sample::select(vec![
            Opcode::Continuation,
            Opcode::Text,
            Opcode::Binary,
            Opcode::Close,
            Opcode::Ping,
            Opcode::Pong,
        ]);
        let length = prop_oneof![0..130_u64, 65_530..65_540_u64, Just(i64::MAX as u64)];
        (opcode, any::<bool>(), any::<bool>(), any::<Option<[u8; 4]>>(), length).prop_map(
            |(opcode, fin, compressed, key, payload_bytes)| {
                let control = opcode.is_control();
                let payload_bytes = if control { payload_bytes.min(125) } else { payload_bytes };
                let compressed = compressed && opcode.begins_message();
                Header {
                    opcode,
                    fin: fin || control,
                    compressed,
                    mask: key.map(Mask::new),
                    payload_bytes,
                }
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_formatted_is_parsed_and_no_beginning_of_it_is_enough(header in any_header()) {
            let role = if header.mask.is_some() { Role::Server } else { Role::Client };
            let (bytes, length) = header.format();
            for short in 0..length {
                prop_assert_eq!(Header::parse(&bytes[..short], role, true), Ok(None));
            }
            prop_assert_eq!(Header::parse(&bytes, role, true), Ok(Some((header, length))));
        }

        #[test]
        fn more_bytes_never_change_a_decision(bytes: [u8; 20], deflate: bool) {
            for role in [Role::Server, Role::Client] {
                let whole = Header::parse(&bytes, role, deflate);
                for short in 0..bytes.len() {
                    let early = Header::parse(&bytes[..short], role, deflate);
                    prop_assert!(early == Ok(None) || early == whole);
                }
            }
        }
    }

    fn violation(bytes: &[u8]) -> Option<Violation> {
        Header::parse(bytes, Role::Client, true).err()
    }

    #[test]
    fn a_length_that_has_a_shorter_form_is_refused() {
        assert_eq!(violation(&[0x82, 126, 0, 125]), Some(Violation::LengthNotMinimal));
        assert_eq!(violation(&[0x82, 126, 0, 126]), None);
        let in_eight = |length: u64| {
            let mut bytes = vec![0x82, 127];
            bytes.extend_from_slice(&length.to_be_bytes());
            violation(&bytes)
        };
        assert_eq!(in_eight(65_535), Some(Violation::LengthNotMinimal));
        assert_eq!(in_eight(65_536), None);
        assert_eq!(in_eight(i64::MAX as u64), None);
        assert_eq!(in_eight(1 << 63), Some(Violation::LengthOutOfRange));
    }
}
