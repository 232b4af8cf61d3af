//! From bytes to events: what a peer says (RFC 6455 §5, §6.2).

mod assembly;
mod compressed;
mod event;
mod parts;
mod payload;
mod plain;

use bytes::{Buf, BytesMut};

use crate::close;
use crate::deflate::Inbound;
use crate::frame::{HEADER_BYTES_MAX, Header, Opcode};
use crate::mask::Mask;
use crate::violation::Violation;
use crate::{Kind, Role};
use assembly::Assembly;
pub use event::{Delivery, Event};
pub use parts::PART_BYTES_MAX;
use parts::Parts;
use payload::Payload;

/// Understands one peer.
#[derive(Debug)]
pub struct Reader {
    role: Role,
    delivery: Delivery,
    /// Decompression, where it was agreed.
    inbound: Option<Inbound>,
    stage: Stage,
    /// The beginning of a header whose end has not arrived.
    header: [u8; HEADER_BYTES_MAX],
    header_bytes: usize,
    /// The frame that is being read.
    payload: Payload,
    /// The message that is being read: it may go on over many frames.
    message: Option<Unfinished>,
    /// Whether the last message that began is compressed.
    is_compressed: bool,
    /// The beginning of a control frame's payload whose end has not arrived.
    control: BytesMut,
}

/// What the next byte belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Header,
    /// To a data frame's payload.
    Data,
    /// To a control frame's payload.
    Control(Opcode),
    /// To nothing: a Close frame has come.
    Closed,
}

/// A message of which the end has not come.
#[derive(Debug)]
enum Unfinished {
    Whole(Assembly),
    Parts(Parts),
}

/// What was made of what is there of a frame.
#[derive(Debug)]
struct Progress {
    event: Option<Event>,
    /// Whether that was the rest of it.
    is_frame_done: bool,
}

impl Reader {
    /// A reader for a connection of which nothing has been read behind the handshake. `role` is
    /// this side's, `deflate` what was agreed on for what the peer sends.
    #[must_use]
    pub fn new(role: Role, delivery: Delivery, deflate: Option<Inbound>) -> Self {
        Self {
            role,
            delivery,
            inbound: deflate,
            stage: Stage::Header,
            header: [0; HEADER_BYTES_MAX],
            header_bytes: 0,
            payload: Payload::NONE,
            message: None,
            is_compressed: false,
            control: BytesMut::new(),
        }
    }

    /// How messages are handed on, from the next one on that begins.
    pub fn set_delivery(&mut self, delivery: Delivery) {
        self.delivery = delivery;
    }

    /// Whether it stands between two messages, with nothing half read.
    #[must_use]
    pub fn is_between_messages(&self) -> bool {
        self.stage == Stage::Header && self.header_bytes == 0 && self.message.is_none()
    }

    /// The next event in `input`, of which what was used for it is taken. Between two calls bytes
    /// may be put behind what is left in `input`, but what is left must stay as it is.
    ///
    /// `None` where more is needed: all of `input` has been taken then, so that its memory can be
    /// given back. A message's payload is not copied if all of it is in `input`; it then shares the
    /// memory. What arrives in pieces takes memory as it arrives, never as it was announced.
    ///
    /// # Errors
    /// A rule that the peer broke. Nothing more may be read then.
    #[inline]
    pub fn next(&mut self, input: &mut BytesMut) -> Result<Option<Event>, Violation> {
        // A driver asks once more than there are events, and then there is nothing to be done.
        if input.is_empty() && self.stage == Stage::Header { Ok(None) } else { self.take(input) }
    }

    /// The next event, where there is something to take or a frame has begun.
    fn take(&mut self, input: &mut BytesMut) -> Result<Option<Event>, Violation> {
        loop {
            let event = match self.stage {
                Stage::Header => {
                    let Some(header) = self.header(input)? else { return Ok(None) };
                    match self.begin(&header, input)? {
                        Some(event) => return Ok(Some(event)),
                        None => continue,
                    }
                }
                Stage::Data => self.data(input)?,
                Stage::Control(opcode) => self.control(opcode, input)?,
                Stage::Closed => {
                    input.clear();
                    None
                }
            };
            // A frame that made no event and is not at its end has taken all there was.
            if event.is_some() || self.stage != Stage::Header {
                return Ok(event);
            }
        }
    }

    /// Takes a header, or what is there of it.
    fn header(&mut self, input: &mut BytesMut) -> Result<Option<Header>, Violation> {
        if self.header_bytes == 0
            && let Some((header, length)) = Header::parse(input, self.role, self.inbound.is_some())?
        {
            input.advance(length);
            return Ok(Some(header));
        }
        self.header_in_pieces(input)
    }

    /// Takes a header byte by byte, and keeps what is there of it.
    #[cold]
    fn header_in_pieces(&mut self, input: &mut BytesMut) -> Result<Option<Header>, Violation> {
        while let (Some(slot), [byte, ..]) = (self.header.get_mut(self.header_bytes), &input[..]) {
            *slot = *byte;
            input.advance(1);
            self.header_bytes += 1;
            let header = &self.header[..self.header_bytes];
            if let Some((header, _)) = Header::parse(header, self.role, self.inbound.is_some())? {
                self.header_bytes = 0;
                return Ok(Some(header));
            }
        }
        Ok(None)
    }

    /// Begins a frame. Where that is a whole message and in `input`, it is taken at once.
    fn begin(&mut self, header: &Header, input: &mut BytesMut) -> Result<Option<Event>, Violation> {
        let kind = match header.opcode {
            Opcode::Text => Kind::Text,
            Opcode::Binary => Kind::Binary,
            Opcode::Continuation => {
                let message = self.message.as_ref().ok_or(Violation::NothingToContinue)?;
                self.announce(message, header)?;
                return Ok(self.enter(Stage::Data, header));
            }
            control @ (Opcode::Close | Opcode::Ping | Opcode::Pong) => {
                return Ok(self.enter(Stage::Control(control), header));
            }
        };
        if self.message.is_some() {
            return Err(Violation::UnfinishedMessage);
        }
        let message = match self.delivery {
            Delivery::Whole { max_message_bytes } => {
                let length = usize::try_from(header.payload_bytes).unwrap_or(usize::MAX);
                let at_hand = input.len().min(max_message_bytes);
                if header.fin && !header.compressed && length <= at_hand {
                    let mut payload = payload::split(input, length);
                    header.mask.unwrap_or(Mask::NONE).apply(&mut payload);
                    return Ok(Some(Event::Message(assembly::whole(kind, payload.freeze())?)));
                }
                Unfinished::Whole(Assembly::new(kind, max_message_bytes))
            }
            Delivery::Parts => Unfinished::Parts(Parts::new(kind)),
        };
        self.is_compressed = header.compressed;
        self.announce(&message, header)?;
        self.message = Some(message);
        Ok(self.enter(Stage::Data, header))
    }

    /// Goes on with a frame's payload, of which nothing has made an event yet.
    fn enter(&mut self, stage: Stage, header: &Header) -> Option<Event> {
        self.stage = stage;
        self.payload = Payload::of(header);
        None
    }

    /// Judges a frame by the length that it announces, before any of it is kept. What is compressed
    /// is judged by what comes of it.
    fn announce(&self, message: &Unfinished, header: &Header) -> Result<(), Violation> {
        match message {
            Unfinished::Whole(assembly) if !self.is_compressed => {
                assembly.announce(header.payload_bytes)
            }
            Unfinished::Whole(_) | Unfinished::Parts(_) => Ok(()),
        }
    }

    /// Takes what is there of a data frame's payload. Most messages are whole, and never come here.
    #[inline(never)]
    fn data(&mut self, input: &mut BytesMut) -> Result<Option<Event>, Violation> {
        let payload = &mut self.payload;
        payload.arrive(input);
        let inbound = self.inbound.as_mut().filter(|_| self.is_compressed);
        let progress = match (&mut self.message, inbound) {
            (Some(Unfinished::Whole(kept)), None) => plain::keep(kept, payload, input)?,
            (Some(Unfinished::Whole(kept)), Some(inbound)) => {
                compressed::keep(inbound, kept, payload, input)?
            }
            (Some(Unfinished::Parts(parts)), None) => plain::part(parts, payload, input)?,
            (Some(Unfinished::Parts(parts)), Some(inbound)) => {
                compressed::part(inbound, parts, payload, input)?
            }
            // No data frame is begun without a message.
            (None, _) => Progress { event: None, is_frame_done: true },
        };
        if progress.is_frame_done {
            self.stage = Stage::Header;
            if self.payload.fin
                && let Some(Unfinished::Whole(kept)) = self.message.take()
            {
                return Ok(Some(Event::Message(kept.finish()?)));
            }
        }
        Ok(progress.event)
    }

    /// Takes what is there of a control frame's payload.
    #[inline(never)]
    fn control(
        &mut self,
        opcode: Opcode,
        input: &mut BytesMut,
    ) -> Result<Option<Event>, Violation> {
        let there = self.payload.arrive(input);
        let piece = self.payload.take(input, there);
        if !self.payload.is_taken() {
            self.control.extend_from_slice(&piece);
            return Ok(None);
        }
        let payload = if self.control.is_empty() {
            piece.freeze()
        } else {
            self.control.extend_from_slice(&piece);
            std::mem::take(&mut self.control).freeze()
        };
        self.stage = Stage::Header;
        match opcode {
            Opcode::Ping => Ok(Some(Event::Ping(payload))),
            Opcode::Pong => Ok(Some(Event::Pong(payload))),
            _close => {
                self.stage = Stage::Closed;
                let (code, phrase) = close::parse(&payload)?;
                Ok(Some(Event::Close { code, phrase }))
            }
        }
    }
}
