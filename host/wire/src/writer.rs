//! From messages to frames (RFC 6455 §5, §6.1).

use std::fmt;

use bytes::{Bytes, BytesMut};

use crate::close;
use crate::frame::{CONTROL_BYTES_MAX, Header, Opcode};
use crate::mask::Mask;
use crate::message::Message;
use crate::output::{INLINE_BYTES_MAX, Output};
use crate::shared::Shared;

/// Where a client's masking keys come from.
type Keys = Box<dyn FnMut() -> [u8; 4] + Send>;

/// Speaks to one peer.
pub struct Writer {
    /// A client's. A server masks nothing (RFC 6455 §5.1).
    keys: Option<Keys>,
}

impl Writer {
    /// A server's.
    #[must_use]
    pub fn server() -> Self {
        Self { keys: None }
    }

    /// A client's. `keys` gives a fresh masking key for each frame, which nobody who chooses the
    /// payload may be able to predict (RFC 6455 §5.3, §10.3).
    #[must_use]
    pub fn client(keys: impl FnMut() -> [u8; 4] + Send + 'static) -> Self {
        Self { keys: Some(Box::new(keys)) }
    }

    /// Writes a message, in one frame.
    pub fn message(&mut self, message: &Message, out: &mut Output) {
        let (opcode, payload) = take_apart(message);
        self.frame(Frame { opcode, fin: true, compressed: false }, payload, out);
    }

    /// Writes a message that others are sent as well, in one frame. What can be shared of the work
    /// is done once.
    pub fn shared(&mut self, message: &Shared, out: &mut Output) {
        self.message(message.message(), out);
    }

    /// Writes a part of a message, as a frame of its own: the first, the last, both or neither.
    /// Parts are not compressed.
    ///
    /// Between a first part and its last there may be other parts of that message and control
    /// frames, and nothing else (RFC 6455 §5.4): the caller sees to it.
    pub fn part(&mut self, part: &Message, first: bool, last: bool, out: &mut Output) {
        let (kind, payload) = take_apart(part);
        let opcode = if first { kind } else { Opcode::Continuation };
        self.frame(Frame { opcode, fin: last, compressed: false }, payload, out);
    }

    /// Writes a ping. The payload is what the caller has made sure is at most
    /// [`CONTROL_BYTES_MAX`]; more is cut off.
    pub fn ping(&mut self, payload: &[u8], out: &mut Output) {
        self.control(Opcode::Ping, payload, out);
    }

    /// Writes a pong, with the payload of the ping that it answers (RFC 6455 §5.5.3). More than
    /// [`CONTROL_BYTES_MAX`], which no ping has, is cut off.
    pub fn pong(&mut self, payload: &[u8], out: &mut Output) {
        self.control(Opcode::Pong, payload, out);
    }

    /// Writes a Close frame, behind which nothing more may be written (RFC 6455 §5.5.1): the caller
    /// sees to it, and that the code may be sent (RFC 6455 §7.4). A phrase of more than
    /// [`PHRASE_BYTES_MAX`](crate::PHRASE_BYTES_MAX) is cut off between two code points; without
    /// a code there is no place for one.
    pub fn close(&mut self, code: Option<u16>, phrase: &str, out: &mut Output) {
        let Some(code) = code else { return self.control(Opcode::Close, &[], out) };
        let phrase = close::cut(phrase).as_bytes();
        let mut payload = [0; CONTROL_BYTES_MAX];
        let length = size_of::<u16>() + phrase.len();
        payload[..size_of::<u16>()].copy_from_slice(&code.to_be_bytes());
        payload[size_of::<u16>()..length].copy_from_slice(phrase);
        self.control(Opcode::Close, &payload[..length], out);
    }

    fn control(&mut self, opcode: Opcode, payload: &[u8], out: &mut Output) {
        let payload = &payload[..payload.len().min(CONTROL_BYTES_MAX)];
        let key = self.keys.as_mut().map(|keys| keys());
        let frame = Frame { opcode, fin: true, compressed: false };
        gather(frame, key, payload, out);
    }

    /// Writes a data frame.
    fn frame(&mut self, frame: Frame, payload: &Bytes, out: &mut Output) {
        let key = self.keys.as_mut().map(|keys| keys());
        if payload.len() < INLINE_BYTES_MAX {
            return gather(frame, key, payload, out);
        }
        let (header, length) = frame.header(key, payload.len()).format();
        let payload = match key {
            None => payload.clone(),
            Some(key) => {
                let mut masked = BytesMut::from(&payload[..]);
                Mask::new(key).apply(&mut masked);
                masked.freeze()
            }
        };
        out.push(&header[..length], payload);
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").field("masks", &self.keys.is_some()).finish_non_exhaustive()
    }
}

/// A frame before its payload is known.
#[derive(Clone, Copy)]
struct Frame {
    opcode: Opcode,
    fin: bool,
    compressed: bool,
}

impl Frame {
    fn header(self, key: Option<[u8; 4]>, payload_bytes: usize) -> Header {
        let Self { opcode, fin, compressed } = self;
        Header { opcode, fin, compressed, key, payload_bytes: payload_bytes as u64 }
    }
}

/// Writes a small frame: its payload is copied, and masked where it then lies.
fn gather(frame: Frame, key: Option<[u8; 4]>, payload: &[u8], out: &mut Output) {
    let (header, length) = frame.header(key, payload.len()).format();
    let copied = out.gather(&header[..length], payload);
    if let Some(key) = key {
        Mask::new(key).apply(copied);
    }
}

fn take_apart(message: &Message) -> (Opcode, &Bytes) {
    match message {
        Message::Text(text) => (Opcode::Text, text.as_bytes()),
        Message::Binary(data) => (Opcode::Binary, data),
    }
}
