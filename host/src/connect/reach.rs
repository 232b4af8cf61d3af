//! Where connections may lead that somebody else than the operator asks for.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use super::websocket_url::WebSocketUrl;

/// How far a connection may lead.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// To any address that the server's name stands for.
    #[default]
    Anywhere,
    /// To addresses of the public Internet alone. Whoever owns a name decides what it stands for,
    /// and may choose an address inside the operator's network.
    Public,
}

/// What a gate asks.
type Asked = dyn Fn(&WebSocketUrl) -> Option<Reach> + Send + Sync;

/// Says of each URL, those of redirects included, how far it may lead; nothing where not at all.
#[derive(Clone)]
pub struct Gate(Arc<Asked>);

impl Gate {
    /// A gate that asks this function.
    #[must_use]
    pub fn new(asked: impl Fn(&WebSocketUrl) -> Option<Reach> + Send + Sync + 'static) -> Self {
        Self(Arc::new(asked))
    }

    /// How far a URL may lead.
    #[must_use]
    pub fn reach(&self, url: &WebSocketUrl) -> Option<Reach> {
        (self.0)(url)
    }
}

/// Leads anywhere.
impl Default for Gate {
    fn default() -> Self {
        Self::new(|_url| Some(Reach::Anywhere))
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Gate")
    }
}

impl Reach {
    /// Whether the address is within reach.
    pub(super) fn takes(self, address: IpAddr) -> bool {
        match self {
            Self::Anywhere => true,
            Self::Public => is_public(address),
        }
    }
}

/// Whether an address is one of the public Internet, by the registries of special ones (RFC 6890).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => match embedded(address) {
            Some(inner) => is_public_v4(inner),
            None => is_public_v6(address),
        },
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_shared = a == 100 && b & 0xc0 == 64;
    let is_protocol = (a, b, c) == (192, 0, 0);
    let is_relay = (a, b, c) == (192, 88, 99);
    let is_benchmark = a == 198 && b & 0xfe == 18;
    let is_special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation();
    // 0.0.0.0/8 is this network, and from 224.0.0.0 on nothing is a host's own address.
    let is_host = (1..224).contains(&a);
    is_host && !(is_special || is_shared || is_protocol || is_relay || is_benchmark)
}

/// 2000::/3 is all that is given out of IPv6, but for what is special in it.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    let is_given_out = a & 0xe000 == 0x2000;
    let is_protocol = a == 0x2001 && b < 0x200;
    let is_documentation = (a, b) == (0x2001, 0x0db8) || a & 0xfff0 == 0x3ff0;
    is_given_out && !is_protocol && !is_documentation
}

/// The address of IPv4 that is reached by one of IPv6: mapped, translated (RFC 6052) or 6to4.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let of = |high: u16, low: u16| Ipv4Addr::from(u32::from(high) << 16 | u32::from(low));
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            Some(of(high, low))
        }
        [0x2002, high, low, ..] => Some(of(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_inside_somebodys_network_is_not_public() {
        for address in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "127.0.0.1",
            "127.8.8.8",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.9",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::7f00:1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2001::1",
            "2001:db8::1",
            "3fff::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_public(address.parse().expect("an address")), "{address}");
        }
    }

    #[test]
    fn what_anyone_may_ask_is() {
        for address in [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.0",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "198.17.0.1",
            "198.20.0.1",
            "223.255.255.254",
            "2606:4700::1111",
            "2001:4860:4860::8888",
            "::ffff:8.8.8.8",
            "64:ff9b::808:808",
            "2002:808:808::1",
        ] {
            assert!(is_public(address.parse().expect("an address")), "{address}");
        }
    }
}
