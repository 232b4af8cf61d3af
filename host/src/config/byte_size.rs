//! Sizes in bytes, as people write them: `64 MiB`.

use std::{fmt, str::FromStr};

// A size is used as a length in memory, so it has to fit one.
const _: () = assert!(size_of::<usize>() >= size_of::<u64>());

/// The units, largest first: what each is called and its bytes.
const UNITS: [(&str, u64); 4] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];

/// A number of bytes.
///
/// Written as a whole number and one of `B`, `KiB`, `MiB` and `GiB` (powers of 1024), with or
/// without spaces between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSize(u64);

impl ByteSize {
    /// This many bytes.
    pub const fn from_bytes(bytes: u64) -> Self {
        Self(bytes)
    }

    /// This many times 1024 bytes.
    pub const fn from_kib(kib: u32) -> Self {
        Self((kib as u64) << 10)
    }

    /// This many times 1024² bytes.
    pub const fn from_mib(mib: u32) -> Self {
        Self((mib as u64) << 20)
    }

    /// The number of bytes.
    pub const fn bytes(self) -> u64 {
        self.0
    }

    /// The number of bytes as a length in memory.
    pub const fn as_usize(self) -> usize {
        self.0 as usize
    }
}

impl FromStr for ByteSize {
    type Err = ByteSizeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let unit = unit.trim_start();
        if number.is_empty() {
            return Err(ByteSizeError::NoNumber(text.to_owned()));
        }
        if unit.is_empty() {
            return Err(ByteSizeError::NoUnit(text.to_owned()));
        }
        let Some((_, factor)) = UNITS.iter().find(|(name, _)| *name == unit) else {
            return Err(ByteSizeError::UnknownUnit(unit.to_owned()));
        };
        let bytes = number.parse::<u64>().ok().and_then(|number| number.checked_mul(*factor));
        bytes.map(Self).ok_or_else(|| ByteSizeError::TooLarge(text.to_owned()))
    }
}

/// Writes the size in the largest unit that leaves no fraction.
impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fits = |(_, factor): &&(&str, u64)| self.0 != 0 && self.0.is_multiple_of(*factor);
        let (unit, factor) = UNITS.iter().find(fits).unwrap_or(&("B", 1));
        write!(f, "{} {unit}", self.0 / factor)
    }
}

/// Why a text is no size.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ByteSizeError {
    /// It does not begin with a digit.
    #[error("{0:?} is not a size; write a whole number and a unit, such as \"64 MiB\"")]
    NoNumber(String),
    /// Nothing follows the number.
    #[error("{0:?} has no unit; use B, KiB, MiB or GiB")]
    NoUnit(String),
    /// More bytes than 64 bits count.
    #[error("{0:?} is too large for a size")]
    TooLarge(String),
    /// What follows the number is no unit.
    #[error("{0:?} is not a unit of size; use B, KiB, MiB or GiB")]
    UnknownUnit(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_unit_with_and_without_a_space() {
        for (text, bytes) in [
            ("0 B", 0),
            ("500B", 500),
            ("16KiB", 16 << 10),
            ("16 KiB", 16 << 10),
            ("64  MiB", 64 << 20),
            ("1GiB", 1 << 30),
            ("18446744073709551615 B", u64::MAX),
        ] {
            assert_eq!(text.parse(), Ok(ByteSize(bytes)), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_size() {
        for (text, error) in [
            ("", r#""" is not a size; write a whole number and a unit, such as "64 MiB""#),
            ("MiB", r#""MiB" is not a size; write a whole number and a unit, such as "64 MiB""#),
            (
                " 1 MiB",
                r#"" 1 MiB" is not a size; write a whole number and a unit, such as "64 MiB""#,
            ),
            ("-1 B", r#""-1 B" is not a size; write a whole number and a unit, such as "64 MiB""#),
            ("12", r#""12" has no unit; use B, KiB, MiB or GiB"#),
            ("12 ", r#""12 " has no unit; use B, KiB, MiB or GiB"#),
            ("1 MB", r#""MB" is not a unit of size; use B, KiB, MiB or GiB"#),
            ("1.5 MiB", r#"".5 MiB" is not a unit of size; use B, KiB, MiB or GiB"#),
            ("1 MiB ", r#""MiB " is not a unit of size; use B, KiB, MiB or GiB"#),
            ("18446744073709551616 B", r#""18446744073709551616 B" is too large for a size"#),
            ("17179869184 GiB", r#""17179869184 GiB" is too large for a size"#),
        ] {
            assert_eq!(text.parse::<ByteSize>().unwrap_err().to_string(), error);
        }
    }

    #[test]
    fn shows_the_largest_exact_unit() {
        for (bytes, text) in
            [(0, "0 B"), (1000, "1000 B"), (1536, "1536 B"), (2048, "2 KiB"), (16 << 20, "16 MiB")]
        {
            assert_eq!(ByteSize(bytes).to_string(), text);
            assert_eq!(text.parse(), Ok(ByteSize(bytes)));
        }
    }
}
