//! Values with a default and bounds: counts, sizes and times.

use std::time::Duration;

use toml::de::DeValue;

use super::{ByteSize, KeyProblem, time_span};

/// What a key says whose time limit is not wanted.
const OFF: &str = "off";

/// A key's default and the values that it may take, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting<T> {
    /// The value where the key is absent.
    pub default: T,
    /// The least that the key may say.
    pub min: T,
    /// The most that the key may say.
    pub max: T,
}

impl<T> Setting<T> {
    /// Reads a value and holds it against the bounds.
    pub(super) fn read(&self, value: &DeValue<'_>) -> Result<T, KeyProblem>
    where
        T: Quantity,
    {
        let text = match T::read(value)? {
            Ok(quantity) if (self.min..=self.max).contains(&quantity) => return Ok(quantity),
            Ok(quantity) => quantity.show(),
            Err(text) => text,
        };
        Err(KeyProblem::OutOfRange { min: self.min.show(), max: self.max.show(), value: text })
    }
}

impl Setting<Duration> {
    /// Reads a time, or `"off"`, which zero says as well: nothing then.
    pub(super) fn read_or_off(&self, value: &DeValue<'_>) -> Result<Option<Duration>, KeyProblem> {
        match value {
            DeValue::String(text) if *text == OFF => Ok(None),
            DeValue::String(text) if time_span::parse(text)?.is_zero() => Ok(None),
            DeValue::String(_) => self.read(value).map(Some),
            _ => Err(wrong_type("a time such as \"10s\", or \"off\"", value)),
        }
    }
}

/// A time, or nothing where it is zero: so constants say that a key is off.
pub(super) fn unless_off(time: Duration) -> Option<Duration> {
    (!time.is_zero()).then_some(time)
}

/// What can be bounded.
pub(super) trait Quantity: Copy + PartialOrd {
    /// The value, or its text where it is of the right kind but beyond what the type holds.
    fn read(value: &DeValue<'_>) -> Result<Result<Self, String>, KeyProblem>;

    /// The value as the configuration would write it.
    fn show(self) -> String;
}

impl Quantity for u32 {
    fn read(value: &DeValue<'_>) -> Result<Result<Self, String>, KeyProblem> {
        let number = value.as_integer().ok_or_else(|| wrong_type("an integer", value))?;
        let parsed = Self::from_str_radix(number.as_str(), number.radix());
        Ok(parsed.map_err(|_| number.to_string()))
    }

    fn show(self) -> String {
        self.to_string()
    }
}

impl Quantity for ByteSize {
    fn read(value: &DeValue<'_>) -> Result<Result<Self, String>, KeyProblem> {
        match value {
            DeValue::String(text) => Ok(Ok(text.parse()?)),
            DeValue::Integer(number) => {
                let bytes = u64::from_str_radix(number.as_str(), number.radix());
                Ok(bytes.map(Self::from_bytes).map_err(|_| format!("{number} B")))
            }
            _ => Err(wrong_type("a size such as \"64 MiB\"", value)),
        }
    }

    fn show(self) -> String {
        self.to_string()
    }
}

impl Quantity for Duration {
    fn read(value: &DeValue<'_>) -> Result<Result<Self, String>, KeyProblem> {
        let text = value.as_str().ok_or_else(|| wrong_type("a time such as \"10s\"", value))?;
        Ok(Ok(time_span::parse(text)?))
    }

    fn show(self) -> String {
        time_span::show(self)
    }
}

/// The problem of a value that is of another kind than its key takes.
pub(super) fn wrong_type(expected: &'static str, value: &DeValue<'_>) -> KeyProblem {
    let found = match value {
        DeValue::Array(_) => "an array",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date or time of day",
        DeValue::Float(_) => "a float",
        DeValue::Integer(_) => "an integer",
        DeValue::String(_) => "a string",
        DeValue::Table(_) => "a table",
    };
    KeyProblem::WrongType { expected, found }
}
