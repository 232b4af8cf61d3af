//! How proxies write an address (RFC 7239 §6).

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use super::super::peer::PeerAddress;

/// The address that a text stands for: with a port or without, an IPv6 address in brackets or, as
/// `X-Forwarded-For` has it, without. Nothing for `unknown` and for names that hide one.
pub(super) fn parse(text: &str) -> Option<PeerAddress> {
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
