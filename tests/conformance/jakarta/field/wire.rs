//! Defects on the wire: compression, lengths, keys, and frames at a bad moment.

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};
use sockhop_tests::{RawClient, http, within};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::jakarta::place::{Place, end};

const TEXT: u8 = 0x81;
const BINARY: u8 = 0x82;
const CLOSE: u8 = 0x88;
/// RSV1: the message is compressed.
const COMPRESSED: u8 = 0x40;

/// The end of a block, which a message leaves out (RFC 7692 §7.2.1).
const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];

/// A message's payload, compressed by itself.
pub(in crate::jakarta) fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut compress = Compress::new(Compression::best(), false);
    let mut out = Vec::with_capacity(bytes.len() / 2 + 1024);
    compress.compress_vec(bytes, &mut out, FlushCompress::Sync).expect("there is room");
    assert!(compress.total_in() == bytes.len() as u64 && out.ends_with(&TAIL));
    out.truncate(out.len() - TAIL.len());
    out
}

/// What a payload stands for.
fn inflate(payload: &[u8], expected: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(expected + 1024);
    let mut decompress = Decompress::new(false);
    let whole = [payload, &TAIL].concat();
    decompress.decompress_vec(&whole, &mut out, FlushDecompress::Sync).expect("DEFLATE");
    assert_eq!(decompress.total_in(), whole.len() as u64, "there is more in it");
    out
}

/// The next message, whatever its frames: whether it is compressed, and its payload.
async fn message(client: &mut RawClient) -> (bool, Vec<u8>) {
    let first = client.receive().await;
    let (mut payload, mut last) = (first.payload, first.first & 0x80 != 0);
    while !last {
        let next = client.receive().await;
        assert_eq!(next.first & 0x7f, 0, "not a part of the message");
        last = next.first & 0x80 != 0;
        payload.extend(next.payload);
    }
    (first.first & COMPRESSED != 0, payload)
}

/// Bytes that compression makes smaller, but not by much.
fn some_bytes(length: usize) -> Vec<u8> {
    (0..length).map(|index| (index * index / 7 % 61) as u8).collect()
}

pub(super) async fn deflate_corners(place: &Place) {
    let offer = "Sec-WebSocket-Extensions: permessage-deflate\r\n";
    let client = RawClient::connect_with(place.host.address(), "/echo", offer).await;
    let mut client = client.expect("a session");
    let near = |size: usize| [size - 1, size, size + 1];
    let sizes = [8 << 10, 16 << 10, 32 << 10, 64 << 10, 128 << 10].map(near).concat();
    for length in [0, 1, 2, 125, 126, 255, 256].into_iter().chain(sizes) {
        let bytes = some_bytes(length);
        let payload = deflate(&bytes);
        // Whole; in two frames, cut anywhere; and with an empty last frame.
        let cut = payload.len() / 3;
        let ways: [&[(u8, &[u8])]; 3] = [
            &[(BINARY | COMPRESSED, &payload)],
            &[(0x02 | COMPRESSED, &payload[..cut]), (0x80, &payload[cut..])],
            &[(0x02 | COMPRESSED, &payload), (0x80, b"")],
        ];
        for frames in ways {
            for (first, part) in frames {
                client.send(*first, part).await;
            }
            let (compressed, answer) = message(&mut client).await;
            let answer = if compressed { inflate(&answer, length) } else { answer };
            assert!(answer == bytes, "{length} bytes came back as others");
        }
    }
    // One that is not compressed is as good among those that are.
    client.send(TEXT, b"as it is").await;
    assert_eq!(message(&mut client).await, (false, b"as it is".to_vec()));
    client.send(CLOSE, &1000_u16.to_be_bytes()).await;
    assert_eq!(client.closed().await.code, 1000);
}

pub(super) async fn ping_flood_at_close(place: &Place) {
    let (mut witness, mut client) = place.two_raw("/jakarta").await;
    client.send(TEXT, b"close 4001 mine").await;
    for _ in 0..1000 {
        client.send(0x89, b"still here").await;
    }
    client.send(CLOSE, &4001_u16.to_be_bytes()).await;
    // Some of them may have been answered before the Close frame, and nothing comes behind it.
    loop {
        let frame = client.receive().await;
        if frame.first == CLOSE {
            assert_eq!(frame.payload[..2], 4001_u16.to_be_bytes());
            break;
        }
        assert_eq!((frame.first, frame.payload), (0x8a, b"still here".to_vec()));
    }
    let mut rest = Vec::new();
    let _end = within("the end", client.into_tcp().read_to_end(&mut rest)).await;
    assert_eq!(rest, b"");
    assert!(end(&mut witness).await.ends_with(" clean=true code=4001"));
}

pub(super) async fn ends_once(place: &Place) {
    let path = format!("/jakarta/{}?bye=fail", place.tag());
    let mut witness = place.at(&path).await;
    for _ in 0..5 {
        let mut client = place.raw(&path).await;
        client.send(TEXT, b"close 4001").await;
        client.reset();
        let event = end(&mut witness).await;
        assert!(event.contains("clean=false"), "{event}");
        assert_eq!(witness.text().await, "error handler cannot say goodbye");
    }
    assert_eq!(witness.ask("echo no more").await, "no more");
    assert_eq!(witness.ask("tagged").await, "1");
}

pub(super) async fn lengths(place: &Place) {
    let before = place.host.resident_bytes();
    for (length, code) in [(1 << 63, 1002), (u64::MAX, 1002), (1 << 62, 1009), (1 << 40, 1009)] {
        let (mut witness, mut client) = place.two_raw("/jakarta").await;
        // A head and a mask, of whose payload nothing follows.
        let length: u64 = length;
        client.write(&[&[BINARY, 0xff][..], &length.to_be_bytes(), &[1, 2, 3, 4]].concat()).await;
        assert_eq!(client.closed().await.code, code, "{length}");
        assert!(end(&mut witness).await.ends_with(&format!(" code={code}")));
    }
    let grown = place.host.resident_bytes().saturating_sub(before);
    assert!(grown < 1 << 30, "the host has grown by {grown} bytes");
}

pub(super) async fn keys(place: &Place) {
    for key in ["", "c2hvcnQ=", "dGhlIHNhbXBsZSBub25jZQ", "not base64 at all, no!!!"] {
        let asking = http::handshake("/echo").with("sec-websocket-key", key);
        let answer = asking.send(place.host.address()).await;
        assert_eq!(answer.status, 400, "{key:?}: {answer:?}");
        assert!(answer.body.contains("Sec-WebSocket-Key"), "{answer:?}");
    }
    let twice = http::handshake("/echo").and("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
    assert_eq!(twice.send(place.host.address()).await.status, 400);
}

pub(super) async fn scheme(place: &Place) {
    let address = place.host.address();
    for scheme in ["ws", "wss", "http", "https"] {
        let mut tcp = TcpStream::connect(address).await.expect("the host listens");
        let request = format!(
            "GET {scheme}://{address}/echo HTTP/1.1\r\nHost: {address}\r\n\
             Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        tcp.write_all(request.as_bytes()).await.expect("the host reads");
        let mut begin = [0; 12];
        within("an answer", tcp.read_exact(&mut begin)).await.expect("an answer");
        assert_eq!(String::from_utf8_lossy(&begin), "HTTP/1.1 101", "{scheme}");
    }
}
