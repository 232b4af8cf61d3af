//! The grammar of `Sec-WebSocket-Extensions` (RFC 6455 §9.1).

use std::fmt;

use thiserror::Error;

#[cfg(test)]
mod tests;

/// How many extensions all header lines of one handshake may name together. Browsers offer one or
/// two; more than this is somebody who wants work done.
pub const MAX_OFFERS: usize = 32;

/// How many parameters one extension may have. RFC 7692 defines four.
pub const MAX_PARAMETERS: usize = 16;

/// One extension as it stands in the header: an offer in a request, what was agreed in an answer.
///
/// `Display` writes it as it goes into a header. What [`parse_extensions`] made is always fit for
/// that; who makes one answers for name and parameters being tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    /// The extension's token, in the case that it was sent in.
    pub name: String,
    /// The parameters in the order that they were sent in, repeated ones included: a name, and a
    /// value where there is one. A quoted value stands here without its quotes.
    pub parameters: Vec<(String, Option<String>)>,
}

impl fmt::Display for Extension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        for (name, value) in &self.parameters {
            write!(f, "; {name}")?;
            if let Some(value) = value {
                write!(f, "={value}")?;
            }
        }
        Ok(())
    }
}

/// What is wrong with a peer's `Sec-WebSocket-Extensions`. A server answers 400 (RFC 6455 §9.1:
/// the recipient of a malformed header fails the connection).
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum ExtensionError {
    /// A name is missing, or is followed by what is no separator.
    #[error("the peer's Sec-WebSocket-Extensions is malformed at byte {at}: a token is expected")]
    NoToken {
        /// Where in its header line, in bytes from 0.
        at: usize,
    },
    /// Something stands where only `;`, `,` or `=` may stand.
    #[error(
        "the peer's Sec-WebSocket-Extensions is malformed at byte {at}: a separator is expected"
    )]
    NoSeparator {
        /// Where in its header line, in bytes from 0.
        at: usize,
    },
    /// A quoted value does not end, or its content is no token.
    #[error(
        "the peer's Sec-WebSocket-Extensions is malformed at byte {at}: a quoted value must hold \
         a token"
    )]
    BadQuoted {
        /// Where in its header line, in bytes from 0.
        at: usize,
    },
    /// More than [`MAX_OFFERS`].
    #[error("the peer's Sec-WebSocket-Extensions names more than {MAX_OFFERS} extensions")]
    TooManyOffers,
    /// More than [`MAX_PARAMETERS`].
    #[error(
        "an extension in the peer's Sec-WebSocket-Extensions has more than {MAX_PARAMETERS} \
         parameters"
    )]
    TooManyParameters,
}

/// Reads all lines of the header, in order, as one list (RFC 6455 §9.1).
///
/// Empty list elements are passed over (RFC 9110 §5.6.1.2), so no line, or an empty one, is an
/// empty list. At most [`MAX_OFFERS`] extensions with [`MAX_PARAMETERS`] parameters each.
///
/// # Errors
/// [`ExtensionError`], for the first thing that is wrong.
pub fn parse_extensions<'a>(
    lines: impl Iterator<Item = &'a [u8]>,
) -> Result<Vec<Extension>, ExtensionError> {
    let mut extensions = Vec::new();
    for line in lines {
        let mut cursor = Cursor { line, at: 0 };
        loop {
            cursor.skip_blanks();
            match cursor.peek() {
                None => break,
                Some(b',') => cursor.at += 1,
                Some(_) if extensions.len() == MAX_OFFERS => {
                    return Err(ExtensionError::TooManyOffers);
                }
                Some(_) => extensions.push(cursor.extension()?),
            }
        }
    }
    Ok(extensions)
}

/// A place in one header line.
struct Cursor<'a> {
    line: &'a [u8],
    at: usize,
}

impl Cursor<'_> {
    fn peek(&self) -> Option<u8> {
        self.line.get(self.at).copied()
    }

    /// RFC 2616 §2.1, which RFC 6455 takes its grammar from: blanks may stand between any two
    /// words.
    fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t')) {
            self.at += 1;
        }
    }

    /// Passes over blanks and `separator`, if it comes next.
    fn skips(&mut self, separator: u8) -> bool {
        self.skip_blanks();
        let found = self.peek() == Some(separator);
        self.at += usize::from(found);
        found
    }

    /// An extension up to the end of its list element.
    fn extension(&mut self) -> Result<Extension, ExtensionError> {
        let name = self.token()?;
        let mut parameters = Vec::new();
        while self.skips(b';') {
            if parameters.len() == MAX_PARAMETERS {
                return Err(ExtensionError::TooManyParameters);
            }
            parameters.push(self.parameter()?);
        }
        match self.peek() {
            None | Some(b',') => Ok(Extension { name, parameters }),
            Some(_) => Err(ExtensionError::NoSeparator { at: self.at }),
        }
    }

    fn parameter(&mut self) -> Result<(String, Option<String>), ExtensionError> {
        self.skip_blanks();
        let name = self.token()?;
        if !self.skips(b'=') {
            return Ok((name, None));
        }
        self.skip_blanks();
        let value = if self.peek() == Some(b'"') { self.quoted()? } else { self.token()? };
        Ok((name, Some(value)))
    }

    fn token(&mut self) -> Result<String, ExtensionError> {
        let mut token = String::new();
        while let Some(byte) = self.peek().filter(|byte| is_token_byte(*byte)) {
            token.push(char::from(byte));
            self.at += 1;
        }
        if token.is_empty() { Err(ExtensionError::NoToken { at: self.at }) } else { Ok(token) }
    }

    /// RFC 6455 §9.1: "the value after quoted-string unescaping MUST conform to the 'token' ABNF".
    fn quoted(&mut self) -> Result<String, ExtensionError> {
        let bad = ExtensionError::BadQuoted { at: self.at };
        self.at += 1;
        let mut value = String::new();
        loop {
            let mut byte = self.peek().ok_or(bad)?;
            self.at += 1;
            if byte == b'"' {
                return if value.is_empty() { Err(bad) } else { Ok(value) };
            }
            if byte == b'\\' {
                byte = self.peek().ok_or(bad)?;
                self.at += 1;
            }
            if !is_token_byte(byte) {
                return Err(bad);
            }
            value.push(char::from(byte));
        }
    }
}

/// Whether a text is a token, as the names of extensions and of subprotocols have to be (RFC 6455
/// §4.1, §9.1).
#[must_use]
pub fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_token_byte)
}

/// RFC 2616 §2.2 and RFC 9110 §5.6.2 agree on what a token is made of.
fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
