//! It does not matter in which pieces bytes arrive.

use proptest::prelude::*;
use sockhop_wire::{Delivery, PART_BYTES_MAX, Reader, Role};

use crate::frames::*;

/// Frames of which most are right: what comes behind a wrong one is not looked at.
fn any_frame() -> impl Strategy<Value = Vec<u8>> {
    let first = prop_oneof![
        8 => prop::sample::select(vec![
            TEXT, BINARY, CONTINUATION, FIN | CONTINUATION, FIN | TEXT, FIN | BINARY, FIN | PING,
            FIN | PONG,
        ]),
        1 => Just(FIN | CLOSE),
        1 => any::<u8>(),
    ];
    let payload = prop_oneof![
        4 => any::<String>().prop_map(String::into_bytes),
        1 => prop::collection::vec(any::<u8>(), 0..20),
        1 => (100..700_usize).prop_map(|length| vec![b'x'; length]),
        1 => Just(vec![0x03, 0xe8, b'b', b'y', b'e']),
    ];
    (first, payload).prop_map(|(first, payload)| frame(first, &payload))
}

/// Messages in fragments with control frames between them, then whatever.
fn any_stream() -> impl Strategy<Value = Vec<u8>> {
    let fragments = (
        prop::sample::select(vec![TEXT, BINARY]),
        any::<String>(),
        prop::collection::vec(any::<prop::sample::Index>(), 0..4),
        any::<bool>(),
    );
    let message = fragments.prop_map(|(opcode, payload, cuts, ping)| {
        let payload = payload.into_bytes();
        let mut cuts: Vec<usize> = cuts.iter().map(|it| it.index(payload.len() + 1)).collect();
        cuts.extend([0, payload.len()]);
        cuts.sort_unstable();
        let mut stream = Vec::new();
        for (index, cut) in cuts.windows(2).enumerate() {
            let opcode = if index == 0 { opcode } else { CONTINUATION };
            let fin = if index + 2 == cuts.len() { FIN } else { 0 };
            stream.extend(frame(opcode | fin, &payload[cut[0]..cut[1]]));
            if ping && fin == 0 {
                stream.extend(frame(FIN | PING, b"are you there"));
            }
        }
        stream
    });
    let streams = prop::collection::vec(message, 0..4).prop_map(|streams| streams.concat());
    (streams, prop::collection::vec(any_frame(), 0..8))
        .prop_map(|(stream, frames)| [stream, frames.concat()].concat())
}

fn cut(bytes: &[u8], at: &[prop::sample::Index]) -> Vec<Vec<u8>> {
    let mut cuts: Vec<usize> = at.iter().map(|it| it.index(bytes.len() + 1)).collect();
    cuts.extend([0, bytes.len()]);
    cuts.sort_unstable();
    cuts.windows(2).map(|cut| bytes[cut[0]..cut[1]].to_vec()).collect()
}

fn laws(bytes: &[u8], cuts: &[prop::sample::Index]) -> Result<(), TestCaseError> {
    let pieces = cut(bytes, cuts);
    for delivery in [WHOLE, Delivery::Parts] {
        let read = |pieces: &mut dyn Iterator<Item = &[u8]>| {
            let (events, violation) = feed(Reader::new(Role::Server, delivery, None), pieces);
            (join(events), violation)
        };
        let at_once = read(&mut [bytes].into_iter());
        prop_assert_eq!(&read(&mut pieces.iter().map(Vec::as_slice)), &at_once);
        prop_assert_eq!(&read(&mut bytes.chunks(1)), &at_once);
    }
    Ok(())
}

proptest! {
    #[test]
    fn frames_give_the_same_events_and_the_same_violation(
        bytes in any_stream(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..10),
    ) {
        laws(&bytes, &cuts)?;
    }

    #[test]
    fn any_bytes_do(
        bytes in prop::collection::vec(any::<u8>(), 0..100),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..5),
    ) {
        laws(&bytes, &cuts)?;
    }

    #[test]
    fn between_messages_means_that_nothing_is_half_read(bytes in any_stream()) {
        let mut reader = Reader::new(Role::Server, WHOLE, None);
        let mut input = Default::default();
        let mut fresh_since = 0;
        for (index, byte) in bytes.iter().enumerate() {
            bytes::BufMut::put_u8(&mut input, *byte);
            let Ok(_) = reader.next(&mut input) else { return Ok(()) };
            if reader.is_between_messages() {
                fresh_since = index + 1;
                reader = Reader::new(Role::Server, WHOLE, None);
            }
        }
        // A fresh one in its place has understood all that followed, so it had kept nothing.
        let at_once = feed(Reader::new(Role::Server, WHOLE, None), [&bytes[..]]);
        let after = feed(Reader::new(Role::Server, WHOLE, None), [&bytes[fresh_since..]]);
        prop_assert_eq!(at_once.1, after.1);
    }
}

#[test]
fn a_part_is_no_longer_than_promised_where_it_begins_with_what_was_left_over() {
    let long = "\u{20ac}".repeat(PART_BYTES_MAX);
    let (first, second) = long.as_bytes().split_at(2);
    let frames = [frame(TEXT, first), frame(FIN | CONTINUATION, second)].concat();
    let (events, violation) = feed(Reader::new(Role::Server, Delivery::Parts, None), [&frames[..]]);
    assert_eq!(violation, None);
    // It is checked there.
    assert_eq!(join(events), [text(&long)]);
}
