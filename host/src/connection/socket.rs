//! The WebSocket under a session: the wire engine between a connection's bytes and its messages.

mod ending;

use std::io::IoSlice;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use sockhop_session::outbound::Outgoing;
use sockhop_session::{CloseCause, CloseReason, Control, ControlKind, Message};
use sockhop_wire::deflate::{Inbound, Outbound};
use sockhop_wire::{Delivery, Event, Output, Reader, Role, Violation, Writer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;
use tokio_util::io::poll_read_buf;

use super::buffers;
use super::keys::{self, KeepAlive};
use super::marks::Marks;
use super::settings::Settings;

/// How much is gathered and not written yet before nothing more is taken, in bytes. It is what a
/// peer that does not read costs beside its session's queue.
pub(super) const OUTPUT_BYTES_MAX: usize = 64 << 10;

/// How many reads and frames that nobody hears of are dealt with before other connections have a
/// turn.
const UNHEARD_IN_A_TURN_MAX: u32 = 128;

/// How many pieces one system call writes.
const SLICES_MAX: usize = 16;

/// What comes from the peer.
#[derive(Debug)]
pub(super) enum Incoming {
    /// A whole message.
    Message(Message),
    /// A piece of a message.
    Part { piece: Message, last: bool },
    /// A pong that is no answer to a ping of the host's.
    Pong(Bytes),
    /// A Close frame.
    Close { code: Option<u16>, phrase: String },
    /// The peer broke a rule; nothing more can be read.
    Misbehaved(CloseCause),
    /// The connection has ended, or has failed.
    Ended,
}

/// The connection cannot be written to any more.
#[derive(Debug)]
pub(super) struct Gone;

/// When something last happened.
#[derive(Clone, Copy, Debug)]
pub(super) struct Activity {
    /// Bytes came.
    pub(super) heard: Instant,
    /// A frame came that is no answer to a ping of the host's, or a piece of a message.
    pub(super) received: Instant,
    /// Something was written, and not only such a ping; kept where there is a limit for it, as each
    /// look at the clock costs as much as a small frame.
    pub(super) sent: Instant,
    /// Since when the peer has taken nothing of what waits for it.
    pub(super) stalled: Option<Instant>,
}

/// A connection that speaks WebSocket.
pub(super) struct Socket<IO> {
    io: IO,
    /// This side's.
    role: Role,
    reader: Reader,
    writer: Writer,
    input: BytesMut,
    output: Output,
    /// The payload of the last ping that was not answered: an answer to it answers those before it
    /// as well (RFC 6455 §5.5.3).
    owed_pong: Option<Bytes>,
    /// What was written may be held by the layer below.
    dirty: bool,
    /// Something else than a ping of the host's was gathered.
    says: bool,
    takes_parts: bool,
    /// Whether anybody hears of pongs.
    hears_pongs: bool,
    /// What the host pings with, once it has.
    keep_alive: Option<KeepAlive>,
    /// Something was read of which no event has come yet.
    is_fresh: bool,
    /// Whether anybody asks when something was written.
    notes_sent: bool,
    activity: Activity,
    marks: Marks,
}

impl<IO: AsyncRead + AsyncWrite + Unpin> Socket<IO> {
    /// Takes over after the handshake. `already_read` is what came behind it, which is the first to
    /// be read.
    pub(super) fn new(
        role: Role,
        io: IO,
        already_read: Bytes,
        delivery: Delivery,
        hears_pongs: bool,
        settings: &Settings,
    ) -> Self {
        let compression = settings.compression.as_ref();
        let inbound = compression.map(|with| Inbound::new(role, &with.agreed));
        let outbound = compression
            .map(|with| Outbound::new(role, &with.agreed, with.level, with.threshold_bytes));
        let writer = match role {
            Role::Server => Writer::server(outbound),
            Role::Client => Writer::client(outbound, keys::next),
        };
        let now = Instant::now();
        Self {
            io,
            role,
            reader: Reader::new(role, delivery, inbound),
            writer,
            input: BytesMut::from(already_read),
            output: Output::new(),
            owed_pong: None,
            dirty: false,
            says: false,
            takes_parts: matches!(delivery, Delivery::Parts),
            hears_pongs,
            keep_alive: None,
            is_fresh: false,
            notes_sent: settings.idle_timeout.is_some(),
            activity: Activity { heard: now, received: now, sent: now, stalled: None },
            marks: Marks::default(),
        }
    }

    /// The marks among what was taken.
    pub(super) fn marks(&mut self) -> &mut Marks {
        &mut self.marks
    }

    /// The largest message that is taken from the next one on, in bytes.
    pub(super) fn set_max_message_bytes(&mut self, max_message_bytes: usize) {
        if !self.takes_parts {
            self.reader.set_delivery(Delivery::Whole { max_message_bytes });
        }
    }

    /// From now on somebody asks when something was written.
    pub(super) fn note_sent(&mut self) {
        if !std::mem::replace(&mut self.notes_sent, true) {
            self.activity.sent = Instant::now();
        }
    }

    /// When something last happened.
    pub(super) fn activity(&self) -> &Activity {
        &self.activity
    }

    /// The next thing that the peer says. Pings are answered here.
    pub(super) fn poll_incoming(&mut self, cx: &mut Context<'_>) -> Poll<Incoming> {
        for _ in 0..UNHEARD_IN_A_TURN_MAX {
            if self.owed_pong.is_some() {
                // A peer that asks and reads no answers is not read from either.
                match self.poll_flush(cx) {
                    Poll::Ready(Ok(())) => {}
                    Poll::Ready(Err(Gone)) => {
                        return Poll::Ready(self.left_over().unwrap_or(Incoming::Ended));
                    }
                    Poll::Pending if self.is_full() => return Poll::Pending,
                    Poll::Pending => {}
                }
                self.answer_ping();
            }
            match self.reader.next(&mut self.input) {
                Ok(Some(event)) => {
                    if let Some(incoming) = self.incoming(event) {
                        return Poll::Ready(incoming);
                    }
                }
                Ok(None) => {
                    if std::mem::take(&mut self.is_fresh) && !self.reader.is_between_messages() {
                        self.activity.received = self.activity.heard;
                    }
                    if ready!(self.poll_read(cx)).is_err() {
                        return Poll::Ready(Incoming::Ended);
                    }
                }
                Err(violation) => {
                    return Poll::Ready(Incoming::Misbehaved(misbehaviour(&violation)));
                }
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// The next thing that the peer has said, if it is here whole already: nothing is read for it,
    /// nothing written, and nobody waited for.
    pub(super) fn at_hand(&mut self) -> Option<Incoming> {
        for _ in 0..UNHEARD_IN_A_TURN_MAX {
            if self.owed_pong.is_some() {
                return None;
            }
            let event = match self.reader.next(&mut self.input) {
                Ok(event) => event?,
                Err(violation) => return Some(Incoming::Misbehaved(misbehaviour(&violation))),
            };
            if let Some(incoming) = self.incoming(event) {
                return Some(incoming);
            }
        }
        None
    }

    fn incoming(&mut self, event: Event) -> Option<Incoming> {
        self.is_fresh = false;
        if let (Event::Pong(payload), Some(keep_alive)) = (&event, &self.keep_alive)
            && payload == &keep_alive[..]
        {
            return None;
        }
        self.activity.received = self.activity.heard;
        match event {
            Event::Message(message) => Some(Incoming::Message(message)),
            Event::Part { part, last } => Some(Incoming::Part { piece: part, last }),
            Event::Close { code, phrase } => Some(Incoming::Close { code, phrase }),
            Event::Ping(payload) => {
                // A copy: what is owed must not hold on to the read buffer.
                self.owed_pong = Some(Bytes::copy_from_slice(&payload));
                self.answer_ping();
                None
            }
            // A copy, as above.
            Event::Pong(payload) => {
                self.hears_pongs.then(|| Incoming::Pong(Bytes::copy_from_slice(&payload)))
            }
        }
    }

    /// Reads some bytes. Between reads a connection holds no buffer.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Gone>> {
        if self.input.capacity() == 0 || !buffers::has_room(&mut self.input) {
            self.input = buffers::lend();
        }
        match poll_read_buf(Pin::new(&mut self.io), cx, &mut self.input) {
            Poll::Ready(Ok(1..)) => {
                self.activity.heard = Instant::now();
                self.is_fresh = true;
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Ok(0) | Err(_)) => Poll::Ready(Err(Gone)),
            Poll::Pending => {
                buffers::give_back(std::mem::take(&mut self.input));
                Poll::Pending
            }
        }
    }

    /// Whether nothing more may be handed over until something has been written.
    pub(super) fn is_full(&self) -> bool {
        self.output.len() >= OUTPUT_BYTES_MAX
    }

    /// Takes what is to be written next, behind all else. It leaves with the next flush.
    pub(super) fn send(&mut self, outgoing: Outgoing) {
        if let Outgoing::Mark(mark) = outgoing {
            return self.marks.add(mark, self.output.len());
        }
        self.gather();
        match &outgoing {
            Outgoing::Message(message) => self.writer.message(message, &mut self.output),
            Outgoing::Shared(message) => self.writer.shared(message, &mut self.output),
            Outgoing::Piece { piece, first, last } => {
                self.writer.part(piece, *first, *last, &mut self.output);
            }
            Outgoing::Control(Control { kind: ControlKind::Ping, payload }) => {
                self.writer.ping(payload, &mut self.output);
            }
            Outgoing::Control(Control { kind: ControlKind::Pong, payload }) => {
                self.writer.pong(payload, &mut self.output);
            }
            Outgoing::Mark(_) => {}
            Outgoing::Close(request) => self.send_close(&request.reason),
        }
    }

    /// Takes a message, as [`send`](Self::send) does.
    pub(super) fn send_message(&mut self, message: &Message) {
        self.gather();
        self.writer.message(message, &mut self.output);
    }

    /// Takes a Close frame, behind all messages.
    pub(super) fn send_close(&mut self, reason: &CloseReason) {
        self.answer_close(reason.wire_code(), reason.phrase());
    }

    /// Takes a Close frame with this code, if any.
    pub(super) fn answer_close(&mut self, code: Option<u16>, phrase: &str) {
        self.gather();
        self.writer.close(code, phrase, &mut self.output);
    }

    /// Asks the peer whether it is there.
    pub(super) fn send_keep_alive(&mut self) {
        let said = self.says;
        let keep_alive = *self.keep_alive.get_or_insert_with(keys::keep_alive);
        self.gather();
        self.says = said;
        self.writer.ping(&keep_alive, &mut self.output);
    }

    fn answer_ping(&mut self) {
        if !self.is_full()
            && let Some(payload) = self.owed_pong.take()
        {
            self.gather();
            self.writer.pong(&payload, &mut self.output);
        }
    }

    fn gather(&mut self) {
        self.says = true;
        self.dirty = true;
        if self.output.is_empty() {
            self.output.lend(buffers::lend());
        }
    }

    /// Writes all that was taken, in as few calls as it takes.
    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Gone>> {
        while self.dirty {
            while !self.output.is_empty() {
                let written = ready!(self.poll_write(cx));
                if written.is_err() {
                    return Poll::Ready(Err(Gone));
                }
            }
            match Pin::new(&mut self.io).poll_flush(cx) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(_)) => return Poll::Ready(Err(Gone)),
                Poll::Pending => {
                    // The layer below has it, and the peer does not take it.
                    self.activity.stalled.get_or_insert_with(Instant::now);
                    return Poll::Pending;
                }
            }
            self.dirty = false;
            self.activity.stalled = None;
            self.says = false;
            buffers::give_back(self.output.release());
            self.answer_ping();
        }
        Poll::Ready(Ok(()))
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Gone>> {
        let io = Pin::new(&mut self.io);
        // One piece, the most frequent case, costs the kernel less as such than as a list of one.
        let written = if let Some(piece) = self.output.one_piece() {
            io.poll_write(cx, piece)
        } else {
            let mut slices = [IoSlice::new(&[]); SLICES_MAX];
            let count = self.output.io_slices(&mut slices);
            io.poll_write_vectored(cx, &slices[..count])
        };
        match written {
            Poll::Ready(Ok(written @ 1..)) => {
                self.output.advance(written);
                self.marks.wrote(written);
                self.activity.stalled = None;
                if self.notes_sent && self.says {
                    self.activity.sent = Instant::now();
                }
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Ok(0) | Err(_)) => Poll::Ready(Err(Gone)),
            Poll::Pending => {
                self.activity.stalled.get_or_insert_with(Instant::now);
                Poll::Pending
            }
        }
    }
}

/// What the peer has done, by the rule that it broke: the one mapping.
fn misbehaviour(violation: &Violation) -> CloseCause {
    match violation.close_code() {
        1007 => CloseCause::InvalidPayload,
        1009 => CloseCause::MessageTooBig,
        _ => CloseCause::ProtocolError,
    }
}
