//! The sessions of one endpoint, and the order in which their events are delivered.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;

use crate::bindings::sockhop::websocket::session::SendError as Unsent;
use crate::dispatch::OpenSession;
use crate::events::{Events, InBatches, InParts};
use crate::mock::{self, Directory, Offered, WAITING_BYTES_FOR_PIECES_MAX, Wire};
use crate::{
    Batch, BatchEndpoint, CloseCause, CloseEvent, Endpoint, Error, Message, Messages,
    PartialEndpoint, Result, SessionError,
};

/// How many tokens are told in a row before a test fails: nobody has so many under way, so each
/// asks for the next.
const TOKENS_IN_A_ROW_MAX: u32 = 10_000;

/// How an endpoint takes messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    Messages,
    Pieces,
    Batches,
}

/// An endpoint that is served, and can be looked at.
pub(super) trait Served<E>: Events {
    fn cell(&self) -> &RefCell<E>;

    /// How it takes messages.
    fn takes(&self) -> Takes;
}

impl<E: Endpoint> Served<E> for RefCell<E> {
    fn cell(&self) -> &Self {
        self
    }

    fn takes(&self) -> Takes {
        Takes::Messages
    }
}

impl<E: PartialEndpoint> Served<E> for InParts<E> {
    fn cell(&self) -> &RefCell<E> {
        &self.0
    }

    fn takes(&self) -> Takes {
        Takes::Pieces
    }
}

impl<E: BatchEndpoint> Served<E> for InBatches<E> {
    fn cell(&self) -> &RefCell<E> {
        &self.0
    }

    fn takes(&self) -> Takes {
        Takes::Batches
    }
}

/// The half that hears of events.
struct Ear<E>(Rc<dyn Served<E>>);

impl<E> Events for Ear<E> {
    fn on_message(&self, message: Message) -> Result<Option<Message>> {
        self.0.on_message(message)
    }

    fn on_part(&self, piece: Message, last: bool) -> Result<()> {
        self.0.on_part(piece, last)
    }

    fn on_messages(&self, messages: Messages<'_>) -> Result<()> {
        self.0.on_messages(messages)
    }

    fn on_pong(&self, data: Vec<u8>) -> Result<()> {
        self.0.on_pong(data)
    }

    fn on_sent(&self, token: u64) -> Result<()> {
        self.0.on_sent(token)
    }

    fn on_timer(&self, token: u64) -> Result<()> {
        self.0.on_timer(token)
    }

    fn on_error(&self, error: SessionError) {
        self.0.on_error(error);
    }

    fn on_close(&self, event: CloseEvent) -> Result<()> {
        self.0.on_close(event)
    }
}

/// What a peer has sent and the endpoint has not heard of yet.
#[derive(Debug)]
pub(super) enum Incoming {
    Message(Message),
    Piece(Message, bool),
    /// At least one, none of which is too large.
    Batch(Vec<Message>),
    Pong(Vec<u8>),
    /// Nothing of the peer's: what was queued before this token has left.
    Sent(u64),
    /// Nor this: the timer with this token is due.
    Timer(u64),
}

/// One session.
pub(super) struct Seat<E> {
    pub(super) wire: Arc<Wire>,
    /// Until `on_close` has returned.
    guest: RefCell<Option<Rc<Guest<E>>>>,
    inbox: RefCell<VecDeque<Incoming>>,
    /// An answer that waits for room in the queue.
    answer: RefCell<Option<Message>>,
    errors: RefCell<Vec<String>>,
}

/// What became of a step.
enum Step {
    /// There was nothing to do, or no room for it.
    Nothing,
    /// An event was delivered, and its answer waits for room.
    Waits,
    /// Another may follow.
    Done,
}

struct Guest<E> {
    served: Rc<dyn Served<E>>,
    session: OpenSession,
}

impl<E: 'static> Seat<E> {
    pub(super) fn new(wire: Arc<Wire>, served: Rc<dyn Served<E>>) -> Self {
        let session = OpenSession::of(Box::new(Ear(Rc::clone(&served))));
        Self {
            wire,
            guest: RefCell::new(Some(Rc::new(Guest { served, session }))),
            inbox: RefCell::default(),
            answer: RefCell::default(),
            errors: RefCell::default(),
        }
    }

    pub(super) fn errors(&self) -> Vec<String> {
        self.errors.borrow().clone()
    }

    pub(super) fn has_ended(&self) -> bool {
        self.guest.borrow().is_none()
    }

    pub(super) fn takes(&self) -> Takes {
        self.guest().map_or(Takes::Messages, |guest| guest.served.takes())
    }

    pub(super) fn look<R>(&self, look: impl FnOnce(&E) -> R) -> Option<R> {
        let guest = self.guest()?;
        let endpoint = guest.served.cell().borrow();
        Some(look(&endpoint))
    }

    /// Whether it is to be told of a token, and no answer is before that.
    fn hears_now(&self) -> bool {
        self.wire.queue().has_token() && self.answer.borrow().is_none()
    }

    fn guest(&self) -> Option<Rc<Guest<E>>> {
        self.guest.borrow().clone()
    }

    fn tell(&self, guest: &Guest<E>, error: SessionError) {
        // What the host writes to the deployment's log.
        let text = match &error {
            SessionError::Handler(error) => error.to_string(),
            SessionError::ReplyNotSent(unsent) => format!("{error}: {unsent}"),
        };
        self.errors.borrow_mut().push(text);
        guest.session.on_error(error);
    }

    /// Sends an answer.
    fn answer(&self, guest: &Guest<E>, answer: Message) -> Step {
        let offered = self.wire.queue().offer(answer);
        match offered {
            Ok(Offered::Taken) => {}
            Ok(Offered::Waits(answer)) => {
                *self.answer.borrow_mut() = Some(answer);
                return Step::Waits;
            }
            Err(unsent) => self.tell(guest, SessionError::ReplyNotSent(unsent.into())),
        }
        Step::Done
    }

    fn next(&self) -> Option<Incoming> {
        if let Some(token) = self.wire.queue().next_token() {
            return Some(Incoming::Sent(token));
        }
        if let Some(token) = self.wire.timers().take_due() {
            return Some(Incoming::Timer(token));
        }
        let waiting = self.wire.queue().status().queued_bytes;
        let mut inbox = self.inbox.borrow_mut();
        let waits_for_room =
            matches!(inbox.front(), Some(Incoming::Piece(..) | Incoming::Batch(_)));
        if waits_for_room && waiting > WAITING_BYTES_FOR_PIECES_MAX {
            return None;
        }
        inbox.pop_front()
    }

    /// Delivers the next event, or sends the answer that waits.
    fn step(&self) -> Step {
        let Some(guest) = self.guest() else { return Step::Nothing };
        let answer = self.answer.borrow_mut().take();
        if let Some(answer) = answer {
            return match self.answer(&guest, answer) {
                Step::Done => Step::Done,
                Step::Nothing | Step::Waits => Step::Nothing,
            };
        }
        if !self.wire.queue().is_open() {
            return Step::Nothing;
        }
        let failed = match self.next() {
            None => return Step::Nothing,
            Some(Incoming::Message(message)) => {
                if message.len() as u64 > self.wire.settings().max_message_size {
                    self.end(mock::by_cause(CloseCause::MessageTooBig), true);
                    return Step::Done;
                }
                match guest.session.on_message(message) {
                    Ok(None) => return Step::Done,
                    Ok(Some(answer)) => return self.answer(&guest, answer),
                    Err(text) => text,
                }
            }
            Some(Incoming::Piece(piece, last)) => match guest.session.on_part(piece, last) {
                Ok(()) => return Step::Done,
                Err(text) => text,
            },
            Some(Incoming::Batch(messages)) => {
                let batch: Batch = messages.into_iter().collect();
                let (data, spans) = batch.lowered();
                match guest.session.on_messages(data, spans) {
                    Ok(()) => return Step::Done,
                    Err(text) => text,
                }
            }
            Some(Incoming::Sent(token)) => match guest.session.on_sent(token) {
                Ok(()) => return Step::Done,
                Err(text) => text,
            },
            Some(Incoming::Timer(token)) => match guest.session.on_timer(token) {
                Ok(()) => return Step::Done,
                Err(text) => text,
            },
            Some(Incoming::Pong(data)) => match guest.session.on_pong(data) {
                Ok(()) => return Step::Done,
                Err(text) => text,
            },
        };
        self.tell(&guest, SessionError::Handler(Error::from(failed)));
        Step::Done
    }

    /// The session is not open any more. Where its peer is gone it reads nothing more either.
    pub(super) fn end(&self, event: CloseEvent, is_gone: bool) {
        let mut queue = self.wire.queue();
        if queue.is_open() {
            queue.end(event);
            if is_gone {
                queue.discard();
            }
        }
    }

    /// Delivers the last event of a session that is not open any more.
    fn finish(&self) {
        let event = self.wire.queue().end_of_it();
        let guest = self.guest.borrow_mut().take();
        let (Some(event), Some(guest)) = (event, guest) else { return };
        self.inbox.borrow_mut().clear();
        if self.answer.borrow_mut().take().is_some() {
            self.tell(&guest, SessionError::ReplyNotSent(Unsent::Closed.into()));
        }
        if let Err(text) = guest.session.on_close(event) {
            self.tell(&guest, SessionError::Handler(Error::from(text)));
        }
        drop(guest);
        self.wire.forget();
    }
}

/// All sessions of the endpoint.
pub(super) struct Room<E> {
    pub(super) directory: Arc<Directory>,
    seats: RefCell<Vec<Rc<Seat<E>>>>,
}

impl<E> Default for Room<E> {
    fn default() -> Self {
        Self { directory: Arc::default(), seats: RefCell::default() }
    }
}

impl<E: 'static> Room<E> {
    /// Adds a session that has opened.
    pub(super) fn admit(&self, seat: Seat<E>) -> Rc<Seat<E>> {
        let seat = Rc::new(seat);
        self.seats.borrow_mut().push(Rc::clone(&seat));
        self.settle();
        seat
    }

    /// The peer has sent these.
    pub(super) fn receive(&self, seat: &Seat<E>, incoming: impl IntoIterator<Item = Incoming>) {
        if seat.wire.queue().is_open() {
            seat.inbox.borrow_mut().extend(incoming);
        }
        self.advance(seat);
    }

    /// So many milliseconds pass, and timers that are due are delivered, each at its time.
    pub(super) fn pass(&self, milliseconds: u64) {
        let mut left = milliseconds;
        while left > 0 {
            let seats = self.seats.borrow().clone();
            let next = seats.iter().filter_map(|seat| seat.wire.timers().due_in()).min();
            let step = next.map_or(left, |next| next.min(left));
            left -= step;
            for seat in &seats {
                seat.wire.timers().pass(step);
            }
            for seat in &seats {
                self.advance(seat);
            }
        }
    }

    /// Delivers what can be delivered. Whether that was anything.
    pub(super) fn advance(&self, seat: &Seat<E>) -> bool {
        let mut was_any = false;
        loop {
            let step = self.directory.during(|| seat.step());
            self.settle();
            match step {
                Step::Nothing => return was_any,
                Step::Waits => return true,
                Step::Done => was_any = true,
            }
        }
    }

    /// Delivers the ends of all sessions that are not open any more, of those which these ends
    /// close, and tokens of which sessions are to be told.
    pub(super) fn settle(&self) {
        let mut told = 0;
        loop {
            let seats = self.seats.borrow().clone();
            let over = |seat: &&Rc<Seat<E>>| !seat.wire.queue().is_open() && !seat.has_ended();
            if let Some(seat) = seats.iter().find(over) {
                self.directory.during(|| seat.finish());
            } else if let Some(seat) = seats.iter().find(|seat| seat.hears_now()) {
                told += 1;
                assert!(
                    told <= TOKENS_IN_A_ROW_MAX,
                    "on_sent asks for another on_sent each time, with nothing to be sent between \
                     them: a host would never rest"
                );
                self.directory.during(|| seat.step());
            } else {
                return;
            }
        }
    }
}
