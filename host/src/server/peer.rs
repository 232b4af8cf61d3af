//! Who is at the other end of a connection, as far as the host believes it.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

/// Where a peer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeerAddress {
    /// An address and a port.
    Socket(SocketAddr),
    /// An address of which a proxy told no port.
    Ip(IpAddr),
    /// At a Unix socket of this machine.
    Unix,
    /// Behind a proxy that does not say who it is.
    Unknown,
}

impl PeerAddress {
    /// The address alone, where there is one.
    #[must_use]
    pub fn ip(&self) -> Option<IpAddr> {
        match self {
            Self::Socket(address) => Some(address.ip()),
            Self::Ip(ip) => Some(*ip),
            Self::Unix | Self::Unknown => None,
        }
    }

    /// The address as which the peer counts for limits. All that no proxy names count together, as
    /// one that nobody has: not as their proxy, which may be exempt, and not as nobody, or to be
    /// hidden would be a way round each limit.
    #[must_use]
    pub fn counted(&self) -> Option<IpAddr> {
        match self {
            Self::Unknown => Some(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
            other => other.ip(),
        }
    }
}

/// An IPv4 address is one, even where the system shows it through IPv6: networks, logs and limits
/// are to see one address, not two.
impl From<SocketAddr> for PeerAddress {
    fn from(address: SocketAddr) -> Self {
        Self::Socket(canonical(address))
    }
}

impl From<IpAddr> for PeerAddress {
    fn from(ip: IpAddr) -> Self {
        Self::Ip(ip.to_canonical())
    }
}

impl fmt::Display for PeerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket(address) => address.fmt(f),
            Self::Ip(ip) => ip.fmt(f),
            Self::Unix => f.write_str("unix"),
            Self::Unknown => f.write_str("unknown"),
        }
    }
}

pub(super) fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

/// A connection's two ends, and how they are connected. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Peer {
    /// Where the peer is: the one that counts for logs, limits and guests.
    pub address: PeerAddress,
    /// What it connected to: an address and a port, or `unix:` and a path.
    pub local: Arc<str>,
    /// Whether the peer's own connection is encrypted.
    pub secure: bool,
    /// The certificates by which it has proved who it is, its own first, in DER. Empty where it was
    /// not asked, or had none.
    pub certificates: Arc<[Vec<u8>]>,
}

impl Peer {
    /// What the system tells of a connection that has just come.
    #[must_use]
    pub fn new(address: PeerAddress, local: String) -> Self {
        Self { address, local: local.into(), secure: false, certificates: Arc::new([]) }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.address.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_as_people_write_it() {
        for (address, shown) in [
            (
                PeerAddress::from("[::ffff:10.0.0.1]:80".parse::<SocketAddr>().unwrap()),
                "10.0.0.1:80",
            ),
            (
                PeerAddress::from("[2001:db8::1]:80".parse::<SocketAddr>().unwrap()),
                "[2001:db8::1]:80",
            ),
            (PeerAddress::from("2001:db8::1".parse::<IpAddr>().unwrap()), "2001:db8::1"),
            (PeerAddress::Unix, "unix"),
            (PeerAddress::Unknown, "unknown"),
        ] {
            assert_eq!(address.to_string(), shown);
        }
    }

    #[test]
    fn who_is_not_named_has_no_address_and_counts_as_one() {
        assert_eq!(PeerAddress::Unknown.ip(), None);
        assert!(PeerAddress::Unknown.counted().is_some_and(|ip| ip.is_unspecified()));
        assert_eq!(PeerAddress::Unix.counted(), None);
    }
}
