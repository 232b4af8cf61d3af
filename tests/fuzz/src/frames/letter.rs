//! What whole frames mean by the letter of RFC 6455 §5, read another time, without any state
//! between two bytes.

use bytes::Bytes;
use sockhop_wire::{Delivery, Event, Message, Role};

use super::Case;

/// What a stream means.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// These events, and then it breaks a rule.
    Broken(Vec<Event>),
    /// These events, and no more.
    Whole(Vec<Event>),
    /// These events, and what may become another frame.
    Cut(Vec<Event>),
}

/// A message that has not ended: its opcode, and its payload so far.
type Begun = Option<(u8, Vec<u8>)>;

/// The meaning of a stream; nothing where a compressed message is in it.
pub(super) fn read(stream: &[u8], case: &Case) -> Option<Meaning> {
    let mut events = Vec::new();
    let mut message = None;
    let mut rest = stream;
    while !rest.is_empty() {
        let Some((first, second, payload, behind)) = frame(rest) else {
            return Some(Meaning::Cut(events));
        };
        if case.agreed.is_some() && first & 0x40 != 0 {
            return None;
        }
        let is_masked = second & 0x80 != 0;
        let is_minimal = match second & 0x7f {
            126 => payload.len() > 125,
            127 => payload.len() > usize::from(u16::MAX),
            _ => true,
        };
        if first & 0x70 != 0 || is_masked != (case.role == Role::Server) || !is_minimal {
            return Some(Meaning::Broken(events));
        }
        match of_frame(first & 0x80 != 0, first & 0xf, payload, &mut message, case) {
            Err(()) => return Some(Meaning::Broken(events)),
            Ok(None) => {}
            Ok(Some(event)) => {
                events.push(event);
                if first & 0xf == 8 {
                    return Some(Meaning::Whole(events));
                }
            }
        }
        rest = behind;
    }
    Some(Meaning::Whole(events))
}

/// The frame that a stream begins with: its first two bytes, its payload, unmasked, and what is
/// behind it.
fn frame(stream: &[u8]) -> Option<(u8, u8, Vec<u8>, &[u8])> {
    let ([first, second], rest) = stream.split_first_chunk()?;
    let length_bytes = match second & 0x7f {
        126 => 2,
        127 => 8,
        _ => 0,
    };
    let (length, rest) = rest.split_at_checked(length_bytes)?;
    let length = match length_bytes {
        0 => u64::from(second & 0x7f),
        _ => length.iter().fold(0, |length, byte| length << 8 | u64::from(*byte)),
    };
    let (key, rest) = rest.split_at_checked(if second & 0x80 != 0 { 4 } else { 0 })?;
    let (payload, behind) = rest.split_at_checked(usize::try_from(length).ok()?)?;
    let key = if key.is_empty() { &[0] } else { key };
    let payload = payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key).collect();
    Some((*first, *second, payload, behind))
}

fn of_frame(
    is_final: bool,
    opcode: u8,
    payload: Vec<u8>,
    message: &mut Begun,
    case: &Case,
) -> Result<Option<Event>, ()> {
    if opcode >= 8 {
        return if is_final && payload.len() <= 125 {
            control(opcode, payload).map(Some)
        } else {
            Err(())
        };
    }
    match (opcode, &mut *message) {
        (0, Some((_, so_far))) => so_far.extend(payload),
        (1 | 2, None) => *message = Some((opcode, payload)),
        _ => return Err(()),
    }
    let Some((kind, so_far)) = message else { return Err(()) };
    if let Delivery::Whole { max_message_bytes } = case.delivery
        && so_far.len() > max_message_bytes
    {
        return Err(());
    }
    if *kind == 1
        && let Err(error) = str::from_utf8(so_far)
        && (is_final || error.error_len().is_some())
    {
        return Err(());
    }
    Ok(message.take_if(|_| is_final).map(|(kind, payload)| {
        Event::Message(match kind {
            1 => Message::Text(String::from_utf8_lossy(&payload).into_owned().into()),
            _ => Message::Binary(payload.into()),
        })
    }))
}

fn control(opcode: u8, payload: Vec<u8>) -> Result<Event, ()> {
    let payload = Bytes::from(payload);
    match (opcode, &payload[..]) {
        (9, _) => Ok(Event::Ping(payload)),
        (10, _) => Ok(Event::Pong(payload)),
        (8, []) => Ok(Event::Close { code: None, phrase: String::new() }),
        (8, [one, two, phrase @ ..]) => {
            let code = u16::from_be_bytes([*one, *two]);
            // RFC 6455 §7.4, and what is registered since.
            let may_be_sent = match code {
                1004..=1006 | 1015.. if code < 3000 => false,
                _ => (1000..5000).contains(&code),
            };
            let phrase = str::from_utf8(phrase).map_err(|_| ())?.to_owned();
            if may_be_sent { Ok(Event::Close { code: Some(code), phrase }) } else { Err(()) }
        }
        _ => Err(()),
    }
}
