//! Ranges of IP addresses, as people write them: `192.0.2.7`, `10.0.0.0/8`, `::1`.

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
    str::FromStr,
};

/// The bits before those of an IPv4 address that is written as an IPv6 one (RFC 4291 §2.5.5.2).
const MAPPED_BITS: u8 = 96;

/// Addresses that begin with the same bits (RFC 4632, RFC 4291 §2.3): one, or a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressRange {
    first: IpAddr,
    bits: u8,
}

impl AddressRange {
    /// Whether an address is in it. An IPv4 address is the same whether it is written as such or
    /// within IPv6, as a socket that is open for both has it.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let (first, address) = (wide(self.first), wide(address.to_canonical()));
        let bits = self.bits + if self.first.is_ipv4() { MAPPED_BITS } else { 0 };
        // No range of IPv6 holds addresses of IPv4: `::/0` is the other internet.
        let same_kind = self.first.is_ipv4() == address.to_ipv4_mapped().is_some();
        let differ = first.to_bits() ^ address.to_bits();
        same_kind && differ.leading_zeros() >= u32::from(bits)
    }
}

fn wide(address: IpAddr) -> Ipv6Addr {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    }
}

impl fmt::Display for AddressRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { first, bits } = self;
        if *bits == all_bits(*first) { write!(f, "{first}") } else { write!(f, "{first}/{bits}") }
    }
}

impl FromStr for AddressRange {
    type Err = AddressRangeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let invalid = || AddressRangeError::Invalid(text.to_owned());
        let first: IpAddr = address.parse().map_err(|_| invalid())?;
        let first = first.to_canonical();
        let most = all_bits(first);
        let bits = match bits {
            None => most,
            Some(bits) => {
                let plain = !bits.is_empty() && bits.bytes().all(|byte| byte.is_ascii_digit());
                let bits: Option<u8> = bits.parse().ok().filter(|bits| plain && *bits <= most);
                bits.ok_or_else(|| AddressRangeError::Bits { range: text.to_owned(), most })?
            }
        };
        let host_bits = u32::from(most - bits);
        let begins = wide(first).to_bits().trailing_zeros() >= host_bits;
        if begins {
            Ok(Self { first, bits })
        } else {
            Err(AddressRangeError::NotFirst(text.to_owned()))
        }
    }
}

fn all_bits(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// Why a text is no range of addresses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressRangeError {
    /// The number behind the slash is none, or too large.
    #[error("{range:?} has no number from 0 to {most} behind the /")]
    Bits {
        /// The text.
        range: String,
        /// The bits of such an address.
        most: u8,
    },
    /// What is before the slash is no address.
    #[error("{0:?} is not an address or a network, such as 192.0.2.7, 10.0.0.0/8 or 2001:db8::/32")]
    Invalid(String),
    /// The address has bits set behind those that count: which was meant would be a guess.
    #[error("{0:?} does not begin at the network's first address; shorten the address or the mask")]
    NotFirst(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(range: &str, address: &str) -> bool {
        range.parse::<AddressRange>().unwrap().contains(address.parse().unwrap())
    }

    #[test]
    fn a_range_holds_what_begins_with_its_bits() {
        for (range, inside, outside) in [
            ("192.0.2.7", "192.0.2.7", "192.0.2.8"),
            ("10.0.0.0/8", "10.255.255.255", "11.0.0.0"),
            ("127.0.0.0/8", "127.0.0.2", "126.255.255.255"),
            ("0.0.0.0/0", "255.255.255.255", "::1"),
            ("::/0", "2001:db8::1", "192.0.2.7"),
            ("::1", "::1", "::2"),
            ("2001:db8::/33", "2001:db8:7fff::", "2001:db8:8000::"),
            ("192.0.2.7", "::ffff:192.0.2.7", "::ffff:192.0.2.8"),
            ("::ffff:192.0.2.7", "192.0.2.7", "192.0.2.8"),
        ] {
            assert!(holds(range, inside), "{range} {inside}");
            assert!(!holds(range, outside), "{range} {outside}");
        }
    }

    #[test]
    fn what_was_written_is_shown() {
        for text in ["192.0.2.7", "10.0.0.0/8", "0.0.0.0/0", "::1", "2001:db8::/32", "::/0"] {
            assert_eq!(text.parse::<AddressRange>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_range_is_refused() {
        let invalid = "is not an address or a network, such as 192.0.2.7, 10.0.0.0/8 or \
                       2001:db8::/32";
        let not_first = "does not begin at the network's first address; shorten the address or \
                         the mask";
        for (text, rest) in [
            ("", invalid),
            ("localhost", invalid),
            ("10.0.0/8", invalid),
            ("10.0.0.0/33", "has no number from 0 to 32 behind the /"),
            ("10.0.0.0/", "has no number from 0 to 32 behind the /"),
            ("10.0.0.0/+8", "has no number from 0 to 32 behind the /"),
            ("::/129", "has no number from 0 to 128 behind the /"),
            ("10.0.0.1/8", not_first),
            ("1::/0", not_first),
        ] {
            let error = text.parse::<AddressRange>().unwrap_err().to_string();
            assert_eq!(error, format!("{text:?} {rest}"));
        }
    }
}
