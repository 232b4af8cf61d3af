//! Where an answer sends on to, and what goes along (RFC 9110 §15.4; RFC 6455 §4.1).

use hyper::StatusCode;
use hyper::header::{self, HeaderMap, HeaderName};
use thiserror::Error;

use super::websocket_url::{UrlError, WebSocketUrl};

/// What is meant for one origin alone: whoever else is told could use it.
const CREDENTIALS: [HeaderName; 2] = [header::AUTHORIZATION, header::COOKIE];

/// Where an answer sends on to; nothing where it does not.
///
/// # Errors
/// [`RedirectError`]
pub(super) fn target(
    from: &WebSocketUrl,
    status: StatusCode,
    headers: &HeaderMap,
) -> Result<Option<WebSocketUrl>, RedirectError> {
    // The request is a GET, so that all of them mean the same.
    if !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let Some(location) = headers.get(header::LOCATION) else {
        return Ok(None);
    };
    let location = String::from_utf8_lossy(location.as_bytes());
    let target = from.redirected(&location);
    let target = target
        .map_err(|source| RedirectError::BadLocation { location: location.into_owned(), source })?;
    if from.is_secure() && !target.is_secure() {
        return Err(RedirectError::Downgrade { target: target.to_string() });
    }
    Ok(Some(target))
}

/// Takes out what another origin must not see.
pub(super) fn drop_credentials(headers: &mut HeaderMap) {
    for name in CREDENTIALS {
        headers.remove(name);
    }
}

/// Why a redirect is not followed. The server is at fault.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum RedirectError {
    /// It leads to no WebSocket.
    #[error("its Location {location:?} leads to no WebSocket")]
    BadLocation {
        /// What it says.
        location: String,
        /// Why.
        source: UrlError,
    },
    /// It leads from an encrypted connection to one that is not.
    #[error("it leads to {target}, which is not encrypted")]
    Downgrade {
        /// Where.
        target: String,
    },
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    fn led(from: &str, status: u16, location: &str) -> Result<Option<String>, RedirectError> {
        let from = from.parse().expect("a URL");
        let headers =
            [(header::LOCATION, HeaderValue::from_bytes(location.as_bytes()).expect("a value"))];
        let status = StatusCode::from_u16(status).expect("a status");
        let target = target(&from, status, &headers.into_iter().collect())?;
        Ok(target.map(|target| target.to_string()))
    }

    #[test]
    fn redirects_are_followed_and_other_answers_are_not() {
        for status in [301, 302, 303, 307, 308] {
            assert_eq!(led("ws://a/b", status, "/c"), Ok(Some("ws://a/c".into())), "{status}");
        }
        for status in [200, 201, 300, 304, 305, 401, 503] {
            assert_eq!(led("ws://a/b", status, "/c"), Ok(None), "{status}");
        }
        let url = "ws://a".parse().expect("a URL");
        assert_eq!(target(&url, StatusCode::FOUND, &HeaderMap::new()), Ok(None));
    }

    #[test]
    fn an_encrypted_connection_does_not_become_an_open_one() {
        assert_eq!(led("ws://a", 302, "https://a"), Ok(Some("wss://a/".into())));
        for location in ["http://a", "ws://a"] {
            let target = "ws://a/".to_owned();
            assert_eq!(led("wss://a", 302, location), Err(RedirectError::Downgrade { target }));
        }
        for location in ["ftp://a", "file:///etc/passwd"] {
            let refused = led("ws://a", 302, location);
            assert!(matches!(refused, Err(RedirectError::BadLocation { .. })), "{location}");
        }
    }
}
