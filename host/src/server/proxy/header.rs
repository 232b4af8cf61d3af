//! One PROXY header, version 1 or 2, from as much of it as has come.

use std::net::SocketAddr;

use ppp::{v1, v2};

use super::super::peer::{PeerAddress, canonical};

/// What a header of version 1 begins with.
const V1_BEGIN: &[u8] = b"PROXY ";

/// What one begins with that tells nothing.
const V1_UNKNOWN: [&[u8]; 2] = [b"PROXY UNKNOWN\r\n", b"PROXY UNKNOWN "];

/// What ends it.
const V1_END: &[u8] = b"\r\n";

/// The longest one, in bytes, by the protocol's text.
const V1_BYTES_MAX: usize = 107;

/// The part of a header of version 2 that says how long the rest is, in bytes.
const V2_FIXED_BYTES: usize = 16;

/// The longest header that is read, in bytes. Version 2 could say 64 KiB; what proxies add to the
/// addresses, a client's certificate's names among it, is far less than this.
const V2_BYTES_MAX: usize = 4096;

/// The field of version 2 about the peer's TLS, and the bit in it that says that there is.
const V2_TLS: u8 = 0x20;
const V2_TLS_USED: u8 = 0x01;

/// What a proxy says about a connection that it passes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Whose it is.
    pub source: PeerAddress,
    /// What it was made to.
    pub destination: Option<SocketAddr>,
    /// Whether the peer's own connection is encrypted, as far as the header tells.
    pub secure: bool,
}

/// The header that these bytes begin with, and how long it is; nothing as long as more is to come.
/// A proxy that speaks for itself, or does not know, tells nothing.
///
/// # Errors
/// [`HeaderError`]; whatever comes behind these bytes does not mend it.
pub fn parse(read: &[u8]) -> Result<Option<(Option<Told>, usize)>, HeaderError> {
    if begins(read, V1_BEGIN) {
        let head = &read[..read.len().min(V1_BYTES_MAX)];
        let end = head.windows(V1_END.len()).position(|two| two == V1_END);
        return match end {
            Some(end) => {
                let length = end + V1_END.len();
                Ok(Some((parse_v1(&read[..length])?, length)))
            }
            None if head.len() == V1_BYTES_MAX => Err(HeaderError::TooLong),
            None => Ok(None),
        };
    }
    if begins(read, v2::PROTOCOL_PREFIX) {
        let Some(fixed) = read.first_chunk::<V2_FIXED_BYTES>() else {
            return Ok(None);
        };
        let length = V2_FIXED_BYTES + usize::from(u16::from_be_bytes([fixed[14], fixed[15]]));
        if length > V2_BYTES_MAX {
            return Err(HeaderError::TooLong);
        }
        return match read.get(..length) {
            Some(header) => Ok(Some((parse_v2(header)?, length))),
            None => Ok(None),
        };
    }
    Err(HeaderError::Absent)
}

/// Whether the bytes are the beginning of this text, or begin with it.
fn begins(read: &[u8], text: &[u8]) -> bool {
    let length = read.len().min(text.len());
    read[..length] == text[..length]
}

fn parse_v1(header: &[u8]) -> Result<Option<Told>, HeaderError> {
    // Who does not know may write anything behind the word, and it is not looked at (§2.1).
    if V1_UNKNOWN.iter().any(|begin| header.starts_with(begin)) {
        return Ok(None);
    }
    // The library reads a port as Rust does, with a sign or without; nothing else has one.
    if header.contains(&b'+') {
        return Err(HeaderError::Invalid);
    }
    let header = v1::Header::try_from(header).map_err(|_| HeaderError::Invalid)?;
    let told = |source: SocketAddr, destination| Told {
        source: PeerAddress::from(source),
        destination: Some(canonical(destination)),
        secure: false,
    };
    Ok(match header.addresses {
        v1::Addresses::Tcp4(ends) => Some(told(
            (ends.source_address, ends.source_port).into(),
            (ends.destination_address, ends.destination_port).into(),
        )),
        v1::Addresses::Tcp6(ends) => Some(told(
            (ends.source_address, ends.source_port).into(),
            (ends.destination_address, ends.destination_port).into(),
        )),
        v1::Addresses::Unknown => None,
    })
}

fn parse_v2(header: &[u8]) -> Result<Option<Told>, HeaderError> {
    let header = v2::Header::try_from(header).map_err(|_| HeaderError::Invalid)?;
    let mut secure = false;
    for field in header.tlvs() {
        let field = field.map_err(|_| HeaderError::Invalid)?;
        let used = || field.value.first().is_some_and(|flags| flags & V2_TLS_USED != 0);
        secure |= field.kind == V2_TLS && used();
    }
    if header.command == v2::Command::Local {
        return Ok(None);
    }
    if header.protocol == v2::Protocol::Datagram {
        return Err(HeaderError::Invalid);
    }
    let told = |source: SocketAddr, destination| Told {
        source: PeerAddress::from(source),
        destination: Some(canonical(destination)),
        secure,
    };
    Ok(match header.addresses {
        v2::Addresses::IPv4(ends) => Some(told(
            (ends.source_address, ends.source_port).into(),
            (ends.destination_address, ends.destination_port).into(),
        )),
        v2::Addresses::IPv6(ends) => Some(told(
            (ends.source_address, ends.source_port).into(),
            (ends.destination_address, ends.destination_port).into(),
        )),
        v2::Addresses::Unix(_) => {
            Some(Told { source: PeerAddress::Unix, destination: None, secure })
        }
        v2::Addresses::Unspecified => None,
    })
}

/// Why there is no header. The proxy's operator is to act, or this host's, who has named it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// The connection begins otherwise.
    #[error("it does not begin with a PROXY header")]
    Absent,
    /// What begins like one is none.
    #[error("its PROXY header is not valid")]
    Invalid,
    /// It is longer than the protocol or this host lets it be.
    #[error("its PROXY header is too long")]
    TooLong,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A header of version 2 with this command and family, and these bytes.
    fn second(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
        let length = u16::try_from(rest.len()).expect("short").to_be_bytes();
        [v2::PROTOCOL_PREFIX, &[0x20 | command, family], &length, rest].concat()
    }

    const IPV4: [u8; 12] = [192, 0, 2, 1, 198, 51, 100, 1, 0x12, 0x34, 0x01, 0xbb];

    fn told(source: &str, destination: &str, secure: bool) -> Told {
        Told {
            source: PeerAddress::from(source.parse::<SocketAddr>().expect("an address")),
            destination: Some(destination.parse().expect("an address")),
            secure,
        }
    }

    fn valid() -> Vec<(Vec<u8>, Option<Told>)> {
        let tls = [&IPV4[..], &[0x20, 0, 5, 0x01, 0, 0, 0, 0]].concat();
        let no_tls = [&IPV4[..], &[0x20, 0, 5, 0x06, 0, 0, 0, 0], &[0x04, 0, 1, 9]].concat();
        let v6 =
            [[0; 10].as_slice(), &[0xff, 0xff, 10, 0, 0, 1], &[0x11; 16], &[0, 1, 0, 2]].concat();
        let ends = |secure| Some(told("192.0.2.1:4660", "198.51.100.1:443", secure));
        vec![
            (b"PROXY TCP4 192.0.2.1 198.51.100.1 4660 443\r\n".to_vec(), ends(false)),
            (
                b"PROXY TCP6 2001:db8::1 2001:db8::2 1 65535\r\n".to_vec(),
                Some(told("[2001:db8::1]:1", "[2001:db8::2]:65535", false)),
            ),
            (b"PROXY UNKNOWN\r\n".to_vec(), None),
            (b"PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n".to_vec(), None),
            (b"PROXY UNKNOWN 1 2 3 4 5 \xff+\r\n".to_vec(), None),
            (second(1, 0x11, &IPV4), ends(false)),
            (second(1, 0x11, &tls), ends(true)),
            (second(1, 0x11, &no_tls), ends(false)),
            (
                second(1, 0x21, &v6),
                Some(told("10.0.0.1:1", "[1111:1111:1111:1111:1111:1111:1111:1111]:2", false)),
            ),
            (
                second(1, 0x31, &[7; 216]),
                Some(Told { source: PeerAddress::Unix, destination: None, secure: false }),
            ),
            (second(0, 0x11, &IPV4), None),
            (second(0, 0x00, &[]), None),
            (second(1, 0x00, &[]), None),
        ]
    }

    #[test]
    fn both_versions_are_read() {
        for (header, expected) in valid() {
            let length = header.len();
            assert_eq!(parse(&header), Ok(Some((expected, length))), "{header:?}");
        }
    }

    #[test]
    fn what_is_no_header_is_refused() {
        use HeaderError as E;
        let long = format!("PROXY UNKNOWN {}\r\n", "x".repeat(V1_BYTES_MAX));
        let cases: Vec<(Vec<u8>, HeaderError)> = vec![
            (b"GET / HTTP/1.1\r\n".to_vec(), E::Absent),
            (b"PROXX".to_vec(), E::Absent),
            (b"\r\n\r\n\0\r\nQUIX".to_vec(), E::Absent),
            (b"\x16\x03\x01".to_vec(), E::Absent),
            (long.into_bytes(), E::TooLong),
            (second(1, 0x11, &[0; V2_BYTES_MAX]), E::TooLong),
            (b"PROXY TCP4 192.0.2.1 198.51.100.1 4660\r\n".to_vec(), E::Invalid),
            (b"PROXY TCP4 192.0.2.1 198.51.100.1 4660 65536\r\n".to_vec(), E::Invalid),
            (b"PROXY TCP4 192.0.2.1 198.51.100.1 +466 443\r\n".to_vec(), E::Invalid),
            (b"PROXY UNKNOWNS\r\n".to_vec(), E::Invalid),
            (b"PROXY TCP4 2001:db8::1 2001:db8::2 1 2\r\n".to_vec(), E::Invalid),
            (b"PROXY UDP4 192.0.2.1 198.51.100.1 1 2\r\n".to_vec(), E::Invalid),
            (b"PROXY \r\n".to_vec(), E::Invalid),
            (second(1, 0x11, &IPV4[..11]), E::Invalid),
            (second(2, 0x11, &IPV4), E::Invalid),
            (second(1, 0x12, &IPV4), E::Invalid),
            (second(1, 0x41, &IPV4), E::Invalid),
            (second(1, 0x11, &[&IPV4[..], &[0x20, 0, 9, 1]].concat()), E::Invalid),
        ];
        for (header, error) in cases {
            assert_eq!(parse(&header), Err(error), "{}", header.escape_ascii());
        }
    }

    proptest! {
        /// As long as a header is not whole, more is waited for; what is behind it does not matter.
        #[test]
        fn any_split_gives_the_same(
            index in 0_usize..13,
            rest in prop::collection::vec(any::<u8>(), 0..40),
        ) {
            let (header, expected) = valid().swap_remove(index);
            for end in 0..header.len() {
                prop_assert_eq!(parse(&header[..end]), Ok(None), "{} bytes", end);
            }
            let length = header.len();
            let followed = [header, rest].concat();
            prop_assert_eq!(parse(&followed), Ok(Some((expected, length))));
        }

        /// Nothing panics, nothing is waited for beyond the bound, and no more is taken than there
        /// is.
        #[test]
        fn garbage_is_bounded(
            begin in 0_usize..4,
            garbage in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            let begins: [&[u8]; 4] = [b"", b"PROXY ", b"PROXY TCP4 ", v2::PROTOCOL_PREFIX];
            let begin = begins[begin];
            let bytes = [begin, &garbage].concat();
            if let Ok(Some((_, length))) = parse(&bytes) {
                prop_assert!(length <= bytes.len());
            }
            let endless = [&bytes[..], &[b'x'; V2_BYTES_MAX]].concat();
            prop_assert_ne!(parse(&endless), Ok(None));
        }
    }
}
