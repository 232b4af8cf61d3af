//! For whom a trusted proxy says that a request comes: `Forwarded` (RFC 7239) or `X-Forwarded-…`.

mod node;
mod standard;

use std::sync::Arc;

use hyper::header::{HeaderMap, HeaderName};

use super::origin::HostPort;
use super::peer::{Peer, PeerAddress};
use crate::config::{ForwardedFields, Proxy};

const FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// What one proxy says about the request that it was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Hop {
    /// Who sent it; nothing where it does not say, or says what is no address.
    from: Option<PeerAddress>,
    /// By which scheme.
    proto: Option<String>,
    /// To which host.
    host: Option<String>,
}

/// Whose a request is, and the host that it was sent to where that is another one than it says
/// itself.
///
/// Nothing is believed unless the connection's peer is trusted. From there the way is followed
/// back, from the last proxy to the first, as long as each that is named is trusted itself: the
/// first that is not is the peer, and what is told beyond it is its own invention.
#[must_use]
pub fn follow(headers: &HeaderMap, peer: Peer, proxy: &Proxy) -> (Peer, Option<String>) {
    let trusted = &proxy.forwarded_from;
    if !trusted.contain(peer.address.ip()) {
        return (peer, None);
    }
    let hops = match proxy.forwarded_fields {
        ForwardedFields::Standard => standard::hops(headers),
        ForwardedFields::Customary => customary(headers),
    };
    let (mut peer, mut host) = (peer, None);
    for hop in hops.into_iter().rev() {
        if let Some(secure) = hop.proto.as_deref().and_then(is_secure) {
            peer.secure = secure;
        }
        host = hop.host.filter(|host| HostPort::parse(host).is_some()).or(host);
        let Some(from) = hop.from else { break };
        peer.address = from;
        // What the proxy has shown is not the peer's.
        peer.certificates = Arc::new([]);
        if !trusted.contain(from.ip()) {
            break;
        }
    }
    (peer, host)
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
        from: from.get(index).copied().and_then(node::parse),
        proto: at(&protos, index),
        host: at(&hosts, index),
    };
    (0..length).map(hop).collect()
}

/// The entries of all fields of this name, in order. One that is no text stands as an empty one.
fn list<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Vec<&'h str> {
    let fields = headers.get_all(name).iter();
    let entries = fields.flat_map(|field| field.as_bytes().split(|byte| *byte == b','));
    entries.map(|entry| str::from_utf8(entry).map_or("", str::trim)).collect()
}

#[cfg(test)]
mod tests;
