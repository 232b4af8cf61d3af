//! Who may speak to the admin API.

use std::net::IpAddr;

use hyper::{
    HeaderMap, Request, Uri,
    header::{self, AsHeaderName, HeaderValue},
};

use super::error::{ApiError, ErrorCode};
use crate::config::AdminToken;

/// How a request has come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transport {
    Tcp,
    Unix,
}

/// Lets a request in that shows the token and was not sent by a browser.
///
/// A page that a person has open must not command the host: it would have to know the token, and
/// these checks hold even then. A browser names the page's origin in every request that could
/// change something. And a page whose host name was made to point at this machine (DNS rebinding)
/// still sends that name as `Host`.
pub(super) fn check<B>(
    request: &Request<B>,
    transport: Transport,
    token: &AdminToken,
) -> Result<(), ApiError> {
    if transport == Transport::Tcp {
        check_host(request.uri(), request.headers())?;
    }
    if request.headers().contains_key(header::ORIGIN) {
        let message = "the admin API does not answer browsers: the request has a field `Origin`";
        return Err(ApiError::new(ErrorCode::Forbidden, message));
    }
    check_token(request.headers(), token)
}

fn check_host(uri: &Uri, headers: &HeaderMap) -> Result<(), ApiError> {
    let host = only(headers, header::HOST).and_then(|value| value.to_str().ok());
    let loopback = host.is_some_and(is_loopback)
        && uri.authority().is_none_or(|authority| is_loopback(authority.as_str()));
    if loopback {
        return Ok(());
    }
    let message = "the admin API only answers requests whose `Host` is a loopback address or \
                   localhost";
    Err(ApiError::new(ErrorCode::Forbidden, message))
}

/// Whether `HOST` or `HOST:PORT` stands for this machine.
fn is_loopback(authority: &str) -> bool {
    let without_port = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    };
    let bare = match without_port.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']').unwrap_or_default(),
        None => without_port,
    };
    bare.eq_ignore_ascii_case("localhost")
        || bare.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

fn check_token(headers: &HeaderMap, token: &AdminToken) -> Result<(), ApiError> {
    let refused = |message| Err(ApiError::new(ErrorCode::Unauthorized, message));
    let Some(value) = only(headers, header::AUTHORIZATION) else {
        return refused("the admin API asks for its token: send `Authorization: Bearer TOKEN`");
    };
    match bearer(value.as_bytes()) {
        Some(presented) if token.matches(presented) => Ok(()),
        _ => refused("this is not the token of this host"),
    }
}

/// The token of the `Bearer` scheme (RFC 6750 §2.1), whose name may be in any case
/// (RFC 9110 §11.1).
fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = value.split_at_checked(b"Bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"Bearer ").then_some(token)
}

/// The field's value, if it is there once.
fn only(headers: &HeaderMap, name: impl AsHeaderName) -> Option<&HeaderValue> {
    let mut values = headers.get_all(name).iter();
    values.next().filter(|_| values.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_these_names() {
        for authority in ["localhost", "LOCALHOST:80", "127.0.0.1", "127.9.9.9:1", "[::1]:8080"] {
            assert!(is_loopback(authority), "{authority}");
        }
        for authority in
            ["", ":80", "evil.example", "localhost.evil.example:80", "10.0.0.1", "[::1", "[::2]"]
        {
            assert!(!is_loopback(authority), "{authority}");
        }
    }

    #[test]
    fn the_scheme_is_bearer_in_any_case() {
        assert_eq!(bearer(b"Bearer x y"), Some(&b"x y"[..]));
        assert_eq!(bearer(b"bEARER x"), Some(&b"x"[..]));
        assert_eq!(bearer(b"Basic x"), None);
        assert_eq!(bearer(b"Bearer"), None);
    }
}
