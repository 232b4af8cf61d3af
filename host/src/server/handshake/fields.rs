//! Reading header fields that hold lists (RFC 9110 §5.6.1).

use std::collections::HashSet;

use hyper::HeaderMap;
use hyper::header::{HeaderName, SEC_WEBSOCKET_PROTOCOL};
use sockhop_wire::extensions::is_token;

use super::Refusal;

/// The most subprotocols that a peer may offer. Real clients offer a few; it bounds what a guest is
/// handed and what choosing one costs.
pub const MAX_OFFERED_SUBPROTOCOLS: usize = 64;

/// Whether one of the fields of this name lists the token, in any case.
pub(super) fn has_token(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    elements(headers, name).any(|element| element.eq_ignore_ascii_case(token.as_bytes()))
}

/// The subprotocols that the peer offers, in its order (RFC 6455 §4.1, item 10).
pub(super) fn subprotocols(headers: &HeaderMap) -> Result<Vec<String>, Refusal> {
    let mut names = Vec::new();
    let mut seen = HashSet::new();
    for element in elements(headers, &SEC_WEBSOCKET_PROTOCOL) {
        if names.len() == MAX_OFFERED_SUBPROTOCOLS {
            return Err(Refusal::TooManySubprotocols);
        }
        let position = names.len() + 1;
        let name = str::from_utf8(element)
            .ok()
            .filter(|name| is_token(name))
            .ok_or(Refusal::BadSubprotocol { position })?;
        if !seen.insert(name) {
            return Err(Refusal::RepeatedSubprotocol { name: name.to_owned() });
        }
        names.push(name.to_owned());
    }
    Ok(names)
}

/// The elements of all fields of this name, in order, without the white space around them.
fn elements<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a [u8]> {
    let lists = headers.get_all(name).iter();
    lists.flat_map(|list| list.as_bytes().split(|&byte| byte == b',')).map(<[u8]>::trim_ascii)
}
