//! What becomes of messages for a peer that does not read.

use std::{fmt, str::FromStr};

/// What happens when the queue of a session is full, since its peer does not read as fast as it
/// is sent to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SlowReader {
    /// A send is refused, and the sender is told; a message that an event returns waits for room.
    /// The default: nothing is lost behind the guest's back.
    #[default]
    Wait,
    /// The message that has no room is dropped and counted, and the sender goes on. For news that
    /// the next message replaces.
    Drop,
    /// The session is closed with 1013 (try again later). For streams in which a gap is worse
    /// than an end.
    Close,
}

impl SlowReader {
    /// The word for it in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Wait => "wait",
            Self::Drop => "drop",
            Self::Close => "close",
        }
    }
}

impl fmt::Display for SlowReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for SlowReader {
    type Err = SlowReaderError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut all = [Self::Wait, Self::Drop, Self::Close].into_iter();
        all.find(|one| one.as_str() == text).ok_or_else(|| SlowReaderError(text.to_owned()))
    }
}

/// A text is no way to treat a slow reader.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a way to treat a slow reader; use \"wait\", \"drop\" or \"close\"")]
pub struct SlowReaderError(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_is_one_word() {
        for way in [SlowReader::Wait, SlowReader::Drop, SlowReader::Close] {
            assert_eq!(way.to_string().parse(), Ok(way));
        }
    }

    #[test]
    fn another_word_is_refused() {
        assert_eq!(
            "Wait".parse::<SlowReader>().unwrap_err().to_string(),
            r#""Wait" is not a way to treat a slow reader; use "wait", "drop" or "close""#
        );
    }
}
