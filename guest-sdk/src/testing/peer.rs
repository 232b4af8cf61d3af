//! The other end of a session.

use std::fmt;
use std::rc::Rc;

use crate::mock::{Control, by_cause, by_peer};
use crate::testing::room::{Incoming, Room, Seat, Takes};
use crate::{
    CloseCause, CloseEvent, Decode, Encode, Error, Initiator, Message, ServerEndpoint, Session,
};

/// The most bytes of a piece of a message, as a host cuts it.
const PIECE_BYTES_MAX: usize = 64 << 10;

/// The most messages of one call, and the most bytes of them where they are more than one.
const BATCH_MAX: (usize, usize) = (128, 64 << 10);

/// The peer of one session, played by a test. See the [module](super).
///
/// Once the session is not open, what a peer does goes unheard, as on a host.
pub struct Peer<E> {
    room: Rc<Room<E>>,
    seat: Rc<Seat<E>>,
    key: Option<String>,
}

impl<E: ServerEndpoint> Peer<E> {
    pub(super) fn new(room: &Rc<Room<E>>, seat: Seat<E>, key: Option<String>) -> Self {
        Self { room: Rc::clone(room), seat: room.admit(seat), key }
    }

    /// The key of the session's instance; nothing where the host was given no
    /// [`keys`](super::Host::keys). Sessions with one key would share an instance.
    #[must_use]
    pub fn instance_key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// The session's id.
    #[must_use]
    pub fn id(&self) -> String {
        self.seat.wire.id()
    }

    /// A handle to the session, as guest code has it: for its properties, for what waits for the
    /// peer, or to be given to a function of yours.
    #[must_use]
    pub fn session(&self) -> Session {
        Session::new(crate::mock::Session::of(&self.seat.wire))
    }

    /// Sends a message. It has been delivered when this returns, unless an answer waits for this
    /// peer to read; a message above the session's limit closes it with 1009. An endpoint that
    /// takes messages piece by piece gets pieces of 64 KiB.
    ///
    /// # Panics
    ///
    /// Where the message cannot be encoded: that is the test's own fault. And where the endpoint
    /// panics, here and wherever a peer does something.
    pub fn send(&self, message: impl Encode) {
        let message = encoded(message);
        match self.seat.takes() {
            Takes::Messages => self.room.receive(&self.seat, [Incoming::Message(message)]),
            Takes::Pieces => self.send_pieces([message]),
            Takes::Batches => self.send_batch([message]),
        }
    }

    /// Sends messages that arrive together, to an endpoint that takes several in one call: at most
    /// 128, and at most 64 KiB of them, the others in the next call. Where one is too large, those
    /// before it are delivered, and it closes the session with 1009. No messages are none.
    pub fn send_batch(&self, messages: impl IntoIterator<Item = impl Into<Message>>) {
        let limit = self.seat.wire.settings().max_message_size;
        let mut fits: Vec<Message> = messages.into_iter().map(Into::into).collect();
        let large = fits.iter().position(|message| message.len() as u64 > limit);
        let large = large.map(|at| fits.split_off(at));
        let batches = batches(fits).into_iter().map(Incoming::Batch);
        // A message that is too large is delivered to nobody, however it would have been.
        let large = large.and_then(|behind| behind.into_iter().next()).map(Incoming::Message);
        self.room.receive(&self.seat, batches.chain(large));
    }

    /// Sends one message to an endpoint that takes messages piece by piece, cut as it is here; a
    /// piece above 64 KiB is cut again, and an empty one is delivered only as the last, as by a
    /// host. No pieces are no message.
    ///
    /// # Panics
    ///
    /// Where the pieces are of two kinds: no message is.
    pub fn send_pieces(&self, pieces: impl IntoIterator<Item = impl Into<Message>>) {
        let sent: Vec<Message> = pieces.into_iter().map(Into::into).collect();
        let kind = sent.first().map(Message::is_text);
        let is_one = sent.iter().all(|piece| Some(piece.is_text()) == kind);
        assert!(is_one, "the test's message: text or binary, not both");
        let mut pieces: Vec<Message> = sent.iter().flat_map(cut).collect();
        let Some(last) = pieces.pop() else { return };
        pieces.retain(|piece| !piece.is_empty());
        let before = pieces.into_iter().map(|piece| Incoming::Piece(piece, false));
        self.room.receive(&self.seat, before.chain([Incoming::Piece(last, true)]));
    }

    /// Reads the next message, if one was sent that is whole and not held back. What waited for the
    /// room that this makes has happened when it returns.
    #[must_use = "a message that is read is not there to be read again"]
    pub fn read(&self) -> Option<Message> {
        loop {
            let message = self.seat.wire.queue().read();
            // What has happened now may be the message that was not there, or its end.
            let is_more = self.room.advance(&self.seat);
            if message.is_some() || !is_more {
                return message;
            }
        }
    }

    /// Reads the next message as a `T`, say a [`Json`](crate::Json).
    ///
    /// # Panics
    ///
    /// Where the message is no `T`.
    #[must_use = "a message that is read is not there to be read again"]
    pub fn read_as<T: Decode>(&self) -> Option<T> {
        let decode = |message: Message| {
            let shown = format!("{message:?}");
            T::decode(message).unwrap_or_else(|error| panic!("{shown}: {}", Error::from(error)))
        };
        self.read().map(decode)
    }

    /// Reads all messages that there are, those among them that come while it reads.
    pub fn read_all(&self) -> Vec<Message> {
        std::iter::from_fn(|| self.read()).collect()
    }

    /// Sends a pong. An endpoint that does not override `on_pong` hears nothing of it.
    pub fn pong(&self, data: impl AsRef<[u8]>) {
        self.room.receive(&self.seat, [Incoming::Pong(data.as_ref().to_vec())]);
    }

    /// The pings and pongs that have come with what was read so far, each once.
    #[must_use = "a control frame that is taken is not there to be taken again"]
    pub fn controls(&self) -> Vec<Control> {
        self.seat.wire.queue().take_controls()
    }

    /// Closes the session with this code and phrase; 1005 stands for a Close frame without a code.
    /// `on_close` has returned when this does. What the peer has not read is lost.
    pub fn close(&self, code: u16, phrase: &str) {
        self.seat.end(by_peer(code, phrase), true);
        self.room.settle();
    }

    /// Ends the session for this cause, [`CloseCause::ConnectionLost`] or a timeout or a host that
    /// stops; [`CloseCause::Requested`] is [`close`](Self::close) with 1000.
    pub fn end(&self, cause: CloseCause) {
        let event = by_cause(cause);
        let is_gone = event.initiator != Initiator::Host || cause == CloseCause::WriteTimeout;
        self.seat.end(event, is_gone);
        self.room.settle();
    }

    /// How the session ended, if it has: what `on_close` was told.
    #[must_use]
    pub fn closed(&self) -> Option<CloseEvent> {
        self.seat.wire.queue().ended().cloned()
    }

    /// What `on_error` was told so far, and a host has written to the deployment's log.
    #[must_use]
    pub fn errors(&self) -> Vec<String> {
        self.seat.errors()
    }

    /// Looks at the endpoint's own fields. Nothing where the session has ended: the endpoint is
    /// dropped after `on_close`.
    pub fn endpoint<R>(&self, look: impl FnOnce(&E) -> R) -> Option<R> {
        self.seat.look(look)
    }
}

fn encoded(message: impl Encode) -> Message {
    let encoded = message.encode();
    encoded.unwrap_or_else(|error| panic!("the test's message: {}", Error::from(error)))
}

/// The messages as a host delivers them that have arrived together.
fn batches(messages: Vec<Message>) -> Vec<Vec<Message>> {
    let (messages_max, bytes_max) = BATCH_MAX;
    let mut batches: Vec<Vec<Message>> = Vec::new();
    let mut bytes = 0;
    for message in messages {
        let with_it = bytes + message.len();
        match batches.last_mut() {
            Some(batch) if batch.len() < messages_max && with_it <= bytes_max => {
                bytes = with_it;
                batch.push(message);
            }
            Some(_) | None => {
                bytes = message.len();
                batches.push(vec![message]);
            }
        }
    }
    batches
}

/// The message as a host cuts it: no piece is too large, no code point is cut.
fn cut(message: &Message) -> Vec<Message> {
    let mut pieces = Vec::new();
    match message {
        Message::Text(text) => {
            let mut rest = text.as_str();
            while rest.len() > PIECE_BYTES_MAX {
                let (piece, more) = rest.split_at(rest.floor_char_boundary(PIECE_BYTES_MAX));
                pieces.push(Message::from(piece));
                rest = more;
            }
            pieces.push(Message::from(rest));
        }
        Message::Binary(data) if data.is_empty() => pieces.push(message.clone()),
        Message::Binary(data) => {
            pieces.extend(data.chunks(PIECE_BYTES_MAX).map(Message::from));
        }
    }
    pieces
}

impl<E: ServerEndpoint> fmt::Debug for Peer<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Peer").field("id", &self.id()).finish_non_exhaustive()
    }
}
