//! The secret that the admin API asks for.

use std::{fmt, hint, io, str::FromStr};

/// The fewest characters of a token that an operator chooses: fewer can be guessed.
pub const TOKEN_MIN_CHARS: usize = 16;

/// The most characters of a token: it travels in a header field.
pub const TOKEN_MAX_CHARS: usize = 1024;

/// Random bytes of a token that the host makes.
const GENERATED_BYTES: usize = 32;

/// The secret that the admin API asks for: [`TOKEN_MIN_CHARS`] to [`TOKEN_MAX_CHARS`] of visible
/// ASCII, so that it fits an `Authorization` field as it is. `Debug` hides it.
#[derive(Clone)]
pub struct AdminToken(String);

impl AdminToken {
    /// Makes a token of 32 random bytes, in hexadecimal.
    ///
    /// # Errors
    ///
    /// Says why the system gives no random bytes.
    pub fn generate() -> io::Result<Self> {
        let mut bytes = [0; GENERATED_BYTES];
        getrandom::fill(&mut bytes).map_err(io::Error::other)?;
        Ok(Self(bytes.iter().map(|byte| format!("{byte:02x}")).collect()))
    }

    /// The secret itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether what a caller presents is this token. Takes the same time wherever the two differ,
    /// so that a caller cannot find the token letter by letter; their lengths are no secret.
    pub fn matches(&self, presented: &[u8]) -> bool {
        let own = self.0.as_bytes();
        let pairs = own.iter().zip(presented);
        // The black box keeps the compiler from leaving the loop early.
        let difference = pairs.fold(0, |all, (a, b)| hint::black_box(all | (a ^ b)));
        own.len() == presented.len() && difference == 0
    }
}

impl fmt::Debug for AdminToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AdminToken(hidden)")
    }
}

impl FromStr for AdminToken {
    type Err = TokenError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(TokenError::Characters);
        }
        if !(TOKEN_MIN_CHARS..=TOKEN_MAX_CHARS).contains(&text.len()) {
            return Err(TokenError::Length(text.len()));
        }
        Ok(Self(text.to_owned()))
    }
}

/// Why a text is no token. Does not repeat the text, as it may be a secret with a slip in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It has characters that a header field cannot carry.
    #[error("the admin token has characters other than visible ASCII")]
    Characters,
    /// It has too few or too many characters.
    #[error("the admin token has {0} characters; use {TOKEN_MIN_CHARS} to {TOKEN_MAX_CHARS}")]
    Length(usize),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_have_bounds() {
        for (text, error) in [
            ("a".repeat(16), None),
            ("a".repeat(1024), None),
            ("a".repeat(15), Some("the admin token has 15 characters; use 16 to 1024")),
            ("a".repeat(1025), Some("the admin token has 1025 characters; use 16 to 1024")),
            ("a b".repeat(16), Some("the admin token has characters other than visible ASCII")),
            ("é".repeat(16), Some("the admin token has characters other than visible ASCII")),
        ] {
            let found = text.parse::<AdminToken>().err().map(|error| error.to_string());
            assert_eq!(found.as_deref(), error, "{text}");
        }
    }

    #[test]
    fn only_the_whole_token_matches() {
        let token: AdminToken = "0123456789abcdef".parse().unwrap();
        assert!(token.matches(b"0123456789abcdef"));
        for other in ["", "0", "0123456789abcde", "0123456789abcdeF", "0123456789abcdef0"] {
            assert!(!token.matches(other.as_bytes()), "{other}");
        }
    }

    #[test]
    fn generated_tokens_are_long_and_differ() {
        let (one, other) = (AdminToken::generate().unwrap(), AdminToken::generate().unwrap());
        assert_eq!(one.reveal().len(), 64);
        assert!(one.reveal().bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert!(!one.matches(other.reveal().as_bytes()));
        assert!(one.reveal().parse::<AdminToken>().is_ok());
    }

    #[test]
    fn debug_hides_the_token() {
        let token: AdminToken = "0123456789abcdef".parse().unwrap();
        assert_eq!(format!("{token:?}"), "AdminToken(hidden)");
    }
}
