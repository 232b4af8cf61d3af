//! Frames made by hand, right or wrong, and a peer that feeds them to a reader.

use bytes::{BufMut, BytesMut};
use sockhop_wire::{Delivery, Event, Message, Reader, Role, Violation};

pub(crate) const FIN: u8 = 0x80;
pub(crate) const RSV1: u8 = 0x40;
pub(crate) const RSV2: u8 = 0x20;
pub(crate) const RSV3: u8 = 0x10;
pub(crate) const CONTINUATION: u8 = 0;
pub(crate) const TEXT: u8 = 1;
pub(crate) const BINARY: u8 = 2;
pub(crate) const CLOSE: u8 = 8;
pub(crate) const PING: u8 = 9;
pub(crate) const PONG: u8 = 10;

/// A client's masking key.
pub(crate) const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// The most that a message may have in these tests, in bytes.
pub(crate) const LIMIT: usize = 1000;

pub(crate) const WHOLE: Delivery = Delivery::Whole { max_message_bytes: LIMIT };

/// A header that announces `length`, whatever comes behind it.
pub(crate) fn header(first: u8, key: Option<[u8; 4]>, length: u64) -> Vec<u8> {
    let masked = if key.is_some() { 0x80 } else { 0 };
    let mut bytes = vec![first];
    match length {
        0..=125 => bytes.put_u8(masked | length as u8),
        126..=0xffff => {
            bytes.put_u8(masked | 126);
            bytes.put_u16(length as u16);
        }
        _ => {
            bytes.put_u8(masked | 127);
            bytes.put_u64(length);
        }
    }
    bytes.extend(key.unwrap_or_default().iter().take(if key.is_some() { 4 } else { 0 }));
    bytes
}

/// A frame to a reader in `role`: masked, if that is a server.
pub(crate) fn frame_to(role: Role, first: u8, payload: &[u8]) -> Vec<u8> {
    let key = (role == Role::Server).then_some(KEY);
    let mut bytes = header(first, key, payload.len() as u64);
    let key = key.unwrap_or_default();
    bytes.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
    bytes
}

/// A client's frame.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    frame_to(Role::Server, first, payload)
}

pub(crate) fn text(text: &str) -> Event {
    Event::Message(Message::Text(text.into()))
}

pub(crate) fn binary(data: &[u8]) -> Event {
    Event::Message(Message::Binary(data.to_vec().into()))
}

/// What a reader makes of pieces that arrive one after another: the events, and the violation
/// that ended it, if one did.
pub(crate) fn feed<'a>(
    mut reader: Reader,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> (Vec<Event>, Option<Violation>) {
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
        assert!(input.is_empty(), "what was not understood is kept by the reader");
    }
    (events, None)
}

/// Puts the parts of each message together again, and checks what is promised of them. A message
/// that has not ended is left out.
pub(crate) fn join(events: Vec<Event>) -> Vec<Event> {
    let mut joined = Vec::new();
    let mut parts: Option<(bool, Vec<u8>)> = None;
    for event in events {
        let Event::Part { part, last } = event else {
            joined.push(event);
            continue;
        };
        assert!(last || part.payload_bytes() > 0, "an empty part that is not the last");
        assert!(part.payload_bytes() <= sockhop_wire::PART_BYTES_MAX);
        let is_text = matches!(part, Message::Text(_));
        let (of_text, bytes) = parts.get_or_insert((is_text, Vec::new()));
        assert_eq!(*of_text, is_text, "a part of another kind than the first");
        match part {
            Message::Text(text) => bytes.extend_from_slice(text.as_ref()),
            Message::Binary(data) => bytes.extend_from_slice(&data),
        }
        if last {
            let (_, bytes) = parts.take().expect("there is one");
            joined.push(Event::Message(if is_text {
                Message::Text(String::from_utf8(bytes).expect("parts are text").into())
            } else {
                Message::Binary(bytes.into())
            }));
        }
    }
    joined
}
