//! What is written is read, in both roles.

use std::io::IoSlice;

use bytes::Bytes;
use proptest::prelude::*;
use sockhop_wire::{
    CONTROL_BYTES_MAX, Delivery, Event, INLINE_BYTES_MAX, Message, Output, Reader, Role, Shared,
    Writer,
};

use crate::frames::*;

/// What a writer is told to write.
#[derive(Clone, Debug)]
enum Wish {
    Message(Message),
    Shared(Message),
    /// A text in parts, with a ping after each.
    Parts(Vec<String>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
}

fn any_message() -> impl Strategy<Value = Message> {
    let size = prop_oneof![
        0..200_usize,
        125..128_usize,
        INLINE_BYTES_MAX - 2..INLINE_BYTES_MAX + 3,
        65_534..65_538_usize,
    ];
    prop_oneof![
        any::<String>().prop_map(|text| Message::Text(text.into())),
        (size, any::<u8>()).prop_map(|(size, byte)| {
            Message::Binary((0..size).map(|at| byte ^ (at % 251) as u8).collect())
        }),
    ]
}

fn any_wish() -> impl Strategy<Value = Wish> {
    let control = prop::collection::vec(any::<u8>(), 0..=CONTROL_BYTES_MAX);
    prop_oneof![
        4 => any_message().prop_map(Wish::Message),
        1 => any_message().prop_map(Wish::Shared),
        1 => prop::collection::vec(any::<String>(), 1..4).prop_map(Wish::Parts),
        1 => control.clone().prop_map(Wish::Ping),
        1 => control.prop_map(Wish::Pong),
    ]
}

impl Wish {
    fn write(&self, writer: &mut Writer, out: &mut Output) {
        match self {
            Self::Message(message) => writer.message(message, out),
            Self::Shared(message) => writer.shared(&Shared::new(message.clone()), out),
            Self::Parts(parts) => {
                for (index, part) in parts.iter().enumerate() {
                    let part = Message::Text(part.clone().into());
                    writer.part(&part, index == 0, index + 1 == parts.len(), out);
                    writer.ping(b"between", out);
                }
            }
            Self::Ping(payload) => writer.ping(payload, out),
            Self::Pong(payload) => writer.pong(payload, out),
        }
    }

    /// What the peer understands.
    fn events(&self) -> Vec<Event> {
        match self {
            Self::Message(message) | Self::Shared(message) => {
                vec![Event::Message(message.clone())]
            }
            Self::Parts(parts) => {
                let ping = Event::Ping(Bytes::from_static(b"between"));
                let mut events = vec![ping.clone(); parts.len() - 1];
                events.extend([text(&parts.concat()), ping]);
                events
            }
            Self::Ping(payload) => vec![Event::Ping(payload.clone().into())],
            Self::Pong(payload) => vec![Event::Pong(payload.clone().into())],
        }
    }
}

fn writer(role: Role) -> Writer {
    match role {
        Role::Server => Writer::server(None),
        Role::Client => {
            let mut key = 0_u32;
            Writer::client(None, move || {
                key = key.wrapping_mul(0x9e37_79b9).wrapping_add(1);
                key.to_be_bytes()
            })
        }
    }
}

/// All that waits, taken out by so many bytes at a time.
fn drain(out: &mut Output, at_a_time: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(out.len());
    while !out.is_empty() {
        let mut slices = [IoSlice::new(&[]); 3];
        let filled = out.io_slices(&mut slices);
        let seen = slices[..filled].iter().flat_map(|slice| slice.iter());
        let before = bytes.len();
        bytes.extend(seen.take(at_a_time));
        let written = bytes.len() - before;
        out.advance(written);
    }
    bytes
}

proptest! {
    #[test]
    fn messages_parts_and_control_frames(
        wishes in prop::collection::vec(any_wish(), 0..8),
        at_a_time in 1..9000_usize,
        piece in prop_oneof![1..300_usize, 1000..100_000_usize],
    ) {
        for (from, to) in [(Role::Server, Role::Client), (Role::Client, Role::Server)] {
            let (mut writer, mut out) = (writer(from), Output::new());
            for wish in &wishes {
                wish.write(&mut writer, &mut out);
            }
            let bytes = drain(&mut out, at_a_time);
            let expected: Vec<Event> = wishes.iter().flat_map(Wish::events).collect();
            for delivery in [Delivery::Whole { max_message_bytes: 1 << 20 }, Delivery::Parts] {
                let reader = Reader::new(to, delivery, None);
                let (events, violation) = feed(reader, bytes.chunks(piece));
                prop_assert_eq!(violation, None);
                prop_assert_eq!(join(events), expected.clone());
            }
        }
    }

    #[test]
    fn close_frames(code in prop::option::of(3000..5000_u16), phrase: String) {
        let mut out = Output::new();
        writer(Role::Client).close(code, &phrase, &mut out);
        let bytes = drain(&mut out, 1000);
        let (events, violation) = feed(Reader::new(Role::Server, WHOLE, None), [&bytes[..]]);
        prop_assert_eq!(violation, None);
        let [Event::Close { code: read, phrase: cut }] = &events[..] else {
            return Err(TestCaseError::fail(format!("{events:?}")));
        };
        prop_assert_eq!(*read, code);
        prop_assert!(code.is_none() && cut.is_empty() || phrase.starts_with(cut));
        prop_assert!(code.is_none() || *cut == phrase || cut.len() > 119);
    }
}

#[test]
fn a_server_writes_frames_by_the_letter() {
    let mut out = Output::new();
    let mut writer = Writer::server(None);
    writer.message(&Message::Text("Hello".into()), &mut out);
    writer.part(&Message::Text("Hel".into()), true, false, &mut out);
    writer.part(&Message::Text("lo".into()), false, true, &mut out);
    writer.ping(b"Hello", &mut out);
    writer.close(Some(1000), "", &mut out);
    // The examples of RFC 6455 §5.7.
    let expected = b"\x81\x05Hello\x01\x03Hel\x80\x02lo\x89\x05Hello\x88\x02\x03\xe8";
    assert_eq!(drain(&mut out, 1000), expected);
}

#[test]
fn a_client_masks_each_frame_with_a_key_of_its_own() {
    let mut out = Output::new();
    let mut keys = [KEY, [1, 2, 3, 4]].into_iter();
    let mut writer = Writer::client(None, move || keys.next().expect("two frames are written"));
    writer.message(&Message::Text("Hello".into()), &mut out);
    writer.pong(b"\0\0", &mut out);
    let expected = b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58\x8a\x82\x01\x02\x03\x04\x01\x02";
    assert_eq!(drain(&mut out, 1000), expected);
}

#[test]
fn control_payloads_and_phrases_that_are_too_long_are_cut() {
    let mut out = Output::new();
    let mut writer = Writer::server(None);
    writer.ping(&[1; 200], &mut out);
    writer.close(Some(1001), &"\u{e9}".repeat(100), &mut out);
    let bytes = drain(&mut out, 1000);
    let (events, violation) = feed(Reader::new(Role::Client, WHOLE, None), [&bytes[..]]);
    assert_eq!(violation, None);
    let ping = Event::Ping(Bytes::from_static(&[1; CONTROL_BYTES_MAX]));
    let close = Event::Close { code: Some(1001), phrase: "\u{e9}".repeat(61) };
    assert_eq!(events, [ping, close]);
}
