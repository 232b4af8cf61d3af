//! Peers that send what is no message, or one that is far too large.

use proptest::prelude::*;

use super::*;

/// Both kinds of reader.
fn readers() -> [Inbound; 2] {
    [agreed(true, true, 15, 15), agreed(false, false, 15, 15)]
        .map(|agreed| Inbound::new(Role::Server, &agreed))
}

/// A message as a peer compresses it.
fn compressed(payload: &[u8]) -> Bytes {
    let mut outbound = Outbound::new(Role::Client, &agreed(true, true, 15, 15), 9, 0);
    outbound.compress(payload).expect("history")
}

#[test]
fn a_bomb_stops_where_the_room_ends() {
    let bomb = compressed(&vec![0; 64 * 1024 * 1024]);
    assert!(bomb.len() < 100_000);
    for mut inbound in readers() {
        let mut out = BytesMut::new();
        let step = inbound.step(&bomb, &mut out, 70_001).expect("valid so far");
        assert_eq!((step.produced, out.len()), (70_001, 70_001));
        assert!(step.used < 1000, "{} bytes of input used", step.used);
    }
}

#[test]
fn no_room_does_nothing() {
    for mut inbound in readers() {
        let mut out = BytesMut::new();
        assert_eq!(inbound.step(b"\xff", &mut out, 0), Ok(Step { used: 0, produced: 0 }));
        assert_eq!(inbound.finish(&mut out, 0), Ok(Finish { produced: 0, done: false }));
    }
}

#[test]
fn a_message_that_just_fills_the_room_still_ends() {
    let text = prose(1000, 1);
    for mut inbound in readers() {
        for _ in 0..3 {
            let mut out = BytesMut::new();
            let message = compressed(&text);
            let step = inbound.step(&message, &mut out, text.len()).expect("valid");
            assert_eq!(step.produced, text.len());
            let step = inbound.step(&message[step.used..], &mut out, 1).expect("valid");
            assert_eq!(step.produced, 0);
            assert_eq!(inbound.finish(&mut out, 1), Ok(Finish { produced: 0, done: true }));
            assert_eq!(out, text);
        }
    }
}

#[test]
fn what_is_no_deflate_data_is_corrupt() {
    for input in [
        // RFC 1951 §3.2.3: a reserved block type; §3.2.4: lengths that do not match; §3.2.5: a
        // reference back to what was never sent.
        b"\x06".as_slice(),
        b"\x00\x05\x00\x00\x00Hello\x00",
        b"\x02\x11\x00\x00",
    ] {
        for mut inbound in readers() {
            let came = inflate(&mut inbound, input, 1, 100);
            assert!(came.is_err(), "{input:?} gave {came:?}");
        }
    }
}

#[test]
fn a_message_that_breaks_off_is_corrupt() {
    let text = prose(2000, 4);
    let message = compressed(&text);
    for bytes in 1..message.len() {
        let mut inbound = Inbound::new(Role::Server, &agreed(false, false, 15, 15));
        let came = inflate(&mut inbound, &message[..bytes], 100, 10_000);
        assert!(came.is_err(), "after {bytes} of {} bytes", message.len());
    }
    // RFC 1951 §3.2.7: a block whose code lengths go on beyond the tail, which is no error by
    // itself.
    let mut inbound = Inbound::new(Role::Server, &agreed(false, false, 15, 15));
    let came = inflate(&mut inbound, b"\x04\xe0\x01", 100, 100);
    assert_eq!(came, Err(Corrupt::Unfinished));
}

#[test]
fn a_message_that_breaks_off_in_a_stored_block_does_not_swallow_its_tail() {
    for mut inbound in readers() {
        let input = b"\x00\x09\x00\xf6\xffHello";
        assert_eq!(inflate(&mut inbound, input, 100, 100), Err(Corrupt::Unfinished));
    }
}

#[test]
fn final_blocks_inside_a_message_end_nothing() {
    let hello = b"\xf3\x48\xcd\xc9\xc9\x07\x00".as_slice();
    for mut inbound in readers() {
        for (input, wanted) in [
            // Without the last byte, with it, twice, and with a block that is not final behind it.
            (hello.to_vec(), "Hello".to_owned()),
            ([hello, b"\0"].concat(), "Hello".to_owned()),
            (hello.repeat(2), "HelloHello".to_owned()),
            ([hello, b"\xf2\x48\xcd\xc9\xc9\x07\x00"].concat(), "HelloHello".to_owned()),
            // The empty block at the end may be a final one itself.
            (b"\x00\x05\x00\xfa\xffHello\x01".to_vec(), "Hello".to_owned()),
            (b"\x03\x00".repeat(20_000), String::new()),
            ([hello.repeat(5000), b"\0".to_vec()].concat(), "Hello".repeat(5000)),
        ] {
            for (piece, room) in [(1, 1), (5, 5), (7, 5), (1000, 1), (usize::MAX, 100_000)] {
                let came = inflate(&mut inbound, &input, piece, room).expect("valid");
                assert_eq!(came, wanted.as_bytes(), "in pieces of {piece}, room for {room}");
            }
            let next = inflate(&mut inbound, b"\xf2\x48\xcd\xc9\xc9\x07\x00", 100, 100);
            assert_eq!(next.as_deref(), Ok(b"Hello".as_slice()), "after {wanted:?}");
        }
    }
}

#[test]
fn history_does_not_reach_across_a_final_block() {
    // RFC 7692 §7.2.3.2: "Hello" as a reference to the message before.
    let reference = b"\xf2\x00\x11\x00\x00".as_slice();
    let mut inbound = Inbound::new(Role::Server, &agreed(true, true, 15, 15));
    let hello = b"\xf3\x48\xcd\xc9\xc9\x07\x00\x00".as_slice();
    assert_eq!(inflate(&mut inbound, hello, 100, 100).as_deref(), Ok(b"Hello".as_slice()));
    assert_eq!(inflate(&mut inbound, reference, 100, 100), Err(Corrupt::Invalid));
}

#[test]
fn without_takeover_history_does_not_reach_into_the_next_message() {
    let hello = b"\xf2\x48\xcd\xc9\xc9\x07\x00".as_slice();
    let reference = b"\xf2\x00\x11\x00\x00".as_slice();
    let mut inbound = Inbound::new(Role::Server, &agreed(true, false, 15, 15));
    assert_eq!(inflate(&mut inbound, hello, 100, 100).as_deref(), Ok(b"Hello".as_slice()));
    assert_eq!(inflate(&mut inbound, reference, 100, 100), Err(Corrupt::Invalid));
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused_and_always_to_an_end(
        input in prop::collection::vec(any::<u8>(), 0..400),
        piece in 1..50_usize,
        room in 1..5000_usize,
    ) {
        for mut inbound in readers() {
            // The helper asserts that each step advances as the contract says.
            if let Ok(message) = inflate(&mut inbound, &input, piece, room) {
                prop_assert!(message.len() <= 1032 * (input.len() + 4), "RFC 1951 can do no more");
            }
        }
    }

    #[test]
    fn a_flipped_bit_is_never_more_than_a_wrong_or_refused_message(
        bytes in 1..3000_usize,
        at in any::<prop::sample::Index>(),
        bit in 0..8_u32,
        room in 1..5000_usize,
    ) {
        let mut message = compressed(&prose(bytes, 8)).to_vec();
        let at = at.index(message.len());
        message[at] ^= 1_u8 << bit;
        // However it is cut, it is the same message, or none.
        let [_, mut whole] = readers();
        let [_, mut cut] = readers();
        prop_assert_eq!(
            inflate(&mut whole, &message, usize::MAX, 1 << 20),
            inflate(&mut cut, &message, 1, room)
        );
    }
}
