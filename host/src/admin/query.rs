//! The query of a request: known keys, each at most once.

use hyper::Uri;
use percent_encoding::percent_decode_str;

use super::error::{ApiError, ErrorCode};

/// The query's keys and values, decoded.
#[derive(Debug)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads the query.
    ///
    /// # Errors
    ///
    /// Refuses a key that is not known or is there twice, and what is not UTF-8.
    pub(super) fn read(uri: &Uri, known: &[&str]) -> Result<Self, ApiError> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for part in uri.query().unwrap_or_default().split('&').filter(|part| !part.is_empty()) {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            let (key, value) = (decode(key)?, decode(value)?);
            if !known.contains(&key.as_str()) {
                let hint = match known {
                    [] => "none is known here".to_owned(),
                    known => format!("known here: {}", known.join(", ")),
                };
                return Err(refused(format!("unknown query key {key:?}; {hint}")));
            }
            if pairs.iter().any(|(other, _)| *other == key) {
                return Err(refused(format!("the query has the key {key:?} more than once")));
            }
            pairs.push((key, value));
        }
        Ok(Self(pairs))
    }

    /// The value of a key.
    pub(super) fn value(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(other, _)| other == key).map(|(_, value)| value.as_str())
    }

    /// The value of a key that is `true` or `false`; absent, it is `false`.
    ///
    /// # Errors
    ///
    /// Refuses every other value.
    pub(super) fn flag(&self, key: &str) -> Result<bool, ApiError> {
        match self.value(key) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(other) => Err(refused(format!("{key}={other:?}: use true or false"))),
        }
    }
}

/// A part of a path or query, with its `%XX` resolved.
pub(super) fn decode(text: &str) -> Result<String, ApiError> {
    match percent_decode_str(text).decode_utf8() {
        Ok(decoded) => Ok(decoded.into_owned()),
        Err(_) => Err(refused(format!("{text:?} is not UTF-8 once its %XX are resolved"))),
    }
}

fn refused(message: String) -> ApiError {
    ApiError::new(ErrorCode::BadRequest, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(uri: &str, known: &[&str]) -> Option<Query> {
        Query::read(&uri.parse().unwrap(), known).ok()
    }

    #[test]
    fn known_keys_are_read_and_decoded() {
        let query = read("/x?a=%74rue&b=", &["a", "b", "c"]).unwrap();
        assert_eq!(
            (query.value("a"), query.value("b"), query.value("c")),
            (Some("true"), Some(""), None)
        );
        assert!(query.flag("a").is_ok_and(|flag| flag));
        assert!(query.flag("c").is_ok_and(|flag| !flag));
        assert!(query.flag("b").is_err());
    }

    #[test]
    fn unknown_and_repeated_keys_are_refused() {
        assert!(read("/x", &[]).is_some() && read("/x?", &[]).is_some());
        for uri in ["/x?b=1", "/x?a=1&a=2", "/x?a=%ff", "/x?A=1", "/x?="] {
            assert!(read(uri, &["a"]).is_none(), "{uri}");
        }
    }
}
