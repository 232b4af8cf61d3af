//! The ids of sessions.

use std::fmt;
use std::str::FromStr;

/// A session's id: which run of which host, and which of its sessions. Later sessions compare
/// greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId {
    /// A number drawn when the host started.
    pub host: u64,
    /// Counts the sessions of that run.
    pub number: u64,
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}-{:x}", self.host, self.number)
    }
}

/// A text that is no session id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a session id")]
pub struct NotASessionId;

impl FromStr for SessionId {
    type Err = NotASessionId;

    fn from_str(text: &str) -> Result<Self, NotASessionId> {
        let (host, number) = text.split_once('-').ok_or(NotASessionId)?;
        let parse = |digits: &str| u64::from_str_radix(digits, 16).map_err(|_| NotASessionId);
        let id = Self { host: parse(host)?, number: parse(number)? };
        // One spelling each: an id is compared as text by guests.
        if id.to_string() == text { Ok(id) } else { Err(NotASessionId) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_one_spelling() {
        let id = SessionId { host: 0xabc, number: 0x1f };
        assert_eq!(id.to_string(), "0000000000000abc-1f");
        assert_eq!("0000000000000abc-1f".parse(), Ok(id));
        for text in [
            "",
            "-",
            "abc-1f",
            "0000000000000abc-01f",
            "0000000000000ABC-1f",
            "+000000000000abc-1f",
        ] {
            assert_eq!(text.parse::<SessionId>(), Err(NotASessionId), "{text:?}");
        }
    }
}
