//! A header field as people write it.

use std::str::FromStr;

use hyper::header::{HeaderName, HeaderValue};
use thiserror::Error;

/// `Name: value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderField {
    /// Its name.
    pub name: HeaderName,
    /// Its value.
    pub value: HeaderValue,
}

impl FromStr for HeaderField {
    type Err = HeaderFieldError;

    fn from_str(text: &str) -> Result<Self, HeaderFieldError> {
        let (name, value) = text.split_once(':').ok_or(HeaderFieldError::NoColon)?;
        let name = name.parse().map_err(|_| HeaderFieldError::Name(name.to_owned()))?;
        let value = HeaderValue::from_bytes(value.trim_ascii().as_bytes());
        Ok(Self { name, value: value.map_err(|_| HeaderFieldError::Value)? })
    }
}

/// Why a text is no header field.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum HeaderFieldError {
    /// The name is no token (RFC 9110 §5.1).
    #[error("{0:?} is no name of a header field; use letters, digits and `-`")]
    Name(String),
    /// There is no value.
    #[error("it has no colon; write \"Name: value\"")]
    NoColon,
    /// A control character (RFC 9110 §5.5).
    #[error("the value holds a control character; leave it out")]
    Value,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_a_name_and_a_value() {
        for (text, name, value) in
            [("X-Y: a:b ", "x-y", "a:b"), ("a:", "a", ""), ("cookie:caf\u{e9}", "cookie", "café")]
        {
            let field: HeaderField = text.parse().expect(text);
            assert_eq!((field.name.as_str(), field.value.as_bytes()), (name, value.as_bytes()));
        }
        for (text, error) in [
            ("no colon", HeaderFieldError::NoColon),
            (": x", HeaderFieldError::Name(String::new())),
            ("a b: x", HeaderFieldError::Name("a b".to_owned())),
            ("a: x\r\ny: z", HeaderFieldError::Value),
        ] {
            assert_eq!(text.parse::<HeaderField>(), Err(error), "{text:?}");
        }
    }
}
