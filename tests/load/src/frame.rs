//! Builds the WebSocket frames that the generator sends and the replies that it expects, once.

use std::fmt;

/// The masking key of every client frame.
///
/// RFC 6455 section 5.3 wants an unpredictable key; here it is fixed, so that a frame is built once
/// and sent as it is. It is not zero, so the server has to unmask as for any client.
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// The bit of the second header byte that says that a masking key follows (RFC 6455 section 5.2).
const MASKED_BIT: u8 = 0x80;

/// The bit of the first header byte that marks the last frame of a message.
const FIN_BIT: u8 = 0x80;

/// The first byte of an unfragmented Close frame (RFC 6455 section 5.5.1).
pub const CLOSE_BYTE: u8 = FIN_BIT | 0x8;

/// The type of a data message (RFC 6455 section 5.6).
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Opcode 2: bytes.
    Binary,
    /// Opcode 1: UTF-8; the payloads made here are ASCII.
    Text,
}

impl Kind {
    /// The first byte of an unfragmented frame of this kind.
    pub fn first_byte(self) -> u8 {
        match self {
            Self::Binary => FIN_BIT | 0x2,
            Self::Text => FIN_BIT | 0x1,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Binary => "binary",
            Self::Text => "text",
        })
    }
}

/// The payload that connection number `connection` sends, `bytes` long.
///
/// Each connection has its own, so that a reply that went to the wrong one is seen.
pub fn payload(kind: Kind, bytes: usize, connection: usize) -> Vec<u8> {
    let head = format!("connection {connection}: ").into_bytes();
    let tail = (0..).map(|i: usize| match kind {
        Kind::Binary => u8::try_from((i * 31 + connection) % 256).unwrap_or_default(),
        Kind::Text => b"abcdefghijklmnopqrstuvwxyz"[i % 26],
    });
    head.into_iter().chain(tail).take(bytes).collect()
}

/// A whole masked frame, as a client sends it (RFC 6455 section 5.2).
pub fn client_frame(kind: Kind, payload: &[u8]) -> Vec<u8> {
    masked(kind.first_byte(), payload)
}

/// A whole frame without a mask, as a server sends it.
pub fn server_frame(kind: Kind, payload: &[u8]) -> Vec<u8> {
    let mut frame = header(kind.first_byte(), 0, payload.len());
    frame.extend_from_slice(payload);
    frame
}

/// A client's Close frame with status 1000 (RFC 6455 section 7.4.1).
pub fn client_close() -> Vec<u8> {
    masked(CLOSE_BYTE, &1000_u16.to_be_bytes())
}

/// A client's Ping with this payload, 125 bytes at the most (RFC 6455 section 5.5.2).
pub fn client_ping(payload: &[u8]) -> Vec<u8> {
    masked(FIN_BIT | 0x9, payload)
}

/// A server's Pong with this payload (RFC 6455 section 5.5.3).
pub fn server_pong(payload: &[u8]) -> Vec<u8> {
    let mut frame = header(FIN_BIT | 0xa, 0, payload.len());
    frame.extend_from_slice(payload);
    frame
}

/// Whether these bytes are one Close frame of a server, whole, and nothing else.
pub fn is_close(bytes: &[u8]) -> bool {
    matches!(bytes, [CLOSE_BYTE, length, payload @ ..] if payload.len() == usize::from(*length))
}

fn masked(first_byte: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = header(first_byte, MASKED_BIT, payload.len());
    frame.extend_from_slice(&MASK);
    frame.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, key)| byte ^ key));
    frame
}

fn header(first_byte: u8, masked_bit: u8, payload_bytes: usize) -> Vec<u8> {
    let mut header = vec![first_byte];
    if let Ok(short) = u8::try_from(payload_bytes)
        && short < 126
    {
        header.push(masked_bit | short);
    } else if let Ok(medium) = u16::try_from(payload_bytes) {
        header.push(masked_bit | 126);
        header.extend_from_slice(&medium.to_be_bytes());
    } else {
        header.push(masked_bit | 127);
        header.extend_from_slice(&(payload_bytes as u64).to_be_bytes());
    }
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_frame_is_the_example_of_rfc_6455_section_5_7() {
        let frame = client_frame(Kind::Text, b"Hello");
        let expected = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
        assert_eq!(frame, expected);
    }

    #[test]
    fn a_server_frame_is_the_example_of_rfc_6455_section_5_7() {
        assert_eq!(server_frame(Kind::Text, b"Hello"), *b"\x81\x05Hello");
    }

    #[test]
    fn the_length_takes_the_shortest_of_its_three_forms() {
        let header = |bytes: usize| server_frame(Kind::Binary, &vec![0; bytes])[..10].to_vec();
        assert_eq!(header(125)[..2], [0x82, 125]);
        assert_eq!(header(126)[..4], [0x82, 126, 0, 126]);
        assert_eq!(header(65_535)[..4], [0x82, 126, 0xff, 0xff]);
        assert_eq!(header(65_536), [0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]);
    }

    #[test]
    fn payloads_have_their_length_and_tell_connections_apart() {
        for kind in [Kind::Text, Kind::Binary] {
            assert_eq!(payload(kind, 128, 7).len(), 128);
            assert_ne!(payload(kind, 128, 7), payload(kind, 128, 8));
        }
        assert!(payload(Kind::Text, 16_384, 0).is_ascii());
    }

    #[test]
    fn a_ping_and_its_pong_are_the_examples_of_rfc_6455_section_5_7() {
        assert_eq!(client_ping(b"Hello")[..6], [0x89, 0x85, 0x37, 0xfa, 0x21, 0x3d]);
        assert_eq!(server_pong(b"Hello"), *b"\x8a\x05Hello");
    }

    #[test]
    fn a_close_is_one_frame_and_whole() {
        assert!(is_close(&[0x88, 0]) && is_close(&[0x88, 2, 3, 0xe8]));
        assert!(!is_close(&[]) && !is_close(&[0x88]) && !is_close(&[0x88, 2, 3]));
        assert!(!is_close(&[0x88, 0, 0x88, 0]) && !is_close(&[0x81, 0]));
    }

    #[test]
    fn the_close_frame_carries_1000() {
        let frame = client_close();
        assert_eq!(frame[..2], [0x88, 0x82]);
        let code = [frame[6] ^ MASK[0], frame[7] ^ MASK[1]];
        assert_eq!(u16::from_be_bytes(code), 1000);
    }
}
