//! Lengths of time, as people write them: `500ms`, `10s`, `5m`, `1h`.

use std::{str::FromStr, time::Duration};

/// The units, largest first: what each is called and its milliseconds.
const UNITS: [(&str, u64); 4] = [("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// A length of time in an argument of the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeSpan(pub Duration);

impl FromStr for TimeSpan {
    type Err = TimeSpanError;

    fn from_str(text: &str) -> Result<Self, TimeSpanError> {
        parse(text).map(Self)
    }
}

/// Reads a whole number and one of `ms`, `s`, `m` and `h`, with or without spaces between them.
pub(super) fn parse(text: &str) -> Result<Duration, TimeSpanError> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let unit = unit.trim_start();
    if number.is_empty() {
        return Err(TimeSpanError::NoNumber(text.to_owned()));
    }
    if unit.is_empty() {
        return Err(TimeSpanError::NoUnit(text.to_owned()));
    }
    let Some((_, factor)) = UNITS.iter().find(|(name, _)| *name == unit) else {
        return Err(TimeSpanError::UnknownUnit(unit.to_owned()));
    };
    let millis = number.parse::<u64>().ok().and_then(|number| number.checked_mul(*factor));
    millis.map(Duration::from_millis).ok_or_else(|| TimeSpanError::TooLong(text.to_owned()))
}

/// Writes a length of time in the largest unit that leaves no fraction; what is below a
/// millisecond is left out, as no key can say it.
pub(super) fn show(span: Duration) -> String {
    let millis = span.as_millis();
    if millis == 0 {
        return "0s".to_owned();
    }
    let fits = |(_, factor): &&(&str, u64)| millis.is_multiple_of(u128::from(*factor));
    let (unit, factor) = UNITS.iter().find(fits).unwrap_or(&("ms", 1));
    format!("{}{unit}", millis / u128::from(*factor))
}

/// Why a text is no length of time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeSpanError {
    /// It does not begin with a digit.
    #[error("{0:?} is not a time; write a whole number and a unit, such as \"10s\"")]
    NoNumber(String),
    /// Nothing follows the number.
    #[error("{0:?} has no unit; use ms, s, m or h")]
    NoUnit(String),
    /// More milliseconds than 64 bits count.
    #[error("{0:?} is too long for a time")]
    TooLong(String),
    /// What follows the number is no unit.
    #[error("{0:?} is not a unit of time; use ms, s, m or h")]
    UnknownUnit(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_unit() {
        for (text, millis) in
            [("500ms", 500), ("0s", 0), ("10s", 10_000), ("5 m", 300_000), ("1h", 3_600_000)]
        {
            assert_eq!(parse(text), Ok(Duration::from_millis(millis)), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_time() {
        for (text, error) in [
            ("soon", r#""soon" is not a time; write a whole number and a unit, such as "10s""#),
            ("10", r#""10" has no unit; use ms, s, m or h"#),
            ("1d", r#""d" is not a unit of time; use ms, s, m or h"#),
            ("1.5s", r#"".5s" is not a unit of time; use ms, s, m or h"#),
            ("1m30s", r#""m30s" is not a unit of time; use ms, s, m or h"#),
            ("18446744073709551615h", r#""18446744073709551615h" is too long for a time"#),
        ] {
            assert_eq!(parse(text).unwrap_err().to_string(), error);
        }
    }

    #[test]
    fn shows_the_largest_exact_unit() {
        for (millis, text) in
            [(0, "0s"), (1, "1ms"), (1500, "1500ms"), (90_000, "90s"), (7_200_000, "2h")]
        {
            assert_eq!(show(Duration::from_millis(millis)), text);
        }
    }
}
