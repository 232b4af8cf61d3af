//! From bytes to events: what a peer says (RFC 6455 §5, §6.2).

mod assembly;
mod parts;
mod payload;

use bytes::{Buf, Bytes, BytesMut};

use crate::close;
use crate::frame::{HEADER_BYTES_MAX, Header, Opcode};
use crate::violation::Violation;
use crate::{Kind, Message, Role};
use assembly::Assembly;
pub use parts::PART_BYTES_MAX;
use parts::Parts;
use payload::Payload;

/// How data messages are handed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// Whole: all of a message is kept until its end has come.
    Whole {
        /// The most that a message may have, in bytes of its payload, decompressed. A longer one is
        /// a violation as soon as it is known to be longer.
        max_message_bytes: usize,
    },
    /// In parts, as they arrive, also from inside of a frame. A message may then be of any length.
    Parts,
}

/// What the peer said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A data message ([`Delivery::Whole`]).
    Message(Message),
    /// The next part of a data message ([`Delivery::Parts`]).
    Part {
        /// What came: at most [`PART_BYTES_MAX`], whole code points where it is text, and empty
        /// only where it is the last.
        part: Message,
        /// Whether the message ends with it.
        last: bool,
    },
    /// A ping with its payload, at most 125 bytes, which the pong must have too (RFC 6455 §5.5.3).
    Ping(Bytes),
    /// A pong with its payload, at most 125 bytes.
    Pong(Bytes),
    /// A Close frame. Whatever comes behind it is ignored (RFC 6455 §5.5.1).
    Close {
        /// The code, if there is one: one of those that may be sent (RFC 6455 §7.4).
        code: Option<u16>,
        /// The phrase, which may be empty.
        phrase: String,
    },
}

/// Understands one peer.
#[derive(Debug)]
pub struct Reader {
    role: Role,
    delivery: Delivery,
    stage: Stage,
    /// The beginning of a header whose end has not arrived.
    header: [u8; HEADER_BYTES_MAX],
    header_bytes: usize,
    /// The frame that is being read.
    payload: Payload,
    /// The message that is being read: it may go on over many frames.
    message: Option<Unfinished>,
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

impl Reader {
    /// A reader for a connection of which nothing has been read behind the handshake. `role` is
    /// this side's.
    #[must_use]
    pub fn new(role: Role, delivery: Delivery) -> Self {
        Self {
            role,
            delivery,
            stage: Stage::Header,
            header: [0; HEADER_BYTES_MAX],
            header_bytes: 0,
            payload: Payload::NONE,
            message: None,
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
    pub fn next(&mut self, input: &mut BytesMut) -> Result<Option<Event>, Violation> {
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
        let deflate = false;
        if self.header_bytes == 0
            && let Some((header, length)) = Header::parse(input, self.role, deflate)?
        {
            input.advance(length);
            return Ok(Some(header));
        }
        while let (Some(slot), [byte, ..]) = (self.header.get_mut(self.header_bytes), &input[..]) {
            *slot = *byte;
            input.advance(1);
            self.header_bytes += 1;
            let header = &self.header[..self.header_bytes];
            if let Some((header, _)) = Header::parse(header, self.role, deflate)? {
                self.header_bytes = 0;
                return Ok(Some(header));
            }
        }
        Ok(None)
    }

    /// Begins a frame. Where that is a whole message and in `input`, it is taken at once.
    fn begin(&mut self, header: &Header, input: &mut BytesMut) -> Result<Option<Event>, Violation> {
        self.payload = Payload::of(header);
        let kind = match header.opcode {
            Opcode::Text => Kind::Text,
            Opcode::Binary => Kind::Binary,
            Opcode::Continuation => {
                let message = self.message.as_ref().ok_or(Violation::NothingToContinue)?;
                message.announce(header)?;
                self.stage = Stage::Data;
                return Ok(None);
            }
            control @ (Opcode::Close | Opcode::Ping | Opcode::Pong) => {
                self.stage = Stage::Control(control);
                return Ok(None);
            }
        };
        if self.message.is_some() {
            return Err(Violation::UnfinishedMessage);
        }
        let message = match self.delivery {
            Delivery::Whole { max_message_bytes } => {
                let at_hand = input.len().min(max_message_bytes) as u64;
                if header.fin && !header.compressed && header.payload_bytes <= at_hand {
                    let length = self.payload.arrive(input);
                    let payload = self.payload.take(input, length).freeze();
                    return Ok(Some(Event::Message(assembly::whole(kind, payload)?)));
                }
                Unfinished::Whole(Assembly::new(kind, max_message_bytes))
            }
            Delivery::Parts => Unfinished::Parts(Parts::new(kind)),
        };
        message.announce(header)?;
        self.message = Some(message);
        self.stage = Stage::Data;
        Ok(None)
    }

    /// Takes what is there of a data frame's payload.
    fn data(&mut self, input: &mut BytesMut) -> Result<Option<Event>, Violation> {
        let there = self.payload.arrive(input);
        let (event, ends) = match &mut self.message {
            Some(Unfinished::Whole(assembly)) => {
                assembly.keep(self.payload.there(input))?;
                self.payload.skip(input, there);
                (None, self.payload.fin && self.payload.is_taken())
            }
            Some(Unfinished::Parts(parts)) => {
                let piece = self.payload.take(input, there.min(parts.room()));
                let last = self.payload.fin && self.payload.is_taken();
                (parts.part(piece, last)?, last)
            }
            // No data frame is begun without a message.
            None => (None, false),
        };
        if self.payload.is_taken() {
            self.stage = Stage::Header;
        }
        if !ends {
            return Ok(event);
        }
        match self.message.take() {
            Some(Unfinished::Whole(assembly)) => Ok(Some(Event::Message(assembly.finish()?))),
            Some(Unfinished::Parts(_)) | None => Ok(event),
        }
    }

    /// Takes what is there of a control frame's payload.
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

impl Unfinished {
    /// Judges a frame by the length that it announces: what is compressed by what becomes of it.
    fn announce(&self, header: &Header) -> Result<(), Violation> {
        match self {
            Self::Whole(assembly) => assembly.announce(header.payload_bytes),
            Self::Parts(_) => Ok(()),
        }
    }
}
