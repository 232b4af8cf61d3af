//! Instances that sessions share: each is a task with a bounded mailbox.

mod room;

use std::num::NonZeroU16;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use bytes::Bytes;
use sockhop_session::handshake::{HandshakeDecision, HandshakeRequest};
use sockhop_session::port::{Fault, SessionError, Trap, TrapKind};
use sockhop_session::{Batch, CloseEvent, Handle, Message};
use sockhop_yielding::others_first;
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};

use self::room::{Event, Room};
use crate::caller::Caller;
use crate::container::Surroundings;
use crate::ending::{Full, Places};
use crate::guest::Guest;
use crate::seats::SeatError;

/// The most events that wait for one shared instance. A session has at most one event there, and
/// its connection waits, and reads no more from its peer, while the mailbox is full.
const MAILBOX_EVENTS_MAX: usize = 1024;

/// The shared instances of one endpoint. Each is made when the first session needs it, and again
/// after a trap.
pub(crate) struct Shards {
    shards: Vec<Mutex<Option<Occupant>>>,
    next: AtomicUsize,
    places: Places,
}

/// The last instance that was made for a place.
struct Occupant {
    mailbox: mpsc::Sender<Event>,
    /// Its task has this.
    task: Weak<()>,
}

impl Occupant {
    /// A seat in it, unless it has trapped.
    fn seat(&self) -> Option<Shard> {
        let mailbox = &self.mailbox;
        (!mailbox.is_closed()).then(|| Shard { mailbox: mailbox.clone() })
    }
}

impl Shards {
    pub(crate) fn new(count: NonZeroU16) -> Self {
        let shards = (0..count.get()).map(|_| Mutex::new(None)).collect();
        Self { shards, next: AtomicUsize::new(0), places: Places::default() }
    }

    /// A seat in the shard whose turn it is.
    pub(crate) async fn take(
        &self,
        guest: &Guest,
        around: &Surroundings,
    ) -> Result<Shard, SeatError> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed) % self.shards.len();
        let live = || self.shard(turn).as_ref().and_then(Occupant::seat);
        let join = |permit| self.join(turn, guest, around, permit);
        self.places.take(&guest.engine, live, join).await
    }

    /// A seat without waiting; where an instance has to be made, by this right or by one that is
    /// free.
    fn join(
        &self,
        turn: usize,
        guest: &Guest,
        around: &Surroundings,
        permit: Option<OwnedSemaphorePermit>,
    ) -> Result<Shard, Full> {
        let mut shard = self.shard(turn);
        if let Some(seat) = shard.as_ref().and_then(Occupant::seat) {
            return Ok(seat);
        }
        // Looked at first: what ends after it leaves a right to an instance.
        let is_ending = shard.as_ref().is_some_and(|last| last.task.strong_count() > 0);
        // The shard takes its place now, so that a full host says so before the handshake is
        // answered.
        let permit = permit.or_else(|| guest.engine.permit()).ok_or(Full { is_ending })?;
        let (seat, inbox) = Shard::new();
        let task = Arc::new(());
        let mailbox = seat.mailbox.clone();
        *shard = Some(Occupant { mailbox, task: Arc::downgrade(&task) });
        drop(shard);
        self.places.made();
        inbox.serve(guest, around, permit, task);
        Ok(seat)
    }

    fn shard(&self, turn: usize) -> MutexGuard<'_, Option<Occupant>> {
        self.shards[turn].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A seat in a shared instance. The instance ends when nobody has one, nor a session, any more.
pub(crate) struct Shard {
    mailbox: mpsc::Sender<Event>,
}

/// The way back to a shared instance, which keeps nothing of it: others have it, and itself does.
#[derive(Clone)]
pub(crate) struct WeakShard {
    mailbox: mpsc::WeakSender<Event>,
}

impl WeakShard {
    /// A seat in it, for a session of the instance's own.
    pub(crate) fn seat(&self) -> Result<Shard, Trap> {
        self.upgrade().ok_or_else(|| gone("endpoint.open"))
    }

    /// A seat in the instance, unless it has trapped, or ends as nobody is there any more.
    pub(crate) fn upgrade(&self) -> Option<Shard> {
        let mailbox = self.mailbox.upgrade().filter(|mailbox| !mailbox.is_closed())?;
        Some(Shard { mailbox })
    }
}

/// What an instance that is still to be made will serve.
pub(crate) struct Inbox {
    mailbox: mpsc::Receiver<Event>,
    home: WeakShard,
}

impl Inbox {
    /// Makes the instance, in a task that serves it. `listed` is dropped when the instance has
    /// ended and its place is free.
    pub(crate) fn serve<L: Send + 'static>(
        self,
        guest: &Guest,
        around: &Surroundings,
        permit: OwnedSemaphorePermit,
        listed: L,
    ) {
        let (guest, around) = (guest.clone(), around.clone());
        guest.engine.tasks().clone().spawn(run(guest, around, permit, self, listed));
    }
}

impl Shard {
    pub(crate) fn new() -> (Self, Inbox) {
        let (sender, receiver) = mpsc::channel(MAILBOX_EVENTS_MAX);
        let shard = Self { mailbox: sender };
        let home = shard.downgrade();
        (shard, Inbox { mailbox: receiver, home })
    }

    pub(crate) fn downgrade(&self) -> WeakShard {
        WeakShard { mailbox: self.mailbox.downgrade() }
    }

    /// `keys.instance-key`, for a session that will sit elsewhere.
    pub(crate) async fn instance_key(
        &self,
        endpoint_path: Arc<str>,
        request: HandshakeRequest,
    ) -> Result<String, SeatError> {
        let (reply, answer) = oneshot::channel();
        let event = Event::Key { endpoint_path, request: Box::new(request), reply };
        if self.mailbox.send(event).await.is_err() {
            return Err(gone("keys.instance-key").into());
        }
        answer.await.unwrap_or_else(|_| Err(gone("keys.instance-key").into()))
    }

    pub(crate) async fn handshake(
        &mut self,
        endpoint_path: Arc<str>,
        request: HandshakeRequest,
    ) -> Result<Option<HandshakeDecision>, SeatError> {
        let (reply, answer) = oneshot::channel();
        let event = Event::Handshake { endpoint_path, request: Box::new(request), reply };
        if self.mailbox.send(event).await.is_err() {
            return Err(gone("configurator.handshake").into());
        }
        answer.await.unwrap_or_else(|_| Err(gone("configurator.handshake").into()))
    }

    pub(crate) fn session(self, session: Arc<Handle>) -> ShardSession {
        ShardSession { mailbox: self.mailbox, session }
    }
}

/// The connection's end of one session in a shared instance.
pub(crate) struct ShardSession {
    mailbox: mpsc::Sender<Event>,
    session: Arc<Handle>,
}

impl ShardSession {
    pub(crate) async fn open(&mut self) -> Result<(), Fault> {
        let session = Arc::clone(&self.session);
        self.ask("endpoint.open", |reply| Event::Open { session, reply }).await
    }

    pub(crate) async fn on_message(&mut self, message: Message) -> Result<Option<Message>, Fault> {
        let id = self.session.id();
        self.ask("endpoint.on-message", |reply| Event::Message { id, message, reply }).await
    }

    pub(crate) async fn on_part(&mut self, piece: Message, last: bool) -> Result<(), Fault> {
        let id = self.session.id();
        self.ask("parts.on-part", |reply| Event::Part { id, piece, last, reply }).await
    }

    pub(crate) async fn on_messages(&mut self, batch: Batch) -> Result<(), Fault> {
        let id = self.session.id();
        self.ask("batches.on-messages", |reply| Event::Batch { id, batch, reply }).await
    }

    pub(crate) async fn on_pong(&mut self, data: Bytes) -> Result<(), Fault> {
        let id = self.session.id();
        self.ask("pongs.on-pong", |reply| Event::Pong { id, data, reply }).await
    }

    pub(crate) async fn on_sent(&mut self, token: u64) -> Result<(), Fault> {
        let id = self.session.id();
        self.ask("completions.on-sent", |reply| Event::Sent { id, token, reply }).await
    }

    pub(crate) async fn on_timer(&mut self, token: u64) -> Result<(), Fault> {
        let id = self.session.id();
        self.ask("timer-events.on-timer", |reply| Event::Timer { id, token, reply }).await
    }

    pub(crate) async fn on_error(&mut self, error: SessionError) -> Result<(), Trap> {
        let id = self.session.id();
        self.ask("endpoint.on-error", |reply| Event::Error { id, error, reply }).await
    }

    pub(crate) async fn on_close(&mut self, event: CloseEvent) -> Result<(), Fault> {
        let id = self.session.id();
        self.ask("endpoint.on-close", |reply| Event::Close { id, event, reply }).await
    }

    pub(crate) async fn finish(&mut self) -> Result<(), Trap> {
        let id = self.session.id();
        self.ask("the endpoint's destructor", |reply| Event::Finish { id, reply }).await
    }

    async fn ask<T, E: From<Trap>>(
        &self,
        call: &'static str,
        event: impl FnOnce(oneshot::Sender<Result<T, E>>) -> Event,
    ) -> Result<T, E> {
        let (reply, answer) = oneshot::channel();
        if self.mailbox.send(event(reply)).await.is_err() {
            return Err(gone(call).into());
        }
        answer.await.unwrap_or_else(|_| Err(gone(call).into()))
    }
}

/// The instance's task: ends when nobody can send to it any more, or at a trap.
async fn run<L>(
    guest: Guest,
    around: Surroundings,
    permit: OwnedSemaphorePermit,
    inbox: Inbox,
    listed: L,
) {
    let Inbox { mut mailbox, home } = inbox;
    let mut room = match Caller::new(&guest, &around, Some(home), permit).await {
        Ok(instance) => Room::new(listed, instance),
        Err(error) => {
            mailbox.close();
            while let Some(event) = mailbox.recv().await {
                event.refuse(&error);
            }
            return;
        }
    };
    while let Some(event) = mailbox.recv().await {
        room.serve(event).await;
        if room.is_gone() {
            // Nothing more comes in, so every session here is known: each is told that its guest is
            // gone.
            mailbox.close();
            room.close_all();
            // Who shares nothing with them goes first, before what is left is cleared up.
            others_first().await;
            return;
        }
    }
}

/// The instance has trapped, or was never made.
fn gone(call: &'static str) -> Trap {
    let detail = "the shared instance has ended".to_owned();
    Trap { kind: TrapKind::InstanceGone, call, detail }
}

/// A session that was not opened, or is finished, was called: a bug of the connection's.
pub(crate) fn not_open() -> Trap {
    let detail = "the session is not open in the instance".to_owned();
    Trap { kind: TrapKind::InstanceGone, call: "a session's event", detail }
}
