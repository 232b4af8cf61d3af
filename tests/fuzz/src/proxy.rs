//! PROXY headers: what a proxy sends is understood in the same way however much of it has come,
//! and as the protocol's text has it; what was understood can be said again, in either version.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use sockhop::server::peer::PeerAddress;
use sockhop::server::proxy::header::{HeaderError, Told, parse};

/// What a header of version 2 begins with.
const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

/// Behind so many bytes it is decided whether there is a header.
const UNDECIDED_BYTES_MAX: usize = 4096;

/// What a header tells, and how long it is.
type Header = (Option<Told>, usize);

pub(crate) fn target(data: &[u8]) {
    let whole = parse(data);
    comes_in_pieces(data, &whole);
    assert!(whole != Ok(None) || data.len() < UNDECIDED_BYTES_MAX, "it is waited for more");
    assert_eq!(whole, by_the_text(data));

    let Ok(Some((Some(told), _))) = whole else { return };
    let PeerAddress::Socket(source) = told.source else {
        return assert_eq!(told.destination, None);
    };
    let destination = told.destination.expect("who has an address connected to one");
    let again = parse(&second(source, destination, told.secure));
    assert_eq!(again.map(|header| header.map(|(told, _)| told)), Ok(Some(Some(told.clone()))));
    let plain = Told { secure: false, ..told };
    let again = parse(first(source, destination).as_bytes());
    assert_eq!(again.map(|header| header.map(|(told, _)| told)), Ok(Some(Some(plain))));
}

/// Where a header is whole, more was waited for before it was, and nothing changes behind it. What
/// is none is so for good.
fn comes_in_pieces(data: &[u8], whole: &Result<Option<Header>, HeaderError>) {
    let mut is_decided = false;
    for end in 0..data.len() {
        let so_far = parse(&data[..end]);
        let is_whole = matches!(whole, Ok(Some((_, length))) if *length <= end);
        is_decided |= so_far != Ok(None);
        if is_decided {
            assert_eq!(&so_far, whole, "{end} bytes of it");
        }
        assert!(!is_whole || is_decided, "a whole header is waited for");
        assert!(whole.is_err() || is_whole == is_decided, "decided after {end} bytes");
    }
    if let Ok(Some((_, length))) = whole {
        assert!(*length <= data.len(), "longer than it is");
    }
}

/// The header as the protocol's text has it (its sections 2.1 and 2.2), read another time.
fn by_the_text(data: &[u8]) -> Result<Option<Header>, HeaderError> {
    if is_beginning(data, SIGNATURE) {
        let Some((fixed, rest)) = data.split_at_checked(16) else { return Ok(None) };
        let length = usize::from(fixed[14]) << 8 | usize::from(fixed[15]);
        if 16 + length > UNDECIDED_BYTES_MAX {
            return Err(HeaderError::TooLong);
        }
        let Some(rest) = rest.get(..length) else { return Ok(None) };
        let told = second_by_the_text(fixed[12], fixed[13], rest).ok_or(HeaderError::Invalid)?;
        return Ok(Some((told, 16 + length)));
    }
    if !is_beginning(data, b"PROXY ") {
        return Err(HeaderError::Absent);
    }
    // The text gives 107 bytes as the longest, its end included.
    match data.iter().take(107).collect::<Vec<_>>().windows(2).position(|two| two == [&13, &10]) {
        Some(end) => {
            let told = first_by_the_text(&data[..end]).ok_or(HeaderError::Invalid)?;
            Ok(Some((told, end + 2)))
        }
        None if data.len() >= 107 => Err(HeaderError::TooLong),
        None => Ok(None),
    }
}

fn is_beginning(data: &[u8], text: &[u8]) -> bool {
    data.iter().zip(text).all(|(one, two)| one == two)
}

/// The line without its end. The outer nothing where it is no header.
fn first_by_the_text(line: &[u8]) -> Option<Option<Told>> {
    let words: Vec<_> = line.split(|byte| *byte == b' ').collect();
    if words[1] == b"UNKNOWN" {
        return Some(None);
    }
    let [_, family, source, destination, source_port, destination_port] = words[..] else {
        return None;
    };
    let address = |word: &[u8]| -> Option<IpAddr> {
        let word = str::from_utf8(word).ok()?;
        match family {
            b"TCP4" => word.parse::<Ipv4Addr>().ok().map(IpAddr::from),
            b"TCP6" => word.parse::<Ipv6Addr>().ok().map(IpAddr::from),
            _ => None,
        }
    };
    // A port is said in one way: its number is written as it came.
    let port = |word: &[u8]| -> Option<u16> {
        let port: u16 = str::from_utf8(word).ok()?.parse().ok()?;
        (port.to_string().as_bytes() == word).then_some(port)
    };
    let ends = (address(source)?, address(destination)?);
    Some(Some(told((ends.0, port(source_port)?), (ends.1, port(destination_port)?), false)))
}

/// The same for version 2: its command and version, its family and protocol, and what follows.
fn second_by_the_text(command: u8, family: u8, rest: &[u8]) -> Option<Option<Told>> {
    let is_local = match command {
        0x20 => true,
        0x21 => false,
        _ => return None,
    };
    if family & 0xf > 2 {
        return None;
    }
    let address_bytes = match family >> 4 {
        // Of a family that is not said nothing is known, not even how long its addresses are.
        0 => rest.len(),
        1 => 12,
        2 => 36,
        3 => 216,
        _ => return None,
    };
    let (addresses, mut fields) = rest.split_at_checked(address_bytes)?;
    let mut secure = false;
    while let Some((kind, behind)) = fields.split_first() {
        let (length, behind) = behind.split_at_checked(2)?;
        let length = usize::from(length[0]) << 8 | usize::from(length[1]);
        let (value, behind) = behind.split_at_checked(length)?;
        secure |= *kind == 0x20 && value.first().is_some_and(|bits| bits % 2 == 1);
        fields = behind;
    }
    if is_local {
        return Some(None);
    }
    if family & 0xf == 2 {
        return None;
    }
    let port = |at: usize| u16::from_be_bytes([addresses[at], addresses[at + 1]]);
    Some(match family >> 4 {
        0 => None,
        1 => {
            let ip = |at: usize| <[u8; 4]>::try_from(&addresses[at..at + 4]).map(IpAddr::from);
            Some(told((ip(0).ok()?, port(8)), (ip(4).ok()?, port(10)), secure))
        }
        2 => {
            let ip = |at: usize| <[u8; 16]>::try_from(&addresses[at..at + 16]).map(IpAddr::from);
            Some(told((ip(0).ok()?, port(32)), (ip(16).ok()?, port(34)), secure))
        }
        _ => Some(Told { source: PeerAddress::Unix, destination: None, secure }),
    })
}

fn told(source: (IpAddr, u16), destination: (IpAddr, u16), secure: bool) -> Told {
    let end = |(ip, port): (IpAddr, u16)| SocketAddr::new(ip.to_canonical(), port);
    Told { source: PeerAddress::Socket(end(source)), destination: Some(end(destination)), secure }
}

/// A header of version 1. Where one of the ends has an IPv6 address, the other is shown by one.
fn first(source: SocketAddr, destination: SocketAddr) -> String {
    let (family, [one, two]) = match (source.ip(), destination.ip()) {
        (IpAddr::V4(one), IpAddr::V4(two)) => ("TCP4", [one.to_string(), two.to_string()]),
        ends => ("TCP6", [mapped(ends.0).to_string(), mapped(ends.1).to_string()]),
    };
    format!("PROXY {family} {one} {two} {} {}\r\n", source.port(), destination.port())
}

/// The same in version 2.
fn second(source: SocketAddr, destination: SocketAddr, secure: bool) -> Vec<u8> {
    let (family, mut rest) = match (source.ip(), destination.ip()) {
        (IpAddr::V4(one), IpAddr::V4(two)) => (0x11, [one.octets(), two.octets()].concat()),
        ends => (0x21, [mapped(ends.0).octets(), mapped(ends.1).octets()].concat()),
    };
    rest.extend_from_slice(&source.port().to_be_bytes());
    rest.extend_from_slice(&destination.port().to_be_bytes());
    rest.extend_from_slice(&[0x20, 0, 5, u8::from(secure), 0, 0, 0, 0]);
    let length = (rest.len() as u16).to_be_bytes();
    [SIGNATURE, &[0x21, family], &length, &rest].concat()
}

fn mapped(ip: IpAddr) -> Ipv6Addr {
    match ip {
        IpAddr::V4(ip) => ip.to_ipv6_mapped(),
        IpAddr::V6(ip) => ip,
    }
}
