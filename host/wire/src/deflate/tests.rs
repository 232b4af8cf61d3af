//! The extension as two sides of a connection see it.

mod agreement;
mod budget;
mod hostile;
mod memory;
mod round_trip;

use bytes::{Bytes, BytesMut};

use super::*;
use crate::Role;
use crate::extensions::parse_extensions;

/// A policy that allows everything, and compresses everything.
const GENEROUS: Policy = Policy {
    server_takeover: true,
    client_takeover: true,
    server_window_bits: 15,
    client_window_bits: 15,
    level: 6,
    threshold_bytes: 0,
};

/// What a server with `policy` makes of a header.
fn agree(header: &str, policy: &Policy) -> Option<Agreed> {
    let offers = parse_extensions([header.as_bytes()].into_iter()).expect("well formed");
    negotiate(&offers, policy)
}

/// What is agreed on with these parameters.
fn agreed(
    server_takeover: bool,
    client_takeover: bool,
    server_bits: u8,
    client_bits: u8,
) -> Agreed {
    let policy = Policy {
        server_takeover,
        client_takeover,
        server_window_bits: server_bits,
        client_window_bits: client_bits,
        ..GENEROUS
    };
    agree("permessage-deflate; client_max_window_bits", &policy).expect("agreed")
}

/// Inflates one message that arrives in pieces of `piece` bytes, with `room` bytes at a time.
fn inflate(
    inbound: &mut Inbound,
    compressed: &[u8],
    piece: usize,
    room: usize,
) -> Result<Bytes, Corrupt> {
    let mut out = BytesMut::new();
    for mut input in compressed.chunks(piece) {
        loop {
            let before = out.len();
            let step = inbound.step(input, &mut out, room)?;
            assert!(step.produced <= room && step.used <= input.len());
            assert_eq!(out.len(), before + step.produced);
            input = &input[step.used..];
            if step.produced < room {
                assert!(input.is_empty(), "all is used where the room was not filled");
                break;
            }
        }
    }
    loop {
        let before = out.len();
        let finish = inbound.finish(&mut out, room)?;
        assert!(finish.produced <= room);
        assert_eq!(out.len(), before + finish.produced);
        if finish.done {
            return Ok(out.freeze());
        }
        assert_eq!(finish.produced, room, "only a full room ends it early");
    }
}

/// Bytes that do not compress, the same for the same seed.
fn noise(bytes: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    std::iter::repeat_with(next).take(bytes).collect()
}

/// Bytes that compress about as text does, with references as far back as any window reaches.
fn prose(bytes: usize, seed: u64) -> Vec<u8> {
    let words: Vec<Vec<u8>> = (0..97).map(|word| noise(3 + word % 11, word as u64 + 1)).collect();
    // A word has three bytes at least.
    let order = noise(bytes / 3 + 1, seed);
    order
        .iter()
        .flat_map(|&word| &words[usize::from(word) % words.len()])
        .copied()
        .take(bytes)
        .collect()
}
