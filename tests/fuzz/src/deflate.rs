//! Compressed messages: what a peer sends is inflated to the same bytes in whatever steps, never
//! beyond the room, and to what another inflater makes of it; what is compressed is inflated again.

use bytes::BytesMut;
use miniz_oxide::inflate::stream::{InflateState, inflate};
use miniz_oxide::{DataFormat, MZFlush, MZStatus};
use sockhop_wire::Role;
use sockhop_wire::deflate::{Agreed, Corrupt, Inbound, Outbound, Policy};

use crate::Random;
use crate::input::Input;

/// The most messages of one input.
const MESSAGES_MAX: usize = 8;

/// Inflating stops behind so many bytes. No input needs more to show what it does.
const INFLATED_BYTES_MAX: usize = 256 << 10;

/// What stands behind a message that is complete: its tail (RFC 7692 §7.2.2), and an empty final
/// block.
const TAIL_AND_END: [u8; 6] = [0, 0, 0xff, 0xff, 3, 0];

/// What came of messages in a row.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Inflated,
    Corrupt(Corrupt),
    /// More than is looked at.
    TooBig,
}

pub(crate) fn target(data: &[u8]) {
    let mut input = Input::new(data);
    let (policy, agreed) = input.agreed();
    let flags = input.byte();
    let role = if flags & 1 == 0 { Role::Server } else { Role::Client };
    let mut messages = Vec::new();
    while !input.is_empty() && messages.len() < MESSAGES_MAX {
        messages.push(input.piece());
    }

    let at_once = inflate_all(role, &agreed, &messages, None);
    let mut steps = Random::new(u64::from(flags));
    let in_steps = inflate_all(role, &agreed, &messages, Some(&mut steps));
    assert_eq!(in_steps, at_once, "in steps");
    if let Some(message) = messages.first() {
        let forgets = match role {
            Role::Server => agreed.client_no_context_takeover(),
            Role::Client => agreed.server_no_context_takeover(),
        };
        agrees_with_another(message, forgets, &at_once);
    }
    comes_back(role, &agreed, &policy, &messages);
}

/// Inflates messages, at once or in steps. What was inflated is returned as one, cut to what is
/// looked at; with it the length of the first message, if it was complete.
fn inflate_all(
    role: Role,
    agreed: &Agreed,
    messages: &[&[u8]],
    mut steps: Option<&mut Random>,
) -> (Vec<u8>, Option<usize>, Outcome) {
    let mut inbound = Inbound::new(role, agreed);
    let mut out = BytesMut::new();
    let mut first = None;
    for message in messages {
        let outcome = inflate_one(&mut inbound, message, &mut out, &mut steps);
        if outcome != Outcome::Inflated {
            out.truncate(INFLATED_BYTES_MAX);
            return (out.to_vec(), first, outcome);
        }
        first = first.or(Some(out.len()));
    }
    (out.to_vec(), first, Outcome::Inflated)
}

fn inflate_one(
    inbound: &mut Inbound,
    message: &[u8],
    out: &mut BytesMut,
    steps: &mut Option<&mut Random>,
) -> Outcome {
    let mut next = |most: usize| match steps {
        None => most,
        Some(random) => random.few_of(most),
    };
    let mut rest = message;
    let mut is_room_filled = false;
    while !rest.is_empty() || is_room_filled {
        let before = out.len();
        let piece = &rest[..next(rest.len())];
        let room = next(INFLATED_BYTES_MAX);
        let step = match inbound.step(piece, out, room) {
            Ok(step) => step,
            Err(corrupt) => return Outcome::Corrupt(corrupt),
        };
        assert_eq!(out.len() - before, step.produced, "more or less came than was said");
        assert!(step.produced <= room && step.used <= piece.len(), "{step:?} of {room}");
        is_room_filled = step.produced == room;
        assert!(is_room_filled || step.used == piece.len(), "there was room for more: {step:?}");
        rest = &rest[step.used..];
        if out.len() > INFLATED_BYTES_MAX {
            return Outcome::TooBig;
        }
    }
    loop {
        let before = out.len();
        let room = next(INFLATED_BYTES_MAX);
        let finish = match inbound.finish(out, room) {
            Ok(finish) => finish,
            Err(corrupt) => return Outcome::Corrupt(corrupt),
        };
        assert_eq!(out.len() - before, finish.produced, "more or less came than was said");
        assert!(finish.produced <= room, "{finish:?} of {room}");
        if out.len() > INFLATED_BYTES_MAX {
            return Outcome::TooBig;
        }
        if finish.done {
            return Outcome::Inflated;
        }
        assert!(finish.produced > 0, "it neither ends nor goes on");
    }
}

/// Holds the first message against what another library makes of it, up to its first final block.
/// Only who forgets notices each message that breaks off.
fn agrees_with_another(
    message: &[u8],
    forgets: bool,
    (out, first, outcome): &(Vec<u8>, Option<usize>, Outcome),
) {
    let stream = [message, &TAIL_AND_END].concat();
    let of_message = another(message).0;
    let with_tail = another(&stream[..message.len() + 4]).0;
    let (whole, end) = another(&stream);
    // The other inflates a block before it looks whether it can end.
    let is_seen_sooner = *outcome == Outcome::Corrupt(Corrupt::Invalid) && first.is_none();
    let same = out.iter().zip(&of_message).take_while(|(one, two)| one == two).count();
    assert!(same == of_message.len() || (is_seen_sooner && same == out.len()), "another beginning");
    let is_taken = first.is_some() && !message.is_empty();
    if with_tail.len() > of_message.len() || (whole.len() > of_message.len() && forgets) {
        assert!(!is_taken, "the tail was inflated to something, so it is no tail");
        return;
    }
    match end {
        None => assert!(!(is_taken && forgets), "what was inflated is no stream"),
        Some(end) if end == stream.len() && whole == of_message => {
            assert_eq!(*first, Some(whole.len()), "{outcome:?} instead of a whole message");
        }
        Some(_) => {}
    }
}

/// What another library inflates of a stream, cut to what is looked at, and where its first final
/// block ends.
fn another(stream: &[u8]) -> (Vec<u8>, Option<usize>) {
    let mut out = vec![0; INFLATED_BYTES_MAX + 1];
    let mut state = InflateState::new_boxed(DataFormat::Raw);
    let result = inflate(&mut state, stream, &mut out, MZFlush::Finish);
    out.truncate(result.bytes_written.min(INFLATED_BYTES_MAX));
    (out, (result.status == Ok(MZStatus::StreamEnd)).then_some(result.bytes_consumed))
}

/// Sends the messages the other way, to a peer.
fn comes_back(role: Role, agreed: &Agreed, policy: &Policy, messages: &[&[u8]]) {
    let peer = match role {
        Role::Server => Role::Client,
        Role::Client => Role::Server,
    };
    let mut outbound = Outbound::new(role, agreed, policy.level, policy.threshold_bytes);
    let mut inbound = Inbound::new(peer, agreed);
    for message in messages {
        let Some(compressed) = outbound.compress(message) else {
            assert!(message.is_empty() || outbound.shared_key().is_some(), "history is lost");
            continue;
        };
        assert!(outbound.shared_key().is_none() || compressed.len() < message.len());
        let mut out = BytesMut::new();
        let outcome = inflate_one(&mut inbound, &compressed, &mut out, &mut None);
        assert_eq!(outcome, Outcome::Inflated);
        assert_eq!(out, *message);
    }
}
