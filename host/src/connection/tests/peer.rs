//! The other end of a connection, frame by frame (RFC 6455 §5.2), the ill-formed ones included.

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

pub(super) const TEXT: u8 = 1;
pub(super) const BINARY: u8 = 2;
pub(super) const CLOSE: u8 = 8;
pub(super) const PING: u8 = 9;
pub(super) const PONG: u8 = 10;

const FIN: u8 = 0x80;
const MASKED: u8 = 0x80;
const MASK: [u8; 4] = [0x11, 0x22, 0x33, 0x44];

/// A frame that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) opcode: u8,
    pub(super) payload: Vec<u8>,
}

pub(super) fn text_frame(text: &str) -> Frame {
    Frame { opcode: TEXT, payload: text.as_bytes().to_vec() }
}

pub(super) fn close_frame(code: u16, phrase: &str) -> Frame {
    Frame { opcode: CLOSE, payload: [&code.to_be_bytes(), phrase.as_bytes()].concat() }
}

/// A whole, masked frame, as bytes.
pub(super) fn frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
    masked(FIN | opcode, payload)
}

/// A frame with any first byte.
pub(super) fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match payload.len() {
        short @ 0..126 => bytes.push(MASKED | u8::try_from(short).expect("short")),
        middle @ 126..0x1_0000 => {
            bytes.push(MASKED | 126);
            bytes.extend(u16::try_from(middle).expect("of middle length").to_be_bytes());
        }
        long => {
            bytes.push(MASKED | 127);
            bytes.extend(u64::try_from(long).expect("fits").to_be_bytes());
        }
    }
    bytes.extend(MASK);
    bytes.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    bytes
}

/// The peer.
pub(super) struct Peer(DuplexStream);

impl Peer {
    pub(super) fn new(io: DuplexStream) -> Self {
        Self(io)
    }

    pub(super) fn into_inner(self) -> DuplexStream {
        self.0
    }

    pub(super) async fn bytes(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).await.expect("the host is still there");
    }

    pub(super) async fn text(&mut self, text: &str) {
        self.bytes(&frame(TEXT, text.as_bytes())).await;
    }

    pub(super) async fn close(&mut self, code: u16, phrase: &str) {
        self.bytes(&frame(CLOSE, &close_frame(code, phrase).payload)).await;
    }

    /// The next frame, or nothing where the host has ended the connection.
    pub(super) async fn read(&mut self) -> Option<Frame> {
        let mut head = [0; 2];
        self.0.read_exact(&mut head).await.ok()?;
        assert_eq!(head[0] & 0xf0, FIN, "whole frames without reserved bits");
        assert_eq!(head[1] & MASKED, 0, "a server does not mask (RFC 6455 §5.1)");
        let length = match head[1] {
            126 => u64::from(self.0.read_u16().await.expect("a length")),
            127 => self.0.read_u64().await.expect("a length"),
            short => u64::from(short),
        };
        let mut payload = vec![0; usize::try_from(length).expect("fits")];
        self.0.read_exact(&mut payload).await.expect("a whole payload");
        Some(Frame { opcode: head[0] & 0x0f, payload })
    }

    /// All frames to the end of the connection.
    pub(super) async fn rest(&mut self) -> Vec<Frame> {
        let mut frames = Vec::new();
        while let Some(frame) = self.read().await {
            frames.push(frame);
        }
        frames
    }
}
