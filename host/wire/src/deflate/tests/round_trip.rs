//! What one side compresses, the other side reads.

use proptest::prelude::*;

use super::*;

/// Around each buffer of the engine: the threshold of vectored writes, the machines' step, a part's
/// size, and windows.
const SIZES: [usize; 23] = [
    0, 1, 2, 255, 256, 257, 511, 512, 513, 4095, 4096, 4097, 16_383, 16_384, 16_385, 32_767,
    32_768, 32_769, 65_535, 65_536, 65_537, 131_073, 307_200,
];

/// One direction of a connection.
struct Direction {
    outbound: Outbound,
    inbound: Inbound,
}

impl Direction {
    fn from(sender: Role, agreed: &Agreed, level: u8) -> Self {
        let reader = match sender {
            Role::Server => Role::Client,
            Role::Client => Role::Server,
        };
        Self {
            outbound: Outbound::new(sender, agreed, level, 0),
            inbound: Inbound::new(reader, agreed),
        }
    }

    /// Sends a message and says what came, compressed where it was.
    fn carry(&mut self, payload: &[u8], piece: usize, room: usize) -> Bytes {
        match self.outbound.compress(payload) {
            Some(compressed) => inflate(&mut self.inbound, &compressed, piece, room)
                .expect("what was compressed can be read"),
            None => Bytes::copy_from_slice(payload),
        }
    }
}

/// All takeovers with all windows.
fn parameter_sets() -> impl Iterator<Item = Agreed> {
    [(false, false), (false, true), (true, false), (true, true)]
        .into_iter()
        .flat_map(|(server, client)| (9..=15).map(move |bits| agreed(server, client, bits, bits)))
}

#[test]
fn every_parameter_set_carries_every_size_in_both_directions() {
    let payloads: Vec<_> = SIZES
        .iter()
        .flat_map(|&bytes| [prose(bytes, 7), noise(bytes, 3), vec![b'a'; bytes]])
        .collect();
    for agreed in parameter_sets() {
        for role in [Role::Server, Role::Client] {
            let mut direction = Direction::from(role, &agreed, 1);
            for payload in &payloads {
                let came = direction.carry(payload, usize::MAX, 65_536);
                assert!(came == payload, "{role:?} {agreed:?} {} bytes", payload.len());
            }
        }
    }
}

#[test]
fn an_empty_message_goes_through_under_takeover_however_a_peer_writes_it() {
    for agreed in [agreed(true, true, 15, 15), agreed(false, false, 15, 15)] {
        let mut direction = Direction::from(Role::Client, &agreed, 6);
        let text = prose(5000, 1);
        for _ in 0..3 {
            assert_eq!(direction.carry(&text, 100, 1000), text);
            assert_eq!(direction.outbound.compress(b""), None, "smaller as it is");
            // RFC 7692 §7.2.3.6; nothing at all; an empty block of fixed codes (RFC 1951 §3.2.6).
            for empty in [[0].as_slice(), &[], &[2, 0]] {
                let came = inflate(&mut direction.inbound, empty, 1, 10);
                assert_eq!(came, Ok(Bytes::new()), "{empty:?}");
            }
        }
    }
}

#[test]
fn the_examples_of_the_standard_are_read() {
    let agreed = agreed(true, true, 15, 15);
    // RFC 7692 §7.2.3.1, and under takeover what §7.2.3.2 sends next.
    let mut inbound = Inbound::new(Role::Server, &agreed);
    let first = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
    let second = [0xf2, 0x00, 0x11, 0x00, 0x00];
    // RFC 7692 §7.2.3.3, §7.2.3.4 and §7.2.3.5.
    let stored = [0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00];
    let is_final = [0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00];
    let two_blocks = [0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00];
    for example in [first.as_slice(), &second, &stored, &is_final, &two_blocks, &first] {
        for piece in [1, 3, 100] {
            let came = inflate(&mut inbound, example, piece, 2);
            assert_eq!(came.as_deref(), Ok(b"Hello".as_slice()), "{example:?}");
            if example == second {
                break;
            }
        }
    }
}

#[test]
fn takeover_pays_and_no_takeover_starts_afresh() {
    let text = prose(3000, 5);
    let mut keeps = Outbound::new(Role::Server, &agreed(true, false, 15, 15), 6, 0);
    let mut forgets = Outbound::new(Role::Server, &agreed(false, true, 15, 15), 6, 0);
    let first = keeps.compress(&text).expect("compressed");
    assert_eq!(forgets.compress(&text), Some(first.clone()));
    assert_eq!(forgets.compress(&text), Some(first.clone()));
    let second = keeps.compress(&text).expect("compressed");
    assert!(second.len() < first.len() / 4, "{} after {}", second.len(), first.len());
}

#[test]
fn what_does_not_get_smaller_is_left_as_it_is_unless_history_forbids() {
    for bytes in [1, 100, 16_384, 100_000] {
        let payload = noise(bytes, 11);
        let mut forgets = Outbound::new(Role::Server, &agreed(false, false, 15, 15), 6, 0);
        assert_eq!(forgets.compress(&payload), None, "{bytes}");
        let mut direction = Direction::from(Role::Server, &agreed(true, false, 15, 15), 6);
        assert!(direction.outbound.compress(&payload).expect("history").len() > bytes);
    }
}

#[test]
fn a_message_that_is_given_up_leaves_nothing_to_the_next() {
    // A machine is given up with output that it has not handed out yet, again and again.
    for level in 1..=9 {
        for bits in [9, 12, 15] {
            let agreed = agreed(false, false, bits, bits);
            for bytes in [15_500, 16_000, 16_300, 20_000, 100_000, COMPRESSED_BYTES_MAX] {
                for seed in 0..8 {
                    let mut direction = Direction::from(Role::Server, &agreed, level);
                    let noise = noise(bytes, seed + 1);
                    assert!(direction.carry(&noise, usize::MAX, 65_536) == noise);
                }
                let mut another = Direction::from(Role::Server, &agreed, level);
                let text = prose(60_000, 3);
                let came = another.carry(&text, usize::MAX, 65_536);
                assert!(came == text, "level {level}, {bits} bits, behind {bytes} bytes");
            }
        }
    }
}

#[test]
fn the_threshold_is_what_wants_goes_by() {
    let outbound = Outbound::new(Role::Server, &agreed(false, false, 15, 15), 1, 100);
    assert_eq!(
        [0, 99, 100, COMPRESSED_BYTES_MAX, COMPRESSED_BYTES_MAX + 1]
            .map(|bytes| outbound.wants(bytes)),
        [false, false, true, true, false]
    );
    let all = Outbound::new(Role::Server, &agreed(false, false, 15, 15), 1, 0);
    assert_eq!([0, 1].map(|bytes| all.wants(bytes)), [false, true]);
}

#[test]
fn connections_with_one_key_write_the_same_bytes() {
    let text = prose(40_000, 9);
    let mut seen = std::collections::HashMap::new();
    for (bits, level) in [(9, 1), (9, 6), (15, 1), (15, 6), (9, 1), (15, 6)] {
        // What the client's direction is like makes no difference to what the server sends.
        for client_takeover in [false, true] {
            let agreed = agreed(false, client_takeover, bits, 12);
            let mut outbound = Outbound::new(Role::Server, &agreed, level, 0);
            let key = outbound.shared_key().expect("no takeover");
            assert_eq!((key.window_bits(), key.level()), (bits, level));
            let compressed = outbound.compress(&text).expect("compressed");
            assert_eq!(*seen.entry(key).or_insert_with(|| compressed.clone()), compressed);
        }
    }
    assert_eq!(seen.len(), 4);
    let keeps = Outbound::new(Role::Server, &agreed(true, false, 15, 15), 6, 0);
    assert_eq!(keeps.shared_key(), None);
}

/// A repetition is all that there is to win in noise, so it shows how far back references reach.
#[test]
fn references_reach_as_far_back_as_the_agreed_window_and_no_further() {
    for level in [1, 2, 3, 4, 6, 9] {
        for bits in 9..=15 {
            let mut outbound =
                Outbound::new(Role::Server, &agreed(false, true, bits, 15), level, 0);
            let window = 1 << bits;
            assert_eq!(outbound.compress(&noise(window, 1).repeat(3)), None, "{level} {bits}");
            // zlib keeps 262 bytes of the window to itself.
            let near = noise(window - 300, 1).repeat(3);
            let compressed = outbound.compress(&near).expect("smaller");
            assert!(compressed.len() < near.len() * 3 / 4, "{level} {bits}: {}", compressed.len());
        }
    }
}

fn payload() -> impl Strategy<Value = Vec<u8>> {
    let bytes = prop_oneof![0..200_usize, 0..70_000_usize];
    (bytes, any::<u64>(), 0..3).prop_map(|(bytes, seed, kind)| match kind {
        0 => prose(bytes, seed),
        1 => noise(bytes, seed),
        _ => vec![0; bytes],
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_messages_come_as_they_were_sent_however_they_are_cut(
        payloads in prop::collection::vec(payload(), 1..8),
        takeover in any::<[bool; 2]>(),
        bits in (9..=15_u8, 9..=15_u8),
        is_server in any::<bool>(),
        level in 1..=9_u8,
        piece in prop_oneof![1..40_usize, Just(usize::MAX)],
        room in prop_oneof![1..40_usize, 1..100_000_usize],
    ) {
        let agreed = agreed(takeover[0], takeover[1], bits.0, bits.1);
        let role = if is_server { Role::Server } else { Role::Client };
        let mut direction = Direction::from(role, &agreed, level);
        for payload in payloads {
            prop_assert!(direction.carry(&payload, piece, room) == payload);
        }
    }
}
