//! The URLs of WebSockets (RFC 6455 §3).

use std::fmt;
use std::str::FromStr;

use thiserror::Error;
use url::{ParseError, Position, Url};

/// The longest URL, in bytes: hardly a server reads a longer first line of a request.
pub const URL_BYTES_MAX: usize = 8 << 10;

/// The URL of a WebSocket: `ws` or `wss`, without credentials and without a fragment.
///
/// Names are in ASCII (IDNA), the path is percent-encoded and without `.` and `..`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebSocketUrl(Url);

impl WebSocketUrl {
    /// Whether the connection is encrypted.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.0.scheme() == "wss"
    }

    /// The host as it is looked up, an IPv6 address in brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        // `FromStr` has seen that there is one.
        self.0.host_str().unwrap_or_default()
    }

    /// The port: 80 or, for `wss`, 443 where none is named.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.0.port_or_known_default().unwrap_or_default()
    }

    /// What the `Host` field says: the host, and the port where it is not the scheme's own.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.0[Position::BeforeHost..Position::AfterPort]
    }

    /// What is asked for: the path, which begins with `/`, and the query.
    #[must_use]
    pub fn path_and_query(&self) -> &str {
        &self.0[Position::BeforePath..Position::AfterQuery]
    }

    /// Whether both lead to the same place: scheme, host and port (RFC 6454 §5).
    #[must_use]
    pub fn is_of_origin(&self, other: &Self) -> bool {
        self.0.scheme() == other.0.scheme()
            && self.0.host() == other.0.host()
            && self.port() == other.port()
    }

    /// Where a `Location` leads that came as an answer to this one (RFC 9110 §10.2.2); it may be
    /// relative, and `http` and `https` stand for `ws` and `wss`.
    ///
    /// # Errors
    /// [`UrlError`].
    pub fn redirected(&self, location: &str) -> Result<Self, UrlError> {
        let length = location.len();
        if length > URL_BYTES_MAX {
            return Err(UrlError::TooLong { bytes: length });
        }
        let mut url = self.0.join(location)?;
        let scheme = match url.scheme() {
            "http" => "ws",
            "https" => "wss",
            other => other,
        };
        let scheme = scheme.to_owned();
        // It is changed only within what the standard calls special schemes, which is allowed.
        let _changed = url.set_scheme(&scheme);
        // A fragment is for whoever looks at a page.
        url.set_fragment(None);
        Self::checked(url)
    }

    fn checked(url: Url) -> Result<Self, UrlError> {
        if !matches!(url.scheme(), "ws" | "wss") {
            return Err(UrlError::Scheme { scheme: url.scheme().to_owned() });
        }
        if url.fragment().is_some() {
            return Err(UrlError::Fragment);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(UrlError::Credentials);
        }
        if url.host().is_none() {
            return Err(UrlError::Malformed(ParseError::EmptyHost));
        }
        let bytes = url.as_str().len();
        if bytes > URL_BYTES_MAX { Err(UrlError::TooLong { bytes }) } else { Ok(Self(url)) }
    }
}

impl fmt::Display for WebSocketUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

impl FromStr for WebSocketUrl {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        if text.len() > URL_BYTES_MAX {
            return Err(UrlError::TooLong { bytes: text.len() });
        }
        Self::checked(Url::parse(text)?)
    }
}

/// The host of a URL as TLS and the system want it: an IPv6 address without its brackets.
pub(super) fn without_brackets(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

/// Why a text is no URL of a WebSocket. Whoever wrote it is to act: the operator, a guest, or, for
/// a redirect, the server.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum UrlError {
    /// Credentials in front of the host.
    #[error("a WebSocket's URL has no user and no password; send them in a header field")]
    Credentials,
    /// A fragment (RFC 6455 §3).
    #[error("a WebSocket's URL has no fragment; leave out what begins with `#`, or write it `%23`")]
    Fragment,
    /// No URL at all.
    #[error("it is not a URL")]
    Malformed(#[from] ParseError),
    /// Another scheme.
    #[error("the scheme is {scheme:?}; use ws or wss")]
    Scheme {
        /// Which.
        scheme: String,
    },
    /// More than [`URL_BYTES_MAX`].
    #[error("the URL has {bytes} bytes; at most {URL_BYTES_MAX} are allowed")]
    TooLong {
        /// How many it has.
        bytes: usize,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::chain;

    fn url(text: &str) -> WebSocketUrl {
        text.parse().unwrap_or_else(|error| panic!("{text}: {}", chain(&error)))
    }

    #[test]
    fn a_url_is_taken_apart() {
        for (text, authority, host, port, path, secure) in [
            ("ws://a.example", "a.example", "a.example", 80, "/", false),
            ("wss://a.example", "a.example", "a.example", 443, "/", true),
            ("WSS://A.example:443/x?y=1", "a.example", "a.example", 443, "/x?y=1", true),
            ("ws://a:443/b/../c", "a:443", "a", 443, "/c", false),
            ("ws://[::1]:8080/echo", "[::1]:8080", "[::1]", 8080, "/echo", false),
            ("ws://127.0.0.1/ü b?ü", "127.0.0.1", "127.0.0.1", 80, "/%C3%BC%20b?%C3%BC", false),
            (
                "ws://bücher.example",
                "xn--bcher-kva.example",
                "xn--bcher-kva.example",
                80,
                "/",
                false,
            ),
        ] {
            let url = url(text);
            assert_eq!(url.authority(), authority, "{text}");
            assert_eq!((url.host(), url.port()), (host, port), "{text}");
            assert_eq!(url.path_and_query(), path, "{text}");
            assert_eq!(url.is_secure(), secure, "{text}");
        }
    }

    const CREDENTIALS: &str =
        "a WebSocket's URL has no user and no password; send them in a header field";
    const FRAGMENT: &str =
        "a WebSocket's URL has no fragment; leave out what begins with `#`, or write it `%23`";

    #[test]
    fn what_is_no_websocket_s_is_refused() {
        for (text, error) in [
            ("http://a", r#"the scheme is "http"; use ws or wss"#),
            ("a.example", "it is not a URL: relative URL without a base"),
            ("ws://", "it is not a URL: empty host"),
            ("ws://a:99999", "it is not a URL: invalid port number"),
            ("ws://me@a", CREDENTIALS),
            ("ws://:b@a", CREDENTIALS),
            ("ws://a/#b", FRAGMENT),
        ] {
            let refused = text.parse::<WebSocketUrl>().expect_err(text);
            assert_eq!(chain(&refused), error, "{text}");
        }
        let longest = format!("ws://a/{}", "x".repeat(URL_BYTES_MAX - 7));
        assert_eq!(url(&longest).to_string(), longest);
        let refused = format!("{longest}x").parse::<WebSocketUrl>();
        assert_eq!(refused, Err(UrlError::TooLong { bytes: URL_BYTES_MAX + 1 }));
    }

    #[test]
    fn a_location_is_relative_to_where_it_came_from() {
        for (location, target) in [
            ("/other", "wss://a/other"),
            ("other?x", "wss://a/b/other?x"),
            ("../up", "wss://a/up"),
            ("//c/d", "wss://c/d"),
            ("https://c", "wss://c/"),
            ("http://c:80/", "ws://c/"),
            ("http://c:8080/#part", "ws://c:8080/"),
            ("ws://c/d", "ws://c/d"),
        ] {
            let from = url("wss://a/b/c?query");
            assert_eq!(from.redirected(location), Ok(url(target)), "{location}");
        }
        for location in ["ftp://a", "mailto:me", "https://me@a", "http://", "ws://a:x"] {
            assert!(url("ws://a").redirected(location).is_err(), "{location}");
        }
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        let one = url("ws://a.example/x");
        assert!(one.is_of_origin(&url("ws://A.example:80/y?z")));
        for other in ["wss://a.example/x", "ws://b.example/x", "ws://a.example:81/x"] {
            assert!(!one.is_of_origin(&url(other)), "{other}");
        }
    }
}
