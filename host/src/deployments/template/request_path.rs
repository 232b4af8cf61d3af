//! The path of a request, in the form that templates are held against.

use std::fmt::Write as _;

use percent_encoding::percent_decode_str;

/// The longest request path that is looked at, in bytes. RFC 9110 §4.1 asks for 8000 at least; a
/// peer that sends more is not worth the work.
pub const MAX_REQUEST_PATH_BYTES: usize = 8 * 1024;

/// The path of a request, normalised (RFC 3986 §6.2.2): no dot segments, no percent-encoding of
/// unreserved characters, hexadecimal digits in upper case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestPath {
    text: String,
    /// Percent-decoded; at least one. An empty one that is not the last matches nothing.
    segments: Vec<Vec<u8>>,
}

impl RequestPath {
    /// Normalises a path as it came, without a query.
    ///
    /// # Errors
    /// A text that is no path, or longer than [`MAX_REQUEST_PATH_BYTES`].
    pub fn parse(raw: &str) -> Result<Self, RequestPathError> {
        if raw.len() > MAX_REQUEST_PATH_BYTES {
            return Err(RequestPathError::TooLong { bytes: raw.len() });
        }
        let is_allowed = |character| matches!(character, '!'..='~') && !"?#".contains(character);
        if let Some(character) = raw.chars().find(|&character| !is_allowed(character)) {
            return Err(RequestPathError::BadCharacter { character });
        }
        let path = raw.strip_prefix('/').ok_or(RequestPathError::NoLeadingSlash)?;
        let mut kept: Vec<String> = Vec::new();
        let mut rest = path.split('/').peekable();
        while let Some(raw) = rest.next() {
            let segment = normalised_segment(raw)
                .ok_or_else(|| RequestPathError::BadPercentEncoding { segment: raw.to_owned() })?;
            let is_last = rest.peek().is_none();
            match segment.as_str() {
                "." => {}
                ".." => {
                    kept.pop();
                }
                _ => {
                    kept.push(segment);
                    continue;
                }
            }
            // RFC 3986 §5.2.4: a dot segment at the end leaves its slash.
            if is_last {
                kept.push(String::new());
            }
        }
        let segments = kept.iter().map(|segment| percent_decode_str(segment).collect()).collect();
        Ok(Self { text: format!("/{}", kept.join("/")), segments })
    }

    /// The normalised path, still percent-encoded.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The segments, percent-decoded.
    pub(in crate::deployments) fn segments(&self) -> &[Vec<u8>] {
        &self.segments
    }
}

/// Why a text is no request path. The peer's fault: 400 is the answer that fits.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestPathError {
    /// A character that no path holds unencoded.
    #[error("the request's path holds {character:?}; percent-encode it")]
    BadCharacter {
        /// The first such character.
        character: char,
    },
    /// A `%` without two hexadecimal digits behind it.
    #[error("the path's segment `{segment}` has a `%` that no two hexadecimal digits follow")]
    BadPercentEncoding {
        /// The segment as it came.
        segment: String,
    },
    /// The path does not start with `/`, as in `OPTIONS *`.
    #[error("the request's path does not start with `/`")]
    NoLeadingSlash,
    /// The path is longer than [`MAX_REQUEST_PATH_BYTES`].
    #[error("the request's path has {bytes} bytes; at most {MAX_REQUEST_PATH_BYTES} are allowed")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
}

/// A segment with unreserved characters decoded and hexadecimal digits in upper case; nothing where
/// a percent-encoding is malformed.
pub(super) fn normalised_segment(raw: &str) -> Option<String> {
    let mut pieces = raw.split('%');
    let mut segment = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (digits, rest) = piece.split_at_checked(2)?;
        // `from_str_radix` alone would take a sign.
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let byte = u8::from_str_radix(digits, 16).ok()?;
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            segment.push(char::from(byte));
        } else {
            write!(segment, "%{byte:02X}").ok()?;
        }
        segment.push_str(rest);
    }
    Some(segment)
}
