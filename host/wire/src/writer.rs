//! From messages to frames (RFC 6455 §5, §6.1).

use std::fmt;

use bytes::{Bytes, BytesMut};

use crate::close;
use crate::deflate::Outbound;
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
    /// Compression, where it was agreed.
    outbound: Option<Outbound>,
}

impl Writer {
    /// A server's. `deflate` is what was agreed on for what the server sends.
    #[must_use]
    pub fn server(deflate: Option<Outbound>) -> Self {
        Self { keys: None, outbound: deflate }
    }

    /// A client's. `deflate` is what was agreed on for what the client sends; `keys` gives a fresh
    /// masking key for each frame, which nobody who chooses the payload may be able to predict (RFC
    /// 6455 §5.3, §10.3).
    #[must_use]
    pub fn client(
        deflate: Option<Outbound>,
        keys: impl FnMut() -> [u8; 4] + Send + 'static,
    ) -> Self {
        Self { keys: Some(Box::new(keys)), outbound: deflate }
    }

    /// Writes a message, in one frame. It is compressed where that was agreed and is worth it.
    pub fn message(&mut self, message: &Message, out: &mut Output) {
        let (opcode, payload) = take_apart(message);
        let compressed = match &mut self.outbound {
            Some(outbound) if outbound.wants(payload.len()) => outbound.compress(payload),
            _ => None,
        };
        self.whole(opcode, payload, compressed.as_ref(), out);
    }

    /// Writes a message that others are sent as well, in one frame. It is compressed at most once
    /// for all who forget what they were sent before (RFC 7692 §7.1.1); those who do not
    /// need it each in their own context.
    pub fn shared(&mut self, message: &Shared, out: &mut Output) {
        let (opcode, payload) = take_apart(message.message());
        let compressed = match &mut self.outbound {
            Some(outbound) if outbound.wants(payload.len()) => match outbound.shared_key() {
                Some(key) => message.compressed(key, |payload| outbound.compress(payload)),
                None => &outbound.compress(payload),
            },
            _ => &None,
        };
        self.whole(opcode, payload, compressed.as_ref(), out);
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
        let mask = self.keys.as_mut().map(|keys| Mask::new(keys()));
        let frame = Frame { opcode, fin: true, compressed: false };
        gather(frame, mask, payload, out);
    }

    fn whole(
        &mut self,
        opcode: Opcode,
        payload: &Bytes,
        compressed: Option<&Bytes>,
        out: &mut Output,
    ) {
        let frame = Frame { opcode, fin: true, compressed: compressed.is_some() };
        self.frame(frame, compressed.unwrap_or(payload), out);
    }

    /// Writes a data frame.
    fn frame(&mut self, frame: Frame, payload: &Bytes, out: &mut Output) {
        let mask = self.keys.as_mut().map(|keys| Mask::new(keys()));
        if payload.len() < INLINE_BYTES_MAX {
            return gather(frame, mask, payload, out);
        }
        let (header, length) = frame.header(mask, payload.len()).format();
        let payload = match mask {
            None => payload.clone(),
            Some(mut mask) => {
                let mut masked = BytesMut::from(&payload[..]);
                mask.apply(&mut masked);
                masked.freeze()
            }
        };
        out.push(&header[..length], payload);
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer")
            .field("masks", &self.keys.is_some())
            .field("outbound", &self.outbound)
            .finish()
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
    fn header(self, mask: Option<Mask>, payload_bytes: usize) -> Header {
        let Self { opcode, fin, compressed } = self;
        Header { opcode, fin, compressed, mask, payload_bytes: payload_bytes as u64 }
    }
}

/// Writes a small frame: its payload is copied, and masked where it then lies.
fn gather(frame: Frame, mask: Option<Mask>, payload: &[u8], out: &mut Output) {
    let (header, length) = frame.header(mask, payload.len()).format();
    let copied = out.gather(&header[..length], payload);
    if let Some(mut mask) = mask {
        mask.apply(copied);
    }
}

fn take_apart(message: &Message) -> (Opcode, &Bytes) {
    match message {
        Message::Text(text) => (Opcode::Text, text.as_bytes()),
        Message::Binary(data) => (Opcode::Binary, data),
    }
}
