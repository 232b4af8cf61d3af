//! What a conformance suite asks of a peer, group by group, without a network: framing, pings and
//! pongs, reserved bits and opcodes, fragments, UTF-8, closing.

use bytes::{Bytes, BytesMut};
use sockhop_wire::{Delivery, Event, Reader, Role, Violation};

use crate::frames::*;

const ROOMY: Delivery = Delivery::Whole { max_message_bytes: 1 << 20 };

/// Frames, what they are understood as, and the violation that they end with, if they do.
struct Case {
    name: String,
    frames: Vec<Vec<u8>>,
    events: Vec<Event>,
    violation: Option<Violation>,
}

/// A case in which all is well.
fn good(name: impl Into<String>, frames: Vec<Vec<u8>>, events: Vec<Event>) -> Case {
    Case { name: name.into(), frames, events, violation: None }
}

/// A case in which the peer does wrong after these events.
fn bad(
    name: impl Into<String>,
    frames: Vec<Vec<u8>>,
    events: Vec<Event>,
    violation: Violation,
) -> Case {
    Case { name: name.into(), frames, events, violation: Some(violation) }
}

/// Runs each case in pieces of several sizes, whole and in parts.
fn run(cases: impl IntoIterator<Item = Case>) {
    for Case { name, frames, events, violation } in cases {
        let bytes = frames.concat();
        for delivery in [ROOMY, Delivery::Parts] {
            for piece in [1, 7, 997, 4096, usize::MAX] {
                let reader = Reader::new(Role::Server, delivery, None);
                let (read, ended) = feed(reader, bytes.chunks(piece));
                assert_eq!(ended, violation, "{name}, {piece} bytes at a time, {delivery:?}");
                assert!(join(read) == events, "{name}, {piece} bytes at a time, {delivery:?}");
            }
        }
    }
}

fn ping(payload: &[u8]) -> Event {
    Event::Ping(Bytes::copy_from_slice(payload))
}

fn pong(payload: &[u8]) -> Event {
    Event::Pong(Bytes::copy_from_slice(payload))
}

fn closed(code: u16, phrase: &str) -> Event {
    Event::Close { code: Some(code), phrase: phrase.to_owned() }
}

#[test]
fn group_1_framing() {
    let sizes = [0, 1, 125, 126, 127, 128, 65_535, 65_536, 65_537, 200_000];
    run(sizes.into_iter().flat_map(|size| {
        let stars = "*".repeat(size);
        let data = vec![0xfe; size];
        [
            good(
                format!("a text of {size} bytes"),
                vec![frame(FIN | TEXT, stars.as_bytes())],
                vec![text(&stars)],
            ),
            good(
                format!("{size} binary bytes"),
                vec![frame(FIN | BINARY, &data)],
                vec![binary(&data)],
            ),
        ]
    }));
}

#[test]
fn group_2_pings_and_pongs() {
    let longest = [0xfe; 125];
    let ten = |opcode| (0..10).map(|n| frame(FIN | opcode, &[n])).collect::<Vec<_>>();
    run([
        good("an empty ping", vec![frame(FIN | PING, b"")], vec![ping(b"")]),
        good("a ping", vec![frame(FIN | PING, b"Hello")], vec![ping(b"Hello")]),
        good(
            "a ping that is no text",
            vec![frame(FIN | PING, b"\x00\xff\xfe\xfd")],
            vec![ping(b"\x00\xff\xfe\xfd")],
        ),
        good("the longest ping", vec![frame(FIN | PING, &longest)], vec![ping(&longest)]),
        bad(
            "a ping that is too long",
            vec![frame(FIN | PING, &[0xfe; 126])],
            vec![],
            Violation::LongControl,
        ),
        good("a pong that nobody asked for", vec![frame(FIN | PONG, b"")], vec![pong(b"")]),
        good(
            "a pong, then a ping",
            vec![frame(FIN | PONG, b"not asked for"), frame(FIN | PING, b"Hello")],
            vec![pong(b"not asked for"), ping(b"Hello")],
        ),
        good("ten pings", ten(PING), (0..10).map(|n| ping(&[n])).collect()),
        good("ten pongs", ten(PONG), (0..10).map(|n| pong(&[n])).collect()),
    ]);
}

#[test]
fn group_3_reserved_bits() {
    let combinations = [RSV1, RSV2, RSV3, RSV1 | RSV2, RSV1 | RSV3, RSV2 | RSV3];
    let violation = Violation::ReservedBit;
    run(combinations.into_iter().flat_map(|bits| {
        let hello = || frame(FIN | TEXT, b"Hello");
        [
            bad("text", vec![frame(FIN | bits | TEXT, b"Hello")], vec![], violation),
            bad(
                "text between others",
                vec![hello(), frame(FIN | bits | TEXT, b"Hello"), frame(FIN | PING, b"")],
                vec![text("Hello")],
                violation,
            ),
            bad("binary", vec![frame(FIN | bits | BINARY, &[0xff; 8])], vec![], violation),
            bad("ping", vec![frame(FIN | bits | PING, b"Hello")], vec![], violation),
            bad("close", vec![frame(FIN | bits | CLOSE, b"")], vec![], violation),
        ]
    }));
}

#[test]
fn group_4_reserved_opcodes() {
    run((3..=7).chain(11..=15).flat_map(|opcode| {
        let violation = Violation::ReservedOpcode(opcode);
        [
            bad("empty", vec![frame(FIN | opcode, b"")], vec![], violation),
            bad("with a payload", vec![frame(FIN | opcode, b"Hello")], vec![], violation),
            bad(
                "between others",
                vec![frame(FIN | TEXT, b"Hello"), frame(FIN | opcode, b""), frame(FIN | PING, b"")],
                vec![text("Hello")],
                violation,
            ),
        ]
    }));
}

#[test]
fn group_5_fragments_that_make_a_message() {
    let (first, middle, last) =
        (frame(TEXT, b"one "), frame(CONTINUATION, b"two "), frame(FIN | CONTINUATION, b"three"));
    let (asked, answered) = (frame(FIN | PING, b"?"), frame(FIN | PONG, b"!"));
    run([
        good("two", vec![first.clone(), last.clone()], vec![text("one three")]),
        good(
            "three",
            vec![first.clone(), middle.clone(), last.clone()],
            vec![text("one two three")],
        ),
        good(
            "a ping between them",
            vec![first.clone(), asked.clone(), last.clone()],
            vec![ping(b"?"), text("one three")],
        ),
        good(
            "pings and pongs between them",
            vec![first.clone(), asked.clone(), middle, answered, asked, last],
            vec![ping(b"?"), pong(b"!"), ping(b"?"), text("one two three")],
        ),
        good(
            "empty ones",
            vec![frame(TEXT, b""), frame(CONTINUATION, b""), frame(FIN | CONTINUATION, b"")],
            vec![text("")],
        ),
        good(
            "only the middle one has something",
            vec![frame(BINARY, b""), frame(CONTINUATION, b"x"), frame(FIN | CONTINUATION, b"")],
            vec![binary(b"x")],
        ),
        good(
            "a close between them",
            vec![first, frame(FIN | CLOSE, b"\x03\xe8")],
            vec![closed(1000, "")],
        ),
    ]);
}

#[test]
fn group_5_fragments_that_make_none() {
    let (first, last) = (frame(TEXT, b"one"), frame(FIN | CONTINUATION, b"two"));
    run([
        bad("of a ping", vec![frame(PING, b"one")], vec![], Violation::FragmentedControl),
        bad("of a pong", vec![frame(PONG, b"one")], vec![], Violation::FragmentedControl),
        bad("of nothing", vec![last.clone()], vec![], Violation::NothingToContinue),
        bad(
            "of nothing, not even at the end",
            vec![frame(CONTINUATION, b"one"), last.clone()],
            vec![],
            Violation::NothingToContinue,
        ),
        bad(
            "of a message that had ended",
            vec![first.clone(), last.clone(), last],
            vec![text("onetwo")],
            Violation::NothingToContinue,
        ),
        bad(
            "with a message inside",
            vec![first.clone(), frame(FIN | TEXT, b"inside")],
            vec![],
            Violation::UnfinishedMessage,
        ),
        bad(
            "that all say that they are the first",
            vec![first, frame(TEXT, b"two"), frame(FIN | TEXT, b"three")],
            vec![],
            Violation::UnfinishedMessage,
        ),
    ]);
}

/// Texts with the first and the last code points of each length, and those that are special.
const VALID: &[&str] = &[
    "",
    "Hello-\u{b5}@\u{df}\u{f6}\u{e4}\u{fc}\u{e0}\u{e1}-UTF-8!!",
    "\u{3ba}\u{1f79}\u{3c3}\u{3bc}\u{3b5}",
    "\0",
    "\u{7f}\u{80}\u{7ff}",
    "\u{800}\u{d7ff}\u{e000}\u{fffd}\u{ffff}",
    "\u{10000}\u{fffff}\u{100000}\u{10ffff}",
    "\u{fdd0}\u{fffe}\u{1fffe}\u{10fffe}",
    "\u{feff}a mark in front",
    "\u{1f469}\u{200d}\u{1f680}",
];

/// Bytes that are wrong, and how many there are until one can know.
const INVALID: &[(&[u8], usize)] = &[
    // Continuations of nothing.
    (b"\x80", 1),
    (b"\xbf\x80", 1),
    // Beginnings that are not continued.
    (b"\xc3 ", 2),
    (b"\xe2\x82 ", 3),
    (b"\xf0\x9f\x98 ", 4),
    (b"\xe2\xe2", 2),
    // What never begins anything.
    (b"\xfe", 1),
    (b"\xff", 1),
    (b"\xf8\x88\x80\x80\x80", 1),
    (b"\xfc\x84\x80\x80\x80\x80", 1),
    // More bytes than needed.
    (b"\xc0\xaf", 1),
    (b"\xc1\xbf", 1),
    (b"\xe0\x80\xaf", 2),
    (b"\xe0\x9f\xbf", 2),
    (b"\xf0\x80\x80\xaf", 2),
    (b"\xf0\x8f\xbf\xbf", 2),
    // Halves of surrogate pairs, one or both.
    (b"\xed\xa0\x80", 2),
    (b"\xed\xaf\xbf", 2),
    (b"\xed\xbf\xbf", 2),
    (b"\xed\xa0\x80\xed\xb0\x80", 2),
    // Beyond the last code point.
    (b"\xf4\x90\x80\x80", 2),
    (b"\xf5\x80\x80\x80", 1),
    (b"\xf7\xbf\xbf\xbf", 1),
];

/// One frame for each byte.
fn byte_by_byte(payload: &[u8]) -> Vec<Vec<u8>> {
    let mut frames = vec![frame(TEXT, b"")];
    frames.extend(payload.iter().map(|byte| frame(CONTINUATION, &[*byte])));
    frames.push(frame(FIN | CONTINUATION, b""));
    frames
}

#[test]
fn group_6_utf8_that_is_valid() {
    run(VALID.iter().flat_map(|valid| {
        let bytes = valid.as_bytes();
        [
            good(*valid, vec![frame(FIN | TEXT, bytes)], vec![text(valid)]),
            good(*valid, byte_by_byte(bytes), vec![text(valid)]),
        ]
    }));
}

#[test]
fn group_6_utf8_that_is_not() {
    run(INVALID.iter().flat_map(|(invalid, _)| {
        let inside = [b"\xce\xba fine until here ", *invalid, b" and after"].concat();
        let name = format!("{invalid:x?}");
        let violation = Violation::TextNotUtf8;
        [
            bad(&name, vec![frame(FIN | TEXT, invalid)], vec![], violation),
            bad(&name, vec![frame(FIN | TEXT, &inside)], vec![], violation),
            bad(&name, byte_by_byte(&inside), vec![], violation),
        ]
    }));
    let cut_off = ["\u{e9}", "\u{20ac}", "\u{1f600}"];
    run(cut_off.into_iter().flat_map(|point| {
        (1..point.len()).map(move |end| {
            let payload = &point.as_bytes()[..end];
            let frames = vec![frame(FIN | TEXT, payload), frame(FIN | PING, b"too late")];
            bad(format!("{payload:x?}"), frames, vec![], Violation::TextNotUtf8)
        })
    }));
}

#[test]
fn group_6_utf8_fails_at_the_first_bad_byte() {
    for (invalid, known) in INVALID {
        let valid = "\u{3ba}\u{1f79}\u{3c3}\u{3bc}\u{3b5}";
        let payload = [valid.as_bytes(), invalid, b" and more"].concat();
        let fails_at = valid.len() + known;
        // In the middle of a frame, and in fragments.
        let whole = frame(FIN | TEXT, &payload);
        let in_frame: Vec<&[u8]> = whole.chunks(1).skip(6).collect();
        let fragments = byte_by_byte(&payload);
        let in_fragments: Vec<&[u8]> = fragments.iter().skip(1).map(Vec::as_slice).collect();
        for (start, pieces) in [(&whole[..6], in_frame), (&fragments[0][..], in_fragments)] {
            for delivery in [ROOMY, Delivery::Parts] {
                let mut reader = Reader::new(Role::Server, delivery, None);
                let mut input = BytesMut::from(start);
                assert_eq!(reader.next(&mut input), Ok(None));
                let failed = pieces.iter().position(|piece| {
                    input.extend_from_slice(piece);
                    loop {
                        match reader.next(&mut input) {
                            Ok(Some(_)) => {}
                            Ok(None) => return false,
                            Err(violation) => {
                                assert_eq!(violation, Violation::TextNotUtf8);
                                return true;
                            }
                        }
                    }
                });
                assert_eq!(failed, Some(fails_at - 1), "{invalid:x?} {delivery:?}");
            }
        }
    }
}

#[test]
fn group_7_closing() {
    let longest = "*".repeat(123);
    let with =
        |code: u16, phrase: &[u8]| frame(FIN | CLOSE, &[&code.to_be_bytes()[..], phrase].concat());
    let nothing = Event::Close { code: None, phrase: String::new() };
    run([
        good("nothing said", vec![frame(FIN | CLOSE, b"")], vec![nothing]),
        good("a code", vec![with(1000, b"")], vec![closed(1000, "")]),
        good("a phrase", vec![with(1000, b"Hello")], vec![closed(1000, "Hello")]),
        good(
            "the longest phrase",
            vec![with(1000, longest.as_bytes())],
            vec![closed(1000, &longest)],
        ),
        bad(
            "a phrase that is too long",
            vec![with(1000, &[b'*'; 124])],
            vec![],
            Violation::LongControl,
        ),
        bad("half a code", vec![frame(FIN | CLOSE, b"a")], vec![], Violation::HalfCloseCode),
        bad(
            "a phrase that is no text",
            vec![with(1000, b"\xce\xba\xed\xa0\x80")],
            vec![],
            Violation::PhraseNotUtf8,
        ),
        good(
            "a message, a close, and what nobody listens to any more",
            vec![
                frame(FIN | TEXT, b"Hello"),
                with(1000, b""),
                frame(FIN | TEXT, b"after"),
                frame(FIN | PING, b"after"),
                with(1001, b""),
                vec![0xff; 100],
            ],
            vec![text("Hello"), closed(1000, "")],
        ),
    ]);
    let valid = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014];
    run(valid
        .into_iter()
        .chain([3000, 3999, 4000, 4999])
        .map(|code| good(format!("code {code}"), vec![with(code, b"")], vec![closed(code, "")])));
    let invalid = [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535];
    run(invalid.into_iter().map(|code| {
        let frames = vec![with(code, b"why not")];
        bad(format!("code {code}"), frames, vec![], Violation::CloseCode(code))
    }));
}
