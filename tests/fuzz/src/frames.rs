//! Frames: whatever a peer sends is understood as the letter of RFC 6455 has it, in whatever pieces
//! it arrives, and what was understood can be written, and is then understood again.

mod letter;

use std::io::IoSlice;

use bytes::BytesMut;
use sockhop_wire::deflate::{Agreed, Inbound, Outbound, Policy};
use sockhop_wire::{
    CONTROL_BYTES_MAX, Delivery, Event, Message, Output, PART_BYTES_MAX, Reader, Role, Shared,
    Violation, Writer,
};

use crate::Random;
use crate::input::Input;
use letter::Meaning;

/// The first byte of an input.
const CLIENT: u8 = 1;
const PARTS: u8 = 1 << 1;
const DEFLATE: u8 = 1 << 2;
const FILLER: u8 = 1 << 3;

/// The limits that the second byte chooses from, in bytes.
const LIMITS: [usize; 4] = [100, 1000, 20_000, 1 << 20];

/// The most bytes that are also fed one by one.
const ONE_BY_ONE_BYTES_MAX: usize = 4096;

/// How long a row of equal bytes behind the input is: a frame that is longer than a part may be.
const FILLER_BYTES: usize = PART_BYTES_MAX + 5000;

/// How one reader is set up.
#[derive(Clone, Copy)]
struct Case {
    role: Role,
    delivery: Delivery,
    agreed: Option<(Policy, Agreed)>,
}

impl Case {
    fn reader(&self) -> Reader {
        let inbound = self.agreed.map(|(_, agreed)| Inbound::new(self.role, &agreed));
        Reader::new(self.role, self.delivery, inbound)
    }

    /// Its peer's.
    fn writer(&self, mut keys: Random) -> Writer {
        let peer = match self.role {
            Role::Server => Role::Client,
            Role::Client => Role::Server,
        };
        let outbound = self.agreed.map(|(policy, agreed)| {
            Outbound::new(peer, &agreed, policy.level, policy.threshold_bytes)
        });
        match peer {
            Role::Server => Writer::server(outbound),
            Role::Client => Writer::client(outbound, move || (keys.number() as u32).to_ne_bytes()),
        }
    }
}

pub(crate) fn target(data: &[u8]) {
    let mut input = Input::new(data);
    let (flags, second) = (input.byte(), input.byte());
    let limit = LIMITS[usize::from(second & 3)];
    let case = Case {
        role: if flags & CLIENT != 0 { Role::Client } else { Role::Server },
        delivery: if flags & PARTS != 0 {
            Delivery::Parts
        } else {
            Delivery::Whole { max_message_bytes: limit }
        },
        agreed: (flags & DEFLATE != 0).then(|| input.agreed()),
    };
    let mut random = Random::new(u64::from(second));
    let mut stream = input.rest().to_vec();
    if flags & FILLER != 0 {
        stream.resize(stream.len() + FILLER_BYTES, b'x');
    }

    let (events, violation) = feed(&case, [&stream[..]]);
    check(&events, &case);
    let at_once = (join(&events), violation);
    let (events_of_pieces, violation) = feed(&case, cut(&stream, &mut random));
    check(&events_of_pieces, &case);
    assert_eq!((join(&events_of_pieces), violation), at_once, "in pieces");
    if stream.len() <= ONE_BY_ONE_BYTES_MAX {
        let (events, violation) = feed(&case, stream.chunks(1));
        assert_eq!((join(&events), violation), at_once, "byte by byte");
    }

    let (understood, violation) = &at_once;
    match letter::read(&stream, &case) {
        Some(Meaning::Broken(events)) => {
            assert!(violation.is_some(), "a broken rule is not noticed");
            assert_eq!(*understood, events);
        }
        Some(Meaning::Whole(events)) => assert_eq!((understood, violation), (&events, &None)),
        // The beginning of a frame may break a rule before it is whole.
        Some(Meaning::Cut(events)) => assert_eq!(*understood, events),
        None => {}
    }

    let written = write(&events, &case, &mut random);
    let (read, violation) = feed(&case, cut(&written, &mut random));
    assert_eq!(violation, None, "what was written breaks a rule");
    assert_eq!(join(&read), at_once.0, "what was written is read otherwise");
}

fn cut<'a>(bytes: &'a [u8], random: &mut Random) -> Vec<&'a [u8]> {
    let mut pieces = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let (piece, behind) = rest.split_at(random.few_of(rest.len()));
        pieces.push(piece);
        rest = behind;
    }
    pieces
}

/// What a reader makes of pieces that arrive one after another: the events, and the violation
/// that ended it, if one did.
fn feed<'a>(
    case: &Case,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> (Vec<Event>, Option<Violation>) {
    let mut reader = case.reader();
    let mut events = Vec::new();
    let mut input = BytesMut::new();
    for piece in pieces {
        input.extend_from_slice(piece);
        loop {
            match reader.next(&mut input) {
                Ok(Some(event)) => events.push(event),
                Ok(None) => break,
                Err(violation) => return (events, Some(violation)),
            }
        }
        assert!(input.is_empty(), "what is not understood yet is kept by the reader");
    }
    (events, None)
}

/// What is promised of each event.
fn check(events: &[Event], case: &Case) {
    for event in events {
        match (event, case.delivery) {
            (Event::Message(message), Delivery::Whole { max_message_bytes }) => {
                assert!(message.payload_bytes() <= max_message_bytes);
            }
            (Event::Part { part, last }, Delivery::Parts) => {
                assert!(part.payload_bytes() <= PART_BYTES_MAX);
                assert!(*last || part.payload_bytes() > 0, "an empty part is not the last");
            }
            (Event::Ping(payload) | Event::Pong(payload), _) => {
                assert!(payload.len() <= CONTROL_BYTES_MAX);
            }
            (Event::Close { code, phrase }, _) => {
                assert!(code.is_some() || phrase.is_empty());
            }
            (Event::Message(_), Delivery::Parts) | (Event::Part { .. }, Delivery::Whole { .. }) => {
                panic!("{event:?} was not asked for")
            }
        }
    }
    let close = events.iter().position(|event| matches!(event, Event::Close { .. }));
    assert!(close.is_none_or(|at| at + 1 == events.len()), "something came behind the Close");
}

/// Puts the parts of each message together again. A message that has not ended is left out.
fn join(events: &[Event]) -> Vec<Event> {
    let mut joined = Vec::new();
    let mut parts: Option<(bool, Vec<u8>)> = None;
    for event in events {
        let Event::Part { part, last } = event else {
            joined.push(event.clone());
            continue;
        };
        let (is_text, payload) = match part {
            Message::Text(text) => (true, text.as_bytes()),
            Message::Binary(data) => (false, data),
        };
        let (of_text, so_far) = parts.get_or_insert_with(|| (is_text, Vec::new()));
        assert_eq!(*of_text, is_text, "a part is of another kind than the first");
        so_far.extend_from_slice(payload);
        if *last && let Some((_, payload)) = parts.take() {
            let message = if is_text {
                Message::Text(String::from_utf8(payload).expect("parts are text").into())
            } else {
                Message::Binary(payload.into())
            };
            joined.push(Event::Message(message));
        }
    }
    joined
}

/// What a peer sends so that these events come of it.
fn write(events: &[Event], case: &Case, random: &mut Random) -> Vec<u8> {
    let mut writer = case.writer(random.clone());
    let mut out = Output::new();
    let mut written = Vec::new();
    let mut is_first = true;
    for event in events {
        match event {
            Event::Message(message) if random.below(2) == 0 => {
                writer.shared(&Shared::new(message.clone()), &mut out);
            }
            Event::Message(message) => writer.message(message, &mut out),
            Event::Part { part, last } => {
                writer.part(part, is_first, *last, &mut out);
                is_first = *last;
            }
            Event::Ping(payload) => writer.ping(payload, &mut out),
            Event::Pong(payload) => writer.pong(payload, &mut out),
            Event::Close { code, phrase } => writer.close(*code, phrase, &mut out),
        }
        if random.below(4) == 0 {
            let some = random.few_of(out.len());
            send(&mut out, some, &mut written);
        }
    }
    while !out.is_empty() {
        let some = random.few_of(out.len());
        send(&mut out, some, &mut written);
    }
    written
}

/// Writes at most so many bytes, as a socket would.
fn send(out: &mut Output, most: usize, written: &mut Vec<u8>) {
    let before = (out.len(), written.len());
    let mut slices = [IoSlice::new(&[]); 3];
    let filled = out.io_slices(&mut slices);
    for slice in &slices[..filled] {
        assert!(!slice.is_empty(), "an empty slice");
        let left = most - (written.len() - before.1);
        written.extend_from_slice(&slice[..slice.len().min(left)]);
    }
    let sent = written.len() - before.1;
    assert!(sent > 0 || most == 0, "bytes wait and none is shown");
    out.advance(sent);
    assert_eq!(out.len(), before.0 - sent);
}
