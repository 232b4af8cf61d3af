//! The name of a deployment.

use std::{borrow::Borrow, fmt, path::Path, str::FromStr};

/// The most characters of a name: it stands in log lines, paths of the admin API and tables.
pub const NAME_MAX_CHARS: usize = 64;

/// A deployment's name: 1 to [`NAME_MAX_CHARS`] of `a-z`, `0-9`, `_` and `-`, of which the
/// first is a letter or a digit. So it needs no escaping in a URL, a file name, a TOML key or a
/// command line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeploymentName(String);

impl DeploymentName {
    /// The name under which a component's file is deployed: its name up to the last dot.
    ///
    /// # Errors
    ///
    /// Refuses a file whose stem is no name; the error names the stem.
    pub fn from_file(file: &Path) -> Result<Self, NameError> {
        let stem = file.file_stem().unwrap_or_default();
        stem.to_string_lossy().parse()
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for DeploymentName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DeploymentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for DeploymentName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let valid = text.len() <= NAME_MAX_CHARS
            && text.bytes().next().is_some_and(plain)
            && text.bytes().all(|b| plain(b) || b == b'_' || b == b'-');
        if valid { Ok(Self(text.to_owned())) } else { Err(NameError(text.to_owned())) }
    }
}

/// A text is no name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a deployment's name; use 1 to {NAME_MAX_CHARS} of a-z, 0-9, _ and -, \
     beginning with a letter or a digit"
)]
pub struct NameError(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken() {
        let longest = "a".repeat(NAME_MAX_CHARS);
        for name in ["a", "0", "chat", "chat-v2_b", "9-", &longest] {
            assert_eq!(name.parse::<DeploymentName>().unwrap().as_str(), name);
        }
    }

    #[test]
    fn names_are_refused() {
        let too_long = "a".repeat(NAME_MAX_CHARS + 1);
        for name in ["", "Chat", "-a", "_a", "a.b", "a b", "a/b", "é", &too_long] {
            let error = name.parse::<DeploymentName>().unwrap_err().to_string();
            let wanted = format!(
                "{name:?} is not a deployment's name; use 1 to 64 of a-z, 0-9, _ and -, \
                 beginning with a letter or a digit"
            );
            assert_eq!(error, wanted);
        }
    }

    #[test]
    fn a_file_gives_its_stem() {
        let name = |file: &str| DeploymentName::from_file(Path::new(file)).ok();
        assert_eq!(name("target/chat.wasm").unwrap().as_str(), "chat");
        assert_eq!(name("chat").unwrap().as_str(), "chat");
        assert_eq!(name("chat.component.wasm"), None);
        assert_eq!(name(".wasm"), None);
        assert_eq!(name("/"), None);
    }
}
