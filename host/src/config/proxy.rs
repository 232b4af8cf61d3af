//! The table `proxy`: which proxies are believed when they say who is behind them.

use std::{net::IpAddr, str::FromStr};

use super::{AddressRange, AddressRangeError, KeyProblem, reader::Section, settings::wrong_type};

/// The entry that stands for the peers of Unix sockets.
const UNIX: &str = "unix";

/// Which proxies are believed.
///
/// # Defaults
///
/// None: who has made the connection is the peer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxy {
    /// Those whose connections begin with a PROXY header. Others have none, and none is looked for.
    pub protocol_from: Networks,
    /// Those whose requests say by header fields for whom they come.
    pub forwarded_from: Networks,
    /// The fields by which they say so. Of the others nobody knows who has set them.
    pub forwarded_fields: ForwardedFields,
}

impl Proxy {
    /// Reads the table; a key that is absent or wrong names nobody.
    pub(super) fn read(section: &mut Section<'_, '_>) -> Self {
        let mut networks = |key| {
            let entries = section.one_or_many::<Network>(key);
            entries.unwrap_or_default().into_iter().collect()
        };
        Self {
            protocol_from: networks("protocol_from"),
            forwarded_from: networks("forwarded_from"),
            forwarded_fields: section.value("forwarded_fields", read_fields).unwrap_or_default(),
        }
    }
}

fn read_fields(value: &toml::de::DeValue<'_>) -> Result<ForwardedFields, KeyProblem> {
    match value.as_str() {
        Some("forwarded") => Ok(ForwardedFields::Standard),
        Some("x-forwarded") => Ok(ForwardedFields::Customary),
        Some(other) => Err(KeyProblem::ForwardedFields(other.to_owned())),
        None => Err(wrong_type("a string", value)),
    }
}

/// The header fields by which proxies say for whom a request comes.
///
/// Only one kind is read: a proxy sets one, and hands on what its own peer has put into the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ForwardedFields {
    /// `Forwarded` (RFC 7239).
    Standard,
    /// `X-Forwarded-For`, `X-Forwarded-Proto` and `X-Forwarded-Host`. The default, as most set
    /// them.
    #[default]
    Customary,
}

/// Peers by their addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Networks {
    ranges: Vec<AddressRange>,
    unix: bool,
}

impl Networks {
    /// Whether a peer is among them that has this address; one without is at a Unix socket.
    #[must_use]
    pub fn contain(&self, address: Option<IpAddr>) -> bool {
        match address {
            Some(ip) => self.ranges.iter().any(|range| range.contains(ip)),
            None => self.unix,
        }
    }
}

impl FromIterator<Network> for Networks {
    fn from_iter<T: IntoIterator<Item = Network>>(entries: T) -> Self {
        let mut networks = Self::default();
        for entry in entries {
            match entry {
                Network::Ip(range) => networks.ranges.push(range),
                Network::Unix => networks.unix = true,
            }
        }
        networks
    }
}

/// One entry of a list of peers: an address, a network such as `10.0.0.0/8`, or `unix`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// All addresses of a network, be it one.
    Ip(AddressRange),
    /// The peers of Unix sockets.
    Unix,
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        if text == UNIX {
            return Ok(Self::Unix);
        }
        text.parse().map(Self::Ip).map_err(NetworkError)
    }
}

/// A text is no network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}; unix is for the peers of Unix sockets")]
pub struct NetworkError(AddressRangeError);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_hold_what_they_name() {
        let networks = |texts: &[&str]| -> Networks {
            texts.iter().map(|text| text.parse::<Network>().unwrap()).collect()
        };
        let some = networks(&["10.0.0.0/8", "192.0.2.7", "2001:db8::/32", "::ffff:198.51.100.1"]);
        for (address, expected) in [
            ("10.0.0.0", true),
            ("10.255.1.2", true),
            ("::ffff:10.1.1.1", true),
            ("::ffff:198.51.100.1", true),
            ("198.51.100.1", true),
            ("11.0.0.0", false),
            ("192.0.2.7", true),
            ("192.0.2.8", false),
            ("2001:db8:1::1", true),
            ("2001:db9::1", false),
        ] {
            assert_eq!(some.contain(Some(address.parse().unwrap())), expected, "{address}");
        }
        assert!(!some.contain(None) && networks(&["unix"]).contain(None));
        assert!(!networks(&["unix"]).contain(Some("::1".parse().unwrap())));
        assert!(networks(&["0.0.0.0/0"]).contain(Some("1.2.3.4".parse().unwrap())));
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for text in [
            "",
            "10.0.0.0/33",
            "10.0.0.1/8",
            "10.0.0",
            "localhost",
            "10.0.0.1:80",
            "*",
            "Unix",
            "/8",
        ] {
            let error = text.parse::<Network>().unwrap_err();
            assert!(error.to_string().starts_with(&format!("{text:?} ")), "{error}");
        }
    }
}
