//! Proxies that connections go through: a tunnel by HTTP CONNECT (RFC 9110 §9.3.6).

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::Empty;
use hyper::header::{self, HeaderValue};
use hyper::{Request, http};
use percent_encoding::percent_decode_str;
use thiserror::Error;
use url::Url;

use super::websocket_url::WebSocketUrl;

/// A proxy that opens tunnels, spoken to over HTTP/1.1 without TLS.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    host: String,
    port: u16,
    /// The value of `Proxy-Authorization`.
    credentials: Option<HeaderValue>,
}

impl Proxy {
    /// Its host, an IPv6 address in brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Its port; 80 where none is named.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Asks for a tunnel to where a URL leads.
    pub(super) fn request(&self, to: &WebSocketUrl) -> Result<Request<Empty<Bytes>>, http::Error> {
        let authority = format!("{}:{}", to.host(), to.port());
        let mut request = Request::connect(authority.as_str()).body(Empty::new())?;
        let fields = request.headers_mut();
        fields.insert(header::HOST, HeaderValue::from_str(&authority)?);
        if let Some(credentials) = &self.credentials {
            fields.insert(header::PROXY_AUTHORIZATION, credentials.clone());
        }
        Ok(request)
    }
}

/// Without the credentials.
impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proxy({self})")
    }
}

/// `http://HOST:PORT`, with `USER:PASSWORD@` before the host where it wants credentials (RFC 7617);
/// both are percent-encoded.
impl FromStr for Proxy {
    type Err = ProxyUrlError;

    fn from_str(text: &str) -> Result<Self, ProxyUrlError> {
        let url = Url::parse(text)?;
        if url.scheme() != "http" {
            return Err(ProxyUrlError::Scheme { scheme: url.scheme().to_owned() });
        }
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err(ProxyUrlError::Path);
        }
        let (host, port) = (url.host_str(), url.port_or_known_default());
        let (Some(host), Some(port)) = (host, port) else {
            return Err(url::ParseError::EmptyHost.into());
        };
        let credentials = match (url.username(), url.password()) {
            ("", None) => None,
            (user, password) => Some(basic(user, password.unwrap_or_default())?),
        };
        Ok(Self { host: host.to_owned(), port, credentials })
    }
}

/// Credentials as RFC 7617 §2 writes them.
fn basic(user: &str, password: &str) -> Result<HeaderValue, ProxyUrlError> {
    let user: Vec<u8> = percent_decode_str(user).collect();
    if user.contains(&b':') {
        return Err(ProxyUrlError::User);
    }
    let password: Vec<u8> = percent_decode_str(password).collect();
    let pair = [&user[..], b":", &password].concat();
    let value = HeaderValue::from_str(&format!("Basic {}", STANDARD.encode(pair)));
    let mut value = value.map_err(|_| ProxyUrlError::User)?;
    value.set_sensitive(true);
    Ok(value)
}

/// Why a text names no proxy. The operator is to act. It is not in the message: it may hold a
/// password.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ProxyUrlError {
    /// No URL at all.
    #[error("it is not a URL; write http://HOST:PORT")]
    Malformed(#[from] url::ParseError),
    /// More than host and port.
    #[error("a proxy has no path; write http://HOST:PORT")]
    Path,
    /// Another scheme.
    #[error("the scheme is {scheme:?}; proxies are spoken to by http")]
    Scheme {
        /// Which.
        scheme: String,
    },
    /// A user's name with a colon (RFC 7617 §2).
    #[error("the user of a proxy may have no colon in the name")]
    User,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(proxy: &str, url: &str) -> (String, Option<String>) {
        let proxy: Proxy = proxy.parse().expect("a proxy");
        let request = proxy.request(&url.parse().expect("a URL")).expect("a request");
        assert_eq!(request.method(), "CONNECT");
        let text = |name| request.headers().get(name).map(|value| value.to_str().expect("ASCII"));
        assert_eq!(text("host"), Some(request.uri().to_string().as_str()));
        (request.uri().to_string(), text("proxy-authorization").map(str::to_owned))
    }

    #[test]
    fn a_tunnel_is_asked_for_by_host_and_port() {
        assert_eq!(asked("http://p:3128", "ws://a/x"), ("a:80".into(), None));
        assert_eq!(asked("http://p/", "wss://[::1]/x"), ("[::1]:443".into(), None));
        // The example of RFC 7617 §2, and one with what a URL cannot hold as it is.
        let example = "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==".to_owned();
        let proxy = "http://Aladdin:open%20sesame@p:3128";
        assert_eq!(asked(proxy, "ws://a:81"), ("a:81".into(), Some(example)));
        assert_eq!(asked("http://me@p", "ws://a").1.as_deref(), Some("Basic bWU6"));
    }

    #[test]
    fn what_is_shown_holds_no_password() {
        let proxy: Proxy = "http://me:secret@[::1]".parse().expect("a proxy");
        assert_eq!(proxy.to_string(), "[::1]:80");
        assert_eq!(format!("{proxy:?}"), "Proxy([::1]:80)");
        assert!(!format!("{:?}", proxy.request(&"ws://a".parse().unwrap())).contains("bWU6"));
    }

    #[test]
    fn what_is_no_proxy_is_refused() {
        for text in
            ["p:3128", "https://p", "socks5://p", "http://p/path", "http://", "http://a%3Ab@p"]
        {
            assert!(text.parse::<Proxy>().is_err(), "{text}");
        }
    }
}
