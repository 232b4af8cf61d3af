//! What a handshake is, by the letter of RFC 6455 §4.2.1 and RFC 8441 §5, read another time.

use std::net::Ipv6Addr;

use hyper::header::{self, HeaderName};
use hyper::{Method, Version};

use super::{Head, MAX_OFFERED_SUBPROTOCOLS};

pub(super) fn is_handshake(head: &Head) -> bool {
    let lists = |name: &HeaderName, word: &str| {
        words(head, name).iter().any(|it| it.eq_ignore_ascii_case(word.as_bytes()))
    };
    let host = match head.uri.authority() {
        Some(authority) => Some(authority.as_str().as_bytes()),
        None => head.headers.get(header::HOST).map(|host| host.as_bytes()),
    };
    head.method == Method::GET
        && head.version != Version::HTTP_10
        && lists(&header::UPGRADE, "websocket")
        && lists(&header::CONNECTION, "upgrade")
        && all(head, &header::SEC_WEBSOCKET_KEY).len() == 1
        && all(head, &header::SEC_WEBSOCKET_VERSION).len() == 1
        && all(head, &header::HOST).len() == 1
        && host.is_some_and(is_host)
        && is_either(head)
}

pub(super) fn is_http2_handshake(head: &Head) -> bool {
    let host = match head.uri.authority() {
        Some(authority) => Some(authority.as_str().as_bytes()),
        None => head.headers.get(header::HOST).map(|host| host.as_bytes()),
    };
    matches!(head.uri.scheme_str(), Some("http" | "https"))
        && head.uri.path().starts_with('/')
        && host.is_some_and(is_host)
        && is_either(head)
}

/// What both forms ask for.
fn is_either(head: &Head) -> bool {
    let at_most_one =
        [header::HOST, header::ORIGIN, header::SEC_WEBSOCKET_KEY, header::SEC_WEBSOCKET_VERSION];
    let offered = match all(head, &header::SEC_WEBSOCKET_PROTOCOL).is_empty() {
        true => Vec::new(),
        false => words(head, &header::SEC_WEBSOCKET_PROTOCOL),
    };
    at_most_one.iter().all(|name| all(head, name).len() <= 1)
        && all(head, &header::SEC_WEBSOCKET_KEY).iter().all(|key| is_key(key))
        && all(head, &header::SEC_WEBSOCKET_VERSION).iter().all(|version| version == b"13")
        && all(head, &header::CONTENT_LENGTH).iter().all(|length| length == b"0")
        && all(head, &header::TRANSFER_ENCODING).is_empty()
        && all(head, &header::ORIGIN)
            .iter()
            .flatten()
            .all(|byte| matches!(byte, b' '..=b'~' | b'\t'))
        && offered.len() <= MAX_OFFERED_SUBPROTOCOLS
        && offered.iter().all(|name| is_token(name))
        && offered.iter().enumerate().all(|(index, name)| !offered[..index].contains(name))
}

fn all(head: &Head, name: &HeaderName) -> Vec<Vec<u8>> {
    head.headers.get_all(name).iter().map(|value| value.as_bytes().to_vec()).collect()
}

/// The elements of all fields of this name.
fn words(head: &Head, name: &HeaderName) -> Vec<Vec<u8>> {
    let all = all(head, name).join(&b','); // RFC 9110 §5.3
    all.split(|byte| *byte == b',').map(|word| word.trim_ascii().to_vec()).collect()
}

/// Sixteen bytes in base64: the last of 22 characters has four bits that stand for nothing.
fn is_key(key: &[u8]) -> bool {
    let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/".contains(byte);
    key.len() == 24 && key[..22].iter().all(is_digit) && key.ends_with(b"==")
}

/// RFC 9110 §5.6.2.
fn is_token(word: &[u8]) -> bool {
    let separators = b"\"(),/:;<=>?@[\\]{}";
    !word.is_empty()
        && word.iter().all(|byte| matches!(byte, b'!'..=b'~') && !separators.contains(byte))
}

/// A name or an address, and perhaps a port.
fn is_host(host: &[u8]) -> bool {
    let Ok(host) = str::from_utf8(host) else { return false };
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => (name, port),
        _ => (host, ""),
    };
    let is_port = port.bytes().all(|byte| byte.is_ascii_digit())
        && (port.is_empty() || port.parse::<u16>().is_ok());
    let is_name = match name.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        None => {
            let is_of_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
            !name.is_empty() && name.bytes().all(is_of_name)
        }
    };
    is_port && is_name
}
