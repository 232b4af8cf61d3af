//! Every rule, broken once.

use sockhop_wire::{Delivery, Event, Reader, Role, Violation};

use crate::frames::*;

/// What is sent, what it is understood as, and the violation that it ends with.
fn check(bytes: &[u8], events: &[Event], violation: Violation) {
    check_as(Role::Server, bytes, events, violation);
}

fn check_as(role: Role, bytes: &[u8], events: &[Event], violation: Violation) {
    let expected = (events.to_vec(), Some(violation));
    let reader = || Reader::new(role, WHOLE, None);
    assert_eq!(feed(reader(), [bytes]), expected, "at once");
    assert_eq!(feed(reader(), bytes.chunks(1)), expected, "byte by byte");
}

#[test]
fn reserved_bits() {
    for bit in [RSV1, RSV2, RSV3] {
        for opcode in [TEXT, BINARY, CLOSE, PING, PONG] {
            check(&frame(FIN | bit | opcode, b""), &[], Violation::ReservedBit);
        }
        let fragments = [frame(TEXT, b"a"), frame(FIN | bit | CONTINUATION, b"b")].concat();
        check(&fragments, &[], Violation::ReservedBit);
    }
    let after_one = [frame(FIN | TEXT, b"a"), frame(FIN | RSV1 | TEXT, b"b")].concat();
    check(&after_one, &[text("a")], Violation::ReservedBit);
}

#[test]
fn reserved_opcodes() {
    for opcode in (3..=7).chain(11..=15) {
        check(&frame(FIN | opcode, b""), &[], Violation::ReservedOpcode(opcode));
        let after_one = [frame(FIN | TEXT, b"a"), frame(opcode, b"b")].concat();
        check(&after_one, &[text("a")], Violation::ReservedOpcode(opcode));
    }
}

#[test]
fn control_frames_in_fragments_or_too_long() {
    for opcode in [CLOSE, PING, PONG] {
        check(&frame(opcode, b""), &[], Violation::FragmentedControl);
        check(&frame(FIN | opcode, &[b'x'; 126]), &[], Violation::LongControl);
        check(&header(FIN | opcode, Some(KEY), 1 << 40), &[], Violation::LongControl);
    }
}

#[test]
fn masked_or_not_as_the_role_must_not_be() {
    check_as(Role::Server, &frame_to(Role::Client, FIN | TEXT, b"a"), &[], Violation::Unmasked);
    check_as(Role::Client, &frame_to(Role::Server, FIN | TEXT, b"a"), &[], Violation::Masked);
}

#[test]
fn lengths_in_more_bytes_than_they_need_or_out_of_range() {
    check(&[FIN | TEXT, 0x80 | 126, 0, 125], &[], Violation::LengthNotMinimal);
    let in_eight = |length: u64| {
        let mut bytes = vec![FIN | BINARY, 0x80 | 127];
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes
    };
    check(&in_eight(5), &[], Violation::LengthNotMinimal);
    check(&in_eight(65_535), &[], Violation::LengthNotMinimal);
    check(&in_eight(1 << 63), &[], Violation::LengthOutOfRange);
    check(&in_eight(u64::MAX), &[], Violation::LengthOutOfRange);
}

#[test]
fn continuations_of_nothing_and_messages_inside_messages() {
    for first in [CONTINUATION, FIN | CONTINUATION] {
        check(&frame(first, b"a"), &[], Violation::NothingToContinue);
        let after_one = [frame(FIN | TEXT, b"a"), frame(first, b"b")].concat();
        check(&after_one, &[text("a")], Violation::NothingToContinue);
    }
    for second in [TEXT, BINARY, FIN | TEXT, FIN | BINARY] {
        let inside = [frame(TEXT, b"a"), frame(second, b"b")].concat();
        check(&inside, &[], Violation::UnfinishedMessage);
    }
}

#[test]
fn close_frames_with_half_a_code_a_wrong_one_or_a_phrase_that_is_no_text() {
    check(&frame(FIN | CLOSE, b"\x03"), &[], Violation::HalfCloseCode);
    for code in [0_u16, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535] {
        check(&frame(FIN | CLOSE, &code.to_be_bytes()), &[], Violation::CloseCode(code));
    }
    check(&frame(FIN | CLOSE, b"\x03\xe8\xce\xba\xff"), &[], Violation::PhraseNotUtf8);
}

#[test]
fn text_fails_at_the_first_bad_byte_and_waits_for_no_more() {
    let bad = b"caf\xc3\xa9 \xf4\x90";
    // The frame announces more, and the message goes on after it.
    let announced = header(TEXT, Some(KEY), 500);
    let masked: Vec<u8> = bad.iter().zip(KEY.iter().cycle()).map(|(a, b)| a ^ b).collect();
    check(&[&announced[..], &masked[..]].concat(), &[], Violation::TextNotUtf8);
    let before = [&announced[..], &masked[..masked.len() - 1]].concat();
    assert_eq!(feed(Reader::new(Role::Server, WHOLE, None), [&before[..]]), (vec![], None));

    check(&frame(FIN | TEXT, b"\xc3"), &[], Violation::TextNotUtf8);
    let cut_off = [frame(TEXT, b"caf\xc3"), frame(FIN | CONTINUATION, b"")].concat();
    check(&cut_off, &[], Violation::TextNotUtf8);
    let surrogate = [frame(TEXT, b"\xed"), frame(CONTINUATION, b"\xa0")].concat();
    check(&surrogate, &[], Violation::TextNotUtf8);
}

#[test]
fn messages_are_too_big_as_soon_as_they_announce_it() {
    let too_big = Violation::TooBig { limit_bytes: LIMIT };
    check(&header(FIN | BINARY, Some(KEY), LIMIT as u64 + 1), &[], too_big);
    check(&header(FIN | TEXT, Some(KEY), i64::MAX as u64), &[], too_big);
    let second = header(CONTINUATION, Some(KEY), 1);
    check(&[frame(BINARY, &[0; LIMIT]), second].concat(), &[], too_big);
    let half_a_point = frame(TEXT, &[&[b'x'; LIMIT - 2][..], b"\xe2"].concat());
    check(&[half_a_point, header(CONTINUATION, Some(KEY), 2)].concat(), &[], too_big);
    let just_right = [frame(BINARY, &[0; LIMIT - 1]), frame(FIN | CONTINUATION, &[0])].concat();
    let read = feed(Reader::new(Role::Server, WHOLE, None), [&just_right[..]]);
    assert_eq!(read, (vec![binary(&[0; LIMIT])], None));
}

#[test]
fn parts_have_no_limit_and_no_announced_length_takes_memory() {
    let mut reader = Reader::new(Role::Server, Delivery::Parts, None);
    let mut input = header(FIN | BINARY, Some(KEY), i64::MAX as u64)[..].into();
    assert_eq!(reader.next(&mut input), Ok(None));
    assert!(!reader.is_between_messages());
    input.extend_from_slice(&KEY);
    let part = sockhop_wire::Message::Binary(vec![0; 4].into());
    assert_eq!(reader.next(&mut input), Ok(Some(Event::Part { part, last: false })));
}

#[test]
fn each_has_its_close_code() {
    assert_eq!(Violation::ReservedBit.close_code(), 1002);
    assert_eq!(Violation::Unmasked.close_code(), 1002);
    assert_eq!(Violation::CloseCode(1005).close_code(), 1002);
    assert_eq!(Violation::TextNotUtf8.close_code(), 1007);
    assert_eq!(Violation::PhraseNotUtf8.close_code(), 1007);
    assert_eq!(Violation::NotDeflate.close_code(), 1007);
    assert_eq!(Violation::TooBig { limit_bytes: 1 }.close_code(), 1009);
}
