//! What may be asked for of a connection to a server, by the rules of the host.

use std::collections::BTreeSet;

use crate::bindings::sockhop::websocket::container::{ConnectError, ConnectOptions};

/// The longest URL, in bytes.
const URL_BYTES_MAX: usize = 8 << 10;

/// The longest name of a client's endpoint, in bytes.
const ENDPOINT_NAME_BYTES_MAX: usize = 255;

/// The most subprotocols, and the most header fields.
const NAMES_MAX: usize = 64;

/// The most bytes of header fields.
const HEADER_BYTES_MAX: usize = 16 << 10;

/// The fields that belong to the handshake, to one connection alone, or say where it ends.
const RESERVED: [&str; 9] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Holds what guest code asks for against what it may, in the order in which a host does.
pub(super) fn check(url: &str, options: &ConnectOptions) -> Result<(), ConnectError> {
    check_endpoint(&options.endpoint).map_err(ConnectError::InvalidOptions)?;
    check_url(url).map_err(|why| ConnectError::InvalidUrl(format!("{url:?}: {why}")))?;
    check_headers(&options.headers).map_err(ConnectError::InvalidOptions)?;
    check_subprotocols(&options.subprotocols).map_err(ConnectError::InvalidOptions)
}

fn check_endpoint(name: &str) -> Result<(), String> {
    if (1..=ENDPOINT_NAME_BYTES_MAX).contains(&name.len()) && !name.starts_with('/') {
        return Ok(());
    }
    Err(format!(
        "{name:?} names no endpoint of a client; it has 1 to {ENDPOINT_NAME_BYTES_MAX} bytes and \
         does not begin with a slash"
    ))
}

/// As far as a test needs it: names and ports are taken as they are.
fn check_url(url: &str) -> Result<(), &'static str> {
    let (scheme, rest) = url.split_once("://").ok_or("a URL begins with `ws://` or `wss://`")?;
    if !["ws", "wss"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
        return Err("a WebSocket's URL begins with `ws://` or `wss://`");
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        return Err("a WebSocket's URL has no user and no password; send them in a header field");
    }
    if authority.is_empty() || authority.starts_with(':') {
        return Err("the URL names no host");
    }
    if url.contains('#') {
        return Err("a WebSocket's URL has no fragment; leave it out, or write `#` as `%23`");
    }
    if url.len() > URL_BYTES_MAX { Err("the URL has more than 8 KiB") } else { Ok(()) }
}

fn check_headers(headers: &[(String, Vec<u8>)]) -> Result<(), String> {
    for (name, value) in headers {
        if !is_token(name) || !is_field_value(value) {
            return Err(format!("the header field {name:?} has a name or a value that is none"));
        }
    }
    if headers.len() > NAMES_MAX {
        return Err(format!("{} header fields; at most {NAMES_MAX} are allowed", headers.len()));
    }
    let bytes: usize = headers.iter().map(|(name, value)| name.len() + value.len()).sum();
    if bytes > HEADER_BYTES_MAX {
        return Err(format!("{bytes} bytes of header fields; at most {HEADER_BYTES_MAX} may be"));
    }
    let is_reserved = |name: &str| RESERVED.contains(&name) || name.starts_with("sec-websocket-");
    match headers.iter().find(|(name, _)| is_reserved(&name.to_ascii_lowercase())) {
        Some((name, _)) => {
            Err(format!("the header field `{name}` belongs to the handshake itself; leave it out"))
        }
        None => Ok(()),
    }
}

fn check_subprotocols(names: &[String]) -> Result<(), String> {
    if names.len() > NAMES_MAX {
        return Err(format!("{} subprotocols; at most {NAMES_MAX} are allowed", names.len()));
    }
    let mut seen = BTreeSet::new();
    for name in names {
        if !is_token(name) {
            return Err(format!("{name:?} is no name of a subprotocol"));
        }
        if !seen.insert(name) {
            return Err(format!("the subprotocol {name:?} is offered twice; offer it once"));
        }
    }
    Ok(())
}

/// Whether this is a token (RFC 9110 §5.6.2).
pub(crate) fn is_token(name: &str) -> bool {
    let is_of_one = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(is_of_one)
}

/// Whether a header field may have this value.
pub(crate) fn is_field_value(value: &[u8]) -> bool {
    value.iter().all(|byte| *byte == b'\t' || (*byte >= b' ' && *byte != 0x7f))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(endpoint: &str) -> ConnectOptions {
        ConnectOptions {
            endpoint: endpoint.to_owned(),
            subprotocols: Vec::new(),
            headers: Vec::new(),
            compress: false,
            timeout: None,
            redirects: None,
            max_message_size: None,
            tls_profile: None,
            properties: Vec::new(),
        }
    }

    #[test]
    fn urls_are_those_of_websockets() {
        let check = |url: &str| check(url, &options("feed"));
        for url in ["ws://there", "wss://there:1/a?b", "WS://[::1]:1"] {
            assert!(check(url).is_ok(), "{url}");
        }
        let long = format!("ws://there/{}", "x".repeat(URL_BYTES_MAX));
        for url in ["there", "http://there", "ws://", "ws://a@there", "ws://there/#a", &long] {
            assert!(matches!(check(url), Err(ConnectError::InvalidUrl(_))), "{url}");
        }
    }

    #[test]
    fn options_are_held_to_their_bounds() {
        let refused = |options: &ConnectOptions| {
            let told = check("ws://there", options);
            assert!(matches!(told, Err(ConnectError::InvalidOptions(_))), "{options:?}: {told:?}");
        };
        for endpoint in ["", "/feed", &"x".repeat(256)] {
            refused(&options(endpoint));
        }
        let text = |name: &str| (name.to_owned(), Vec::new());
        let long = ("x".to_owned(), vec![b'x'; HEADER_BYTES_MAX]);
        for headers in [
            vec![text("Host")],
            vec![text("Sec-WebSocket-Key")],
            vec![text("a b")],
            vec![("a".to_owned(), vec![b'\n'])],
            vec![text("a"); 65],
            vec![long],
        ] {
            refused(&ConnectOptions { headers, ..options("feed") });
        }
        let numbered = (0..65).map(|n| n.to_string()).collect();
        for subprotocols in [vec!["a b".into()], vec!["a".into(), "a".into()], numbered] {
            refused(&ConnectOptions { subprotocols, ..options("feed") });
        }
        let headers = vec![text("Authorization"); 64];
        assert!(check("ws://there", &ConnectOptions { headers, ..options("feed") }).is_ok());
    }
}
