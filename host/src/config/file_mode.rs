//! Permissions of a file, as `chmod` takes them.

use toml::de::DeValue;

use super::{
    KeyProblem,
    settings::{Quantity, wrong_type},
};

/// The permissions of a file for its owner, its group and others: `0o600` to read and write for
/// its owner alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileMode(u32);

impl FileMode {
    /// These bits, of which the last nine count.
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits & 0o777)
    }

    /// The bits.
    pub const fn bits(self) -> u32 {
        self.0
    }
}

impl Quantity for FileMode {
    fn read(value: &DeValue<'_>) -> Result<Result<Self, String>, KeyProblem> {
        let expected = "an octal integer such as 0o600";
        let number = value.as_integer().ok_or_else(|| wrong_type(expected, value))?;
        // What looks octal without the prefix is another number.
        if number.radix() != 8 {
            return Err(KeyProblem::WrongType { expected, found: "one of another base" });
        }
        let bits = u32::from_str_radix(number.as_str(), 8);
        Ok(bits.map(Self).map_err(|_| number.to_string()))
    }

    fn show(self) -> String {
        format!("{:#o}", self.0)
    }
}
