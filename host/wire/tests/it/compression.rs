//! Compressed messages through the whole machine (RFC 7692).

use std::io::IoSlice;

use bytes::{Bytes, BytesMut};
use proptest::prelude::*;
use sockhop_wire::deflate::{Agreed, Inbound, Outbound, Policy, negotiate};
use sockhop_wire::extensions::parse_extensions;
use sockhop_wire::{
    Delivery, Event, Message, Output, PART_BYTES_MAX, Reader, Role, Shared, Violation, Writer,
};

use crate::frames::*;

/// What is agreed with these parameters.
fn agree(server_takeover: bool, client_takeover: bool, bits: u8) -> Agreed {
    let offer = b"permessage-deflate; client_max_window_bits; server_max_window_bits=15";
    let offers = parse_extensions([&offer[..]].into_iter()).expect("well formed");
    let policy = Policy {
        server_takeover,
        client_takeover,
        server_window_bits: bits,
        client_window_bits: bits,
        ..Policy::default()
    };
    negotiate(&offers, &policy).expect("agreed")
}

fn writer(role: Role, agreed: &Agreed) -> Writer {
    let outbound = Some(Outbound::new(role, agreed, 6, 0));
    match role {
        Role::Server => Writer::server(outbound),
        Role::Client => Writer::client(outbound, || KEY),
    }
}

fn reader(role: Role, delivery: Delivery, agreed: &Agreed) -> Reader {
    Reader::new(role, delivery, Some(Inbound::new(role, agreed)))
}

fn other(role: Role) -> Role {
    match role {
        Role::Server => Role::Client,
        Role::Client => Role::Server,
    }
}

fn all(out: &mut Output) -> Vec<u8> {
    let mut slices = vec![IoSlice::new(&[]); 64];
    let filled = out.io_slices(&mut slices);
    let bytes: Vec<u8> = slices[..filled].iter().flat_map(|slice| slice.to_vec()).collect();
    assert_eq!(bytes.len(), out.len());
    out.advance(bytes.len());
    bytes
}

/// The compressed payload, as one who forgets sends it.
fn deflated(payload: &[u8]) -> Bytes {
    let agreed = agree(false, true, 15);
    let mut outbound = Outbound::new(Role::Server, &agreed, 9, 0);
    let padded = [payload, &[b' '; 600]].concat();
    let compressed = outbound.compress(&padded).expect("blanks become smaller");
    assert!(compressed.len() < padded.len());
    compressed
}

/// What `deflated` has compressed.
fn padded(payload: &str) -> String {
    format!("{payload}{}", " ".repeat(600))
}

fn sized_message(size: usize, seed: u8) -> Message {
    // Two bits of noise in each byte, so that it becomes smaller but not small.
    let mut state = u32::from(seed) + 1;
    let bytes = (0..size).map(|_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        b'a' + (state >> 30) as u8
    });
    let bytes: Vec<u8> = bytes.collect();
    if seed.is_multiple_of(2) {
        Message::Binary(bytes.into())
    } else {
        Message::Text(String::from_utf8(bytes).expect("ASCII").into())
    }
}

#[test]
fn every_parameter_set_at_the_sizes_around_each_buffer() {
    let step = 16 << 10;
    let sizes = [
        0,
        1,
        0,
        2,
        125,
        126,
        4095,
        4096,
        step - 1,
        step,
        step + 1,
        PART_BYTES_MAX - 1,
        PART_BYTES_MAX,
        PART_BYTES_MAX + 1,
        300 << 10,
        0,
    ];
    let messages: Vec<Message> =
        sizes.into_iter().zip(0..).map(|(size, seed)| sized_message(size, seed)).collect();
    let expected: Vec<Event> = messages.iter().cloned().map(Event::Message).collect();
    for bits in 9..=15 {
        for takeover in [(false, false), (false, true), (true, false), (true, true)] {
            let agreed = agree(takeover.0, takeover.1, bits);
            for from in [Role::Server, Role::Client] {
                let mut writer = writer(from, &agreed);
                let mut out = Output::new();
                for message in &messages {
                    writer.message(message, &mut out);
                }
                let bytes = all(&mut out);
                for delivery in [Delivery::Whole { max_message_bytes: 300 << 10 }, Delivery::Parts]
                {
                    let reader = reader(other(from), delivery, &agreed);
                    let (events, violation) = feed(reader, bytes.chunks(5000));
                    assert_eq!(violation, None);
                    assert!(join(events) == expected, "{agreed:?} {from:?}");
                }
            }
        }
    }
}

/// Frames of which some are compressed, some are fragments, and some are wrong.
fn any_stream() -> impl Strategy<Value = Vec<u8>> {
    let content = prop_oneof![
        4 => any::<String>().prop_map(String::into_bytes),
        1 => prop::collection::vec(any::<u8>(), 0..30),
        1 => (300..500_usize).prop_map(|size| vec![b'y'; size]),
    ];
    let message = (
        prop::sample::select(vec![TEXT, BINARY]),
        content,
        prop::option::weighted(0.8, any::<prop::sample::Index>()),
        prop::option::weighted(0.1, (any::<prop::sample::Index>(), 1..=255_u8)),
    );
    let message = message.prop_map(|(opcode, content, cut, damage)| {
        let mut payload = deflated(&content).to_vec();
        if let Some((at, change)) = damage {
            let at = at.index(payload.len());
            payload[at] ^= change;
        }
        let Some(cut) = cut else { return frame(FIN | RSV1 | opcode, &payload) };
        let (first, second) = payload.split_at(cut.index(payload.len() + 1));
        [
            frame(RSV1 | opcode, first),
            frame(FIN | PING, b"between"),
            frame(FIN | CONTINUATION, second),
            frame(FIN | opcode, b"as it is"),
        ]
        .concat()
    });
    prop::collection::vec(message, 0..4).prop_map(|messages| messages.concat())
}

proptest! {
    #[test]
    fn any_split_gives_the_same_events_and_the_same_violation(
        bytes in any_stream(),
        piece in 1..200_usize,
        takeover: bool,
    ) {
        let agreed = agree(true, takeover, 15);
        for delivery in [WHOLE, Delivery::Parts] {
            let read = |pieces: &mut dyn Iterator<Item = &[u8]>| {
                let (events, violation) = feed(reader(Role::Server, delivery, &agreed), pieces);
                (join(events), violation)
            };
            let at_once = read(&mut [&bytes[..]].into_iter());
            prop_assert_eq!(&read(&mut bytes.chunks(piece)), &at_once);
            prop_assert_eq!(&read(&mut bytes.chunks(1)), &at_once);
        }
    }
}

fn read(bytes: &[u8]) -> (Vec<Event>, Option<Violation>) {
    feed(reader(Role::Server, WHOLE, &agree(true, false, 15)), [bytes])
}

#[test]
fn rsv1_is_for_the_first_frame_of_a_data_message_alone() {
    let payload = deflated(b"Hello");
    let expected = text(&padded("Hello"));
    let whole = frame(FIN | RSV1 | TEXT, &payload);
    assert_eq!(read(&whole), (vec![expected.clone()], None));
    let (first, second) = payload.split_at(3);
    let fragments = [frame(RSV1 | TEXT, first), frame(FIN | CONTINUATION, second)].concat();
    assert_eq!(read(&fragments), (vec![expected], None));
    for wrong in [FIN | RSV1 | PING, FIN | RSV1 | CLOSE, FIN | RSV1 | CONTINUATION] {
        let frames = [frame(RSV1 | TEXT, first), frame(wrong, second)].concat();
        assert_eq!(read(&frames), (vec![], Some(Violation::ReservedBit)));
    }
    for wrong in [RSV2, RSV3] {
        let frames = frame(FIN | RSV1 | wrong | TEXT, &payload);
        assert_eq!(read(&frames), (vec![], Some(Violation::ReservedBit)));
    }
}

#[test]
fn text_fails_at_its_first_bad_byte_before_the_message_ends() {
    let first_fragment = frame(RSV1 | TEXT, &deflated(b"caf\xc3\xa9 \xf4\x90"));
    assert_eq!(read(&first_fragment), (vec![], Some(Violation::TextNotUtf8)));
    let cut_off = {
        let mut outbound = Outbound::new(Role::Server, &agree(true, true, 15), 9, 0);
        outbound.compress(b"caf\xc3").expect("with takeover all is compressed")
    };
    assert_eq!(read(&frame(RSV1 | TEXT, &cut_off)), (vec![], None));
    let ended = frame(FIN | RSV1 | TEXT, &cut_off);
    assert_eq!(read(&ended), (vec![], Some(Violation::TextNotUtf8)));
}

#[test]
fn what_is_no_deflate_data_is_a_violation() {
    let broken = frame(FIN | RSV1 | BINARY, &[0xff; 20]);
    assert_eq!(read(&broken), (vec![], Some(Violation::NotDeflate)));
}

#[test]
fn the_limit_counts_before_what_is_wrong_behind_it() {
    let broken = [&deflated(&[b' '; LIMIT])[..], &[0xff; 20]].concat();
    let frame = frame(FIN | RSV1 | BINARY, &broken);
    let too_big = Some(Violation::TooBig { limit_bytes: LIMIT });
    assert_eq!(read(&frame), (vec![], too_big));
}

#[test]
fn what_a_frame_holds_is_handed_on_before_the_next_one_is_looked_at() {
    let agreed = agree(true, true, 15);
    let compressed = deflated(&vec![b'x'; PART_BYTES_MAX - 500]);
    for at in 1..compressed.len() {
        let (first, second) = compressed.split_at(at);
        let mut held = BytesMut::new();
        let step = Inbound::new(Role::Server, &agreed).step(first, &mut held, usize::MAX);
        assert_eq!(step.map(|step| step.used), Ok(at));

        let (ping, last) = (frame(FIN | PING, b""), frame(FIN | CONTINUATION, second));
        let frames = [frame(RSV1 | BINARY, first), ping, last].concat();
        let reader = reader(Role::Server, Delivery::Parts, &agreed);
        let (events, violation) = feed(reader, [&frames[..]]);
        assert_eq!(violation, None);
        let before = events.iter().map_while(|event| match event {
            Event::Part { part, .. } => Some(part.payload_bytes()),
            _ => None,
        });
        assert_eq!(before.sum::<usize>(), held.len(), "cut at {at} of {}", compressed.len());
    }
}

#[test]
fn the_limit_is_on_what_comes_out() {
    let of = |size: usize| frame(FIN | RSV1 | BINARY, &deflated(&vec![b' '; size - 600]));
    assert_eq!(read(&of(LIMIT)), (vec![binary(&[b' '; LIMIT])], None));
    let too_big = Some(Violation::TooBig { limit_bytes: LIMIT });
    assert_eq!(read(&of(LIMIT + 1)), (vec![], too_big));
    // More of what is compressed than there may be in the end is no violation.
    let nothing = [0x00, 0x00, 0x00, 0xff, 0xff].repeat(LIMIT);
    let read = read(&[frame(RSV1 | TEXT, &nothing), frame(FIN | CONTINUATION, b"\0")].concat());
    assert_eq!(read, (vec![text("")], None));
}

#[test]
fn a_bomb_stops_at_the_limit() {
    let bomb = frame(FIN | RSV1 | BINARY, &deflated(&vec![0; 50 << 20]));
    assert!(bomb.len() < 100 << 10);
    let mut input = BytesMut::from(&bomb[..]);
    let mut reader = reader(Role::Server, WHOLE, &agree(false, false, 15));
    assert_eq!(reader.next(&mut input), Err(Violation::TooBig { limit_bytes: LIMIT }));
    assert!(input.len() > bomb.len() / 2, "most of it was not even looked at");
}

#[test]
fn one_message_for_many_is_compressed_once() {
    let agreed = agree(false, false, 12);
    let shared = Shared::new(sized_message(100 << 10, 1));
    let outs = [(); 3].map(|()| {
        let mut out = Output::new();
        writer(Role::Server, &agreed).shared(&shared, &mut out);
        out
    });
    let payloads = outs.each_ref().map(|out| {
        let mut slices = [IoSlice::new(&[]); 2];
        assert_eq!(out.io_slices(&mut slices), 2, "a header and a payload");
        assert!(slices[1].len() < shared.payload_bytes() / 2);
        slices[1].as_ptr()
    });
    assert_eq!(payloads, [payloads[0]; 3]);
    for mut out in outs {
        let reader = reader(Role::Client, Delivery::Whole { max_message_bytes: 1 << 20 }, &agreed);
        let events = feed(reader, [&all(&mut out)[..]]);
        assert_eq!(events, (vec![Event::Message(shared.message().clone())], None));
    }
}

#[test]
fn one_message_for_many_reaches_every_kind_of_peer() {
    let shared = Shared::new(Message::Text("nobody knows ".repeat(100).into()));
    let before = Message::Text("nobody knows that".into());
    let expected = vec![Event::Message(before.clone()), Event::Message(shared.message().clone())];
    for bits in 9..=15 {
        for takeover in [false, true] {
            let agreed = agree(takeover, takeover, bits);
            for from in [Role::Server, Role::Client] {
                let (mut writer, mut out) = (writer(from, &agreed), Output::new());
                writer.message(&before, &mut out);
                writer.shared(&shared, &mut out);
                let reader =
                    reader(other(from), Delivery::Whole { max_message_bytes: 5000 }, &agreed);
                let bytes = all(&mut out);
                assert!(bytes.len() < 200, "{}", bytes.len());
                assert_eq!(feed(reader, [&bytes[..]]), (expected.clone(), None));
            }
        }
    }
}
