//! For whom a trusted proxy says that a request comes: `Forwarded` (RFC 7239) or `X-Forwarded-…`.

mod node;
mod standard;

use std::sync::Arc;

use hyper::header::{FORWARDED, HeaderMap, HeaderName};

use self::node::Node;
use super::origin::HostPort;
use super::peer::{Peer, PeerAddress};
use crate::config::{ForwardedFields, Proxy};

const FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// What stands for an entry that is no text: nothing that a proxy writes.
const NO_TEXT: &str = "\u{fffd}";

/// What one proxy says about the request that it was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Hop {
    /// Who sent it.
    from: Node,
    /// By which scheme.
    proto: Option<String>,
    /// To which host.
    host: Option<String>,
}

/// The fields of a proxy cannot be read where they are to say whose a request is.
///
/// The text is for the peer, who may have sent what the proxy has handed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the fields that say for whom a proxy forwards this request cannot be read: send none")]
pub struct Unreadable;

/// Whose a request is, and the host that it was sent to where that is another one than it says
/// itself.
///
/// Nothing is believed unless the connection's peer is trusted. From there the way is followed
/// back, from the last proxy to the first, as long as each that is named is trusted itself: the
/// first that is not is the peer, and what is told beyond it is its own invention.
///
/// Nobody becomes a proxy by sending what it cannot read or does not say: what a proxy has for
/// itself, its address and its certificates, is the peer's only where it sends no such field.
/// Where the way ends with a proxy that does not say who is behind it, that is
/// [`PeerAddress::Unknown`].
///
/// # Errors
/// [`Unreadable`] where the way leads to something that is not written as such fields are.
pub fn follow(
    headers: &HeaderMap,
    mut peer: Peer,
    proxy: &Proxy,
) -> Result<(Peer, Option<String>), Unreadable> {
    let trusted = &proxy.forwarded_from;
    if !trusted.contain(peer.address.ip()) {
        return Ok((peer, None));
    }
    if [FORWARDED, FOR, HOST, PROTO].iter().any(|name| headers.contains_key(name)) {
        // Of whichever kind: this request is not the proxy's own, and neither is its peer.
        peer.certificates = Arc::new([]);
    }
    let hops = match proxy.forwarded_fields {
        ForwardedFields::Standard => standard::hops(headers),
        ForwardedFields::Customary => customary(headers),
    };
    let mut host = None;
    for hop in hops.into_iter().rev() {
        if let Some(secure) = hop.proto.as_deref().and_then(is_secure) {
            peer.secure = secure;
        }
        host = hop.host.filter(|host| HostPort::parse(host).is_some()).or(host);
        let from = match hop.from {
            Node::Address(from) => from,
            Node::Hidden => PeerAddress::Unknown,
            Node::Unreadable => return Err(Unreadable),
        };
        peer.address = from;
        if from.ip().is_none() || !trusted.contain(from.ip()) {
            break;
        }
    }
    Ok((peer, host))
}

fn is_secure(proto: &str) -> Option<bool> {
    match proto.to_ascii_lowercase().as_str() {
        "https" | "wss" => Some(true),
        "http" | "ws" => Some(false),
        _ => None,
    }
}

/// The hops of the `X-Forwarded-…` fields. Proxies that add to all of them make lists of one
/// length; where they do not, the last entry is of the last proxy.
fn customary(headers: &HeaderMap) -> Vec<Hop> {
    let (from, protos, hosts) = (list(headers, &FOR), list(headers, &PROTO), list(headers, &HOST));
    if [&from, &protos, &hosts].iter().all(|list| list.is_empty()) {
        return Vec::new();
    }
    let length = from.len().max(1);
    let at = |list: &[&str], index: usize| {
        let entry = match list.len() {
            same if same == length => list.get(index),
            _ if index + 1 == length => list.last(),
            _ => None,
        };
        entry.map(|entry| (*entry).to_owned())
    };
    let hop = |index| Hop {
        from: from.get(index).copied().map_or(Node::Hidden, node::parse),
        proto: at(&protos, index),
        host: at(&hosts, index),
    };
    (0..length).map(hop).collect()
}

/// The entries of all fields of this name, in order.
fn list<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Vec<&'h str> {
    let fields = headers.get_all(name).iter();
    let entries = fields.flat_map(|field| field.as_bytes().split(|byte| *byte == b','));
    entries.map(|entry| str::from_utf8(entry).map_or(NO_TEXT, str::trim)).collect()
}

#[cfg(test)]
mod tests;
