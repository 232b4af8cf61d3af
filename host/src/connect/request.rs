//! What a connection is to be opened with, and what of it may be asked for.

use std::collections::HashSet;
use std::time::Duration;

use hyper::header::{self, HeaderMap, HeaderName};
use sockhop_wire::deflate::Policy;
use sockhop_wire::extensions::is_token;
use thiserror::Error;

use super::lookup::Lookups;
use super::proxy::Proxy;
use super::reach::Gate;
use super::tls::ClientTls;
use super::websocket_url::WebSocketUrl;

/// The most header fields beside those of the handshake: servers limit how many they read, often
/// to 100.
pub const HEADERS_MAX: usize = 64;

/// The most bytes that their names and values may take together: hardly a server reads a longer
/// head.
pub const HEADER_BYTES_MAX: usize = 16 << 10;

/// The most subprotocols that may be offered, as many as the host takes of others.
pub const SUBPROTOCOLS_MAX: usize = 64;

/// How long it may take to open a connection where nobody says otherwise: a few slow round trips,
/// and less than a guest that waits for it may by default (`sandbox.event_wait`).
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long it may take at the most: a server that needs longer than an hour never answers.
pub const CONNECT_TIMEOUT_MAX: Duration = Duration::from_secs(60 * 60);

/// How many redirects are followed where nobody says otherwise: one from `ws` to `wss`, and a few
/// within a service.
pub const REDIRECTS: usize = 5;

/// The names, in lower case, of the fields that belong to the handshake begin with this.
const RESERVED_PREFIX: &str = "sec-websocket-";

/// The other fields that belong to the handshake, to one connection alone (RFC 9110 §7.6.1), or
/// say where the request ends.
const RESERVED: [HeaderName; 9] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::EXPECT,
    header::HOST,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// What a connection is to be opened with (Jakarta `ClientEndpointConfig`).
///
/// # Defaults
/// Each field says its own.
#[derive(Clone, Debug)]
pub struct ConnectRequest {
    /// Where to.
    pub url: WebSocketUrl,
    /// Header fields to send beside those of the handshake, at most [`HEADERS_MAX`] of
    /// [`HEADER_BYTES_MAX`]. Default: none.
    pub headers: HeaderMap,
    /// The subprotocols to offer, in the order of preference: tokens, no two equal, at most
    /// [`SUBPROTOCOLS_MAX`] (Jakarta `getPreferredSubprotocols`). Default: none.
    pub subprotocols: Vec<String>,
    /// What to offer about permessage-deflate (RFC 7692 §7.1). Default: nothing, and then messages
    /// go uncompressed.
    pub deflate: Option<Policy>,
    /// How long all of it may take, redirects and looking up names included, up to
    /// [`CONNECT_TIMEOUT_MAX`]. Default: [`CONNECT_TIMEOUT`].
    pub timeout: Duration,
    /// How many redirects to follow; with none, one is an answer like any other that refuses.
    /// Default: [`REDIRECTS`].
    pub redirects: usize,
    /// The proxy that connections go through. Default: none.
    pub proxy: Option<Proxy>,
    /// Where it may lead, redirects included. Default: anywhere.
    pub gate: Gate,
    /// Whom to trust, and what to show, where the URL or a redirect is `wss`. Default: the
    /// system's authorities, and nothing.
    pub tls: ClientTls,
    /// With whom it shares the places for looking names up. Default: with nobody.
    pub lookups: Lookups,
}

impl ConnectRequest {
    /// A request with nothing but defaults.
    #[must_use]
    pub fn new(url: WebSocketUrl) -> Self {
        Self {
            url,
            headers: HeaderMap::new(),
            subprotocols: Vec::new(),
            deflate: None,
            timeout: CONNECT_TIMEOUT,
            redirects: REDIRECTS,
            proxy: None,
            gate: Gate::default(),
            tls: ClientTls::default(),
            lookups: Lookups::default(),
        }
    }

    /// Whether all of it may be asked for.
    ///
    /// # Errors
    /// The first fault.
    pub fn check(&self) -> Result<(), RequestError> {
        check_headers(&self.headers)?;
        check_subprotocols(&self.subprotocols)
    }
}

fn check_headers(headers: &HeaderMap) -> Result<(), RequestError> {
    if headers.len() > HEADERS_MAX {
        return Err(RequestError::TooManyHeaders { count: headers.len() });
    }
    let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if bytes > HEADER_BYTES_MAX {
        return Err(RequestError::HeadersTooBig { bytes });
    }
    let reserved =
        |name: &&HeaderName| RESERVED.contains(name) || name.as_str().starts_with(RESERVED_PREFIX);
    match headers.keys().find(reserved) {
        Some(name) => Err(RequestError::Reserved { name: name.as_str().to_owned() }),
        None => Ok(()),
    }
}

fn check_subprotocols(names: &[String]) -> Result<(), RequestError> {
    if names.len() > SUBPROTOCOLS_MAX {
        return Err(RequestError::TooManySubprotocols { count: names.len() });
    }
    let mut seen = HashSet::new();
    for name in names {
        if !is_token(name) {
            return Err(RequestError::BadSubprotocol { name: name.clone() });
        }
        if !seen.insert(name) {
            return Err(RequestError::RepeatedSubprotocol { name: name.clone() });
        }
    }
    Ok(())
}

/// Why a connection is not even tried. Whoever asked for it is to act: the operator, or a guest.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum RequestError {
    /// A subprotocol that is no token (RFC 6455 §4.1, item 10).
    #[error("{name:?} is no name of a subprotocol; use letters, digits, `-` and `.`")]
    BadSubprotocol {
        /// The name.
        name: String,
    },
    /// More than [`HEADER_BYTES_MAX`].
    #[error("the header fields have {bytes} bytes; at most {HEADER_BYTES_MAX} are allowed")]
    HeadersTooBig {
        /// Their names and values together.
        bytes: usize,
    },
    /// A subprotocol that is offered twice (RFC 6455 §4.1, item 10).
    #[error("the subprotocol {name:?} is offered twice; offer it once")]
    RepeatedSubprotocol {
        /// The name.
        name: String,
    },
    /// A field that the handshake sets, or a connection for itself.
    #[error("the header field `{name}` belongs to the handshake itself; leave it out")]
    Reserved {
        /// The field's name.
        name: String,
    },
    /// More than [`HEADERS_MAX`].
    #[error("there are {count} header fields; at most {HEADERS_MAX} are allowed")]
    TooManyHeaders {
        /// How many there are.
        count: usize,
    },
    /// More than [`SUBPROTOCOLS_MAX`].
    #[error("there are {count} subprotocols; at most {SUBPROTOCOLS_MAX} are allowed")]
    TooManySubprotocols {
        /// How many there are.
        count: usize,
    },
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    fn request() -> ConnectRequest {
        ConnectRequest::new("ws://a".parse().expect("a URL"))
    }

    fn with_header(name: &str, value: &str) -> ConnectRequest {
        let mut request = request();
        let name: HeaderName = name.parse().expect("a name");
        request.headers.append(name, HeaderValue::from_str(value).expect("a value"));
        request
    }

    #[test]
    fn fields_of_the_handshake_are_its_own() {
        for name in ["Host", "upgrade", "Connection", "Sec-WebSocket-Key", "sec-websocket-x", "te"]
        {
            let refused = with_header(name, "x").check();
            assert_eq!(refused, Err(RequestError::Reserved { name: name.to_lowercase() }));
        }
        for name in ["origin", "authorization", "cookie", "user-agent", "x-y"] {
            assert_eq!(with_header(name, "x").check(), Ok(()), "{name}");
        }
    }

    #[test]
    fn the_limits_hold_at_them_and_one_past_them() {
        let name = "x-y";
        let longest = HEADER_BYTES_MAX - name.len();
        assert_eq!(with_header(name, &"x".repeat(longest)).check(), Ok(()));
        let refused = with_header(name, &"x".repeat(longest + 1)).check();
        assert_eq!(refused, Err(RequestError::HeadersTooBig { bytes: HEADER_BYTES_MAX + 1 }));
        let mut request = request();
        for count in 1..=HEADERS_MAX + 1 {
            request.headers.append(name, HeaderValue::from_static("x"));
            assert_eq!(request.check().is_ok(), count <= HEADERS_MAX, "{count}");
        }
        request.headers.clear();
        for count in 1..=SUBPROTOCOLS_MAX + 1 {
            request.subprotocols.push(count.to_string());
            assert_eq!(request.check().is_ok(), count <= SUBPROTOCOLS_MAX, "{count}");
        }
    }

    #[test]
    fn subprotocols_are_tokens_of_which_no_two_are_equal() {
        let with = |names: &[&str]| {
            let subprotocols = names.iter().map(|name| (*name).to_owned()).collect();
            ConnectRequest { subprotocols, ..request() }.check()
        };
        assert_eq!(with(&["chat", "Chat", "v1.chat"]), Ok(()));
        for name in ["", "a b", "a,b", "caf\u{e9}"] {
            let name = name.to_owned();
            assert_eq!(with(&["a", &name]), Err(RequestError::BadSubprotocol { name }));
        }
        let name = "a".to_owned();
        assert_eq!(with(&["a", "b", "a"]), Err(RequestError::RepeatedSubprotocol { name }));
    }
}
