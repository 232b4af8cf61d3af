//! Header fields that a guest adds to the answer of a handshake.

use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};

/// The most fields that a guest may add. Clients limit how many they read, often to 100, and the
/// host adds its own.
pub const MAX_EXTRA_HEADERS: usize = 64;

/// The most bytes that the names and values of a guest's fields may take together. Many clients and
/// proxies read no longer head.
pub const MAX_EXTRA_HEADER_BYTES: usize = 16 * 1024;

/// The names, in lower case, of the fields that belong to the handshake begin with this.
const RESERVED_PREFIX: &str = "sec-websocket-";

/// The other fields that belong to the handshake, or say where the answer ends.
const RESERVED: [HeaderName; 4] =
    [header::CONNECTION, header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::UPGRADE];

/// Checks fields that a guest adds, and keeps their order; a repeated one stays repeated.
///
/// # Errors
/// The first fault. The guest's, so that the peer's answer is 500.
pub fn extra_headers(fields: &[(String, Vec<u8>)]) -> Result<HeaderMap, ExtraHeaderError> {
    if fields.len() > MAX_EXTRA_HEADERS {
        return Err(ExtraHeaderError::TooMany { count: fields.len() });
    }
    let bytes = fields.iter().map(|(name, value)| name.len() + value.len()).sum();
    if bytes > MAX_EXTRA_HEADER_BYTES {
        return Err(ExtraHeaderError::TooBig { bytes });
    }
    let mut checked = HeaderMap::with_capacity(fields.len());
    for (name, value) in fields {
        let valid_name = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| ExtraHeaderError::BadName { name: name.clone() })?;
        if RESERVED.contains(&valid_name) || valid_name.as_str().starts_with(RESERVED_PREFIX) {
            return Err(ExtraHeaderError::Reserved { name: name.clone() });
        }
        let value = HeaderValue::from_bytes(value)
            .map_err(|_| ExtraHeaderError::BadValue { name: name.clone() })?;
        checked.append(valid_name, value);
    }
    Ok(checked)
}

/// Why a guest's header fields are not sent. The guest's author mends it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExtraHeaderError {
    /// A name that is no token (RFC 9110 §5.1).
    #[error("{name:?} is no name of a header field; use letters, digits and `-`")]
    BadName {
        /// The name.
        name: String,
    },
    /// A value with a control character (RFC 9110 §5.5).
    #[error("the value of the header field `{name}` holds a control character; leave it out")]
    BadValue {
        /// The field's name.
        name: String,
    },
    /// A field that the host alone sends.
    #[error("the header field `{name}` belongs to the handshake itself; leave it out")]
    Reserved {
        /// The field's name.
        name: String,
    },
    /// More than [`MAX_EXTRA_HEADER_BYTES`].
    #[error("the header fields have {bytes} bytes; at most {MAX_EXTRA_HEADER_BYTES} are allowed")]
    TooBig {
        /// Their names and values together.
        bytes: usize,
    },
    /// More than [`MAX_EXTRA_HEADERS`].
    #[error("there are {count} header fields; at most {MAX_EXTRA_HEADERS} are allowed")]
    TooMany {
        /// How many there are.
        count: usize,
    },
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn field(name: &str, value: &[u8]) -> (String, Vec<u8>) {
        (name.to_owned(), value.to_vec())
    }

    #[test]
    fn valid_fields_are_kept_in_order() {
        let fields = [
            field("set-cookie", b"a=1"),
            field("X-Name", "caf\u{e9}\t".as_bytes()),
            field("set-cookie", b"b=2"),
            field("empty", b""),
        ];
        let checked = extra_headers(&fields).expect("valid");
        assert_eq!(checked.len(), fields.len());
        let cookies: Vec<_> = checked.get_all("set-cookie").iter().collect();
        assert_eq!(cookies, ["a=1", "b=2"]);
        assert_eq!(checked["x-name"].as_bytes(), "caf\u{e9}\t".as_bytes());
    }

    #[test]
    fn each_fault_is_named() {
        use ExtraHeaderError as E;
        let name = |text: &str| text.to_owned();
        let cases = [
            (field("", b"x"), E::BadName { name: name("") }),
            (field("a b", b"x"), E::BadName { name: name("a b") }),
            (field("a\r\nb", b"x"), E::BadName { name: name("a\r\nb") }),
            (field("caf\u{e9}", b"x"), E::BadName { name: name("caf\u{e9}") }),
            (field("a", b"x\r\ny"), E::BadValue { name: name("a") }),
            (field("a", b"\0"), E::BadValue { name: name("a") }),
            (field("a", b"\x7f"), E::BadValue { name: name("a") }),
            (field("connection", b"close"), E::Reserved { name: name("connection") }),
            (field("Upgrade", b"h2c"), E::Reserved { name: name("Upgrade") }),
            (field("Content-Length", b"0"), E::Reserved { name: name("Content-Length") }),
            (field("transfer-encoding", b"x"), E::Reserved { name: name("transfer-encoding") }),
            (
                field("sec-websocket-accept", b"x"),
                E::Reserved { name: name("sec-websocket-accept") },
            ),
            (field("Sec-WebSocket-New", b"x"), E::Reserved { name: name("Sec-WebSocket-New") }),
        ];
        for (bad, error) in cases {
            let fields = [field("good", b"x"), bad.clone()];
            assert_eq!(extra_headers(&fields), Err(error), "{bad:?}");
        }
    }

    #[test]
    fn number_and_size_are_bounded() {
        let most = vec![field("a", b"x"); MAX_EXTRA_HEADERS];
        assert_eq!(extra_headers(&most).map(|checked| checked.len()), Ok(MAX_EXTRA_HEADERS));
        let more = vec![field("a", b"x"); MAX_EXTRA_HEADERS + 1];
        let error = ExtraHeaderError::TooMany { count: MAX_EXTRA_HEADERS + 1 };
        assert_eq!(extra_headers(&more), Err(error));

        let biggest = field("a", &vec![b'x'; MAX_EXTRA_HEADER_BYTES - 1]);
        assert!(extra_headers(std::slice::from_ref(&biggest)).is_ok());
        let error = ExtraHeaderError::TooBig { bytes: MAX_EXTRA_HEADER_BYTES + 1 };
        assert_eq!(extra_headers(&[biggest, field("b", b"")]), Err(error));
    }

    proptest! {
        /// What passes holds no byte that could end the field or the head.
        #[test]
        fn no_bytes_panic_or_split_the_head(
            names in prop::collection::vec("\\PC{0,8}|[a-z]{1,8}", 0..8),
            value in prop::collection::vec(any::<u8>(), 0..8),
        ) {
            let fields: Vec<_> = names.into_iter().map(|name| (name, value.clone())).collect();
            if let Ok(checked) = extra_headers(&fields) {
                prop_assert_eq!(checked.len(), fields.len());
                for (name, value) in &checked {
                    prop_assert!(!name.as_str().contains(['\r', '\n', ':', ' ']));
                    prop_assert!(!value.as_bytes().iter().any(|byte| b"\r\n\0".contains(byte)));
                }
            }
        }
    }
}
