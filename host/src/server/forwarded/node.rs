//! How proxies write an address (RFC 7239 §6).

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use super::super::peer::PeerAddress;

/// Whom a proxy names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Node {
    /// Who has this address.
    Address(PeerAddress),
    /// Somebody: it says nothing, `unknown`, or a name that hides an address.
    #[default]
    Hidden,
    /// What stands there is neither.
    Unreadable,
}

/// Whom a text stands for.
pub(super) fn parse(text: &str) -> Node {
    match address(text) {
        Some(address) => Node::Address(address),
        None if is_hidden(text) => Node::Hidden,
        None => Node::Unreadable,
    }
}

/// Whether a text says that it does not say: `unknown` and hiding names (RFC 7239 §6.2, §6.3), with
/// a port or without, nothing, and what nginx calls a peer at a Unix socket.
fn is_hidden(text: &str) -> bool {
    let name = text.split_once(':').map_or(text, |(name, _port)| name);
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    text.is_empty()
        || text == "unix:"
        || name.eq_ignore_ascii_case("unknown")
        || name.strip_prefix('_').is_some_and(|rest| rest.bytes().all(is_name))
}

/// The address that a text is: with a port or without, an IPv6 address in brackets or, as
/// `X-Forwarded-For` has it, without.
fn address(text: &str) -> Option<PeerAddress> {
    if let Ok(address) = text.parse::<SocketAddr>() {
        return Some(address.into());
    }
    if let Ok(ip) = text.parse::<IpAddr>() {
        return Some(ip.into());
    }
    if let Some(rest) = text.strip_prefix('[') {
        // The port may be a name that hides it.
        let (ip, port) = rest.split_once(']')?;
        return is_port(port).then(|| ip.parse::<Ipv6Addr>().ok())?.map(|ip| IpAddr::V6(ip).into());
    }
    let (ip, _) = text.split_once(':').filter(|(ip, _)| is_port(&text[ip.len()..]))?;
    ip.parse::<std::net::Ipv4Addr>().ok().map(|ip| IpAddr::V4(ip).into())
}

/// Nothing, or a colon and a name that hides the port.
fn is_port(text: &str) -> bool {
    text.is_empty() || text.starts_with(":_")
}
