//! One task a socket: drives a session from its guest's `open` to its `on-close`.
//!
//! The task alone reads and writes the socket, and alone calls the guest. While the guest is busy
//! nothing is read, which is the back-pressure that the peer sees, but what others send to the
//! session is written all the same.

mod batching;
mod buffers;
mod keys;
mod link;
mod marks;
mod sending;
mod settings;
mod socket;
#[cfg(test)]
mod tests;
mod timers;
mod timing;

use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use sockhop_session::lifecycle::{Lifecycle, OnPeerClose};
use sockhop_session::outbound::CloseRequest;
use sockhop_session::port::{Endpoint, Fault, SessionError, Trap, TrapKind};
use sockhop_session::{CloseCause, CloseEvent, Handle, Initiator, Message};
use sockhop_wire::Delivery;
pub use sockhop_wire::Role;
use sockhop_yielding::others_first;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, timeout_at};

use self::link::{Link, Next};
pub use self::settings::{Compression, Settings};
use self::socket::{Incoming, Socket};

/// Where a session's failures are written for the operator of its deployment.
pub trait Journal: Send + Sync {
    /// A line about the session with this id.
    fn note(&self, session: &Handle, text: String);
}

/// A session and what drives it.
pub struct Connection<IO, E> {
    link: Link<IO>,
    guest: E,
    takes_batches: bool,
    lifecycle: Lifecycle,
    journal: Arc<dyn Journal>,
    close_timeout: Duration,
}

impl<IO: AsyncRead + AsyncWrite + Unpin, E: Endpoint> Connection<IO, E> {
    /// Takes over a connection after its handshake; `already_read` is what came behind it.
    ///
    /// `role` is this side's. What a client sends is masked (RFC 6455 §5.3), and after the closing
    /// handshake it is the server that ends the connection (§7.1.1), if it does so within the time
    /// for that handshake.
    pub fn new(
        role: Role,
        io: IO,
        already_read: Bytes,
        session: Arc<Handle>,
        guest: E,
        journal: Arc<dyn Journal>,
        settings: Settings,
    ) -> Self {
        let delivery = if guest.takes_parts() {
            Delivery::Parts
        } else {
            Delivery::Whole { max_message_bytes: session.identity().max_message_bytes }
        };
        let close_timeout = settings.close_timeout;
        let hears_pongs = guest.hears_pongs();
        let socket = Socket::new(role, io, already_read, delivery, hears_pongs, &settings);
        let takes_batches = guest.takes_batches();
        let answers_by_sending = takes_batches || guest.takes_parts();
        let link = Link::new(socket, session, answers_by_sending, settings);
        let lifecycle = Lifecycle::new();
        Self { link, guest, takes_batches, lifecycle, journal, close_timeout }
    }

    /// Serves the session to its end, and says how it ended.
    ///
    /// # Cancellation
    /// Dropping the future drops the connection and the guest's side of it without a word to
    /// either.
    #[expect(clippy::manual_async_fn, reason = "an `async fn` keeps its arguments twice")]
    pub fn run(mut self) -> impl Future<Output = CloseEvent> {
        async move {
            self.serve().await;
            // The end takes thrice the room of what comes before: it has its own, while it lasts.
            Box::pin(self.end()).await
        }
    }

    /// Serves the session until it is to close.
    async fn serve(&mut self) {
        self.open().await;
        while self.lifecycle.is_open() {
            match self.link.next().await {
                Next::Message(message) if self.takes_batches => self.deliver_batch(message).await,
                Next::Message(message) => self.deliver(message).await,
                Next::Part { piece, last } => self.deliver_part(piece, last).await,
                Next::Pong(data) => self.deliver_pong(data).await,
                Next::Sent(token) => self.deliver_sent(token).await,
                Next::Timer(token) => self.deliver_timer(token).await,
                Next::Closing => break,
                next => self.peer_ends(next),
            }
        }
    }

    /// Closes, and tells the guest.
    async fn end(self) -> CloseEvent {
        let Self { mut link, mut lifecycle, guest, journal, close_timeout, .. } = self;
        // A guest that hears nothing more does not hold its instance while the peer is waited for.
        let guest = if lifecycle.tells_guest() {
            Some(guest)
        } else {
            clear_up(guest).await;
            None
        };
        let session = Arc::clone(&link.session);
        let handshake = async {
            tokio::select! {
                biased;
                () = poll_fn(|cx| session.poll_aborted(cx)) => true,
                () = close(&mut link, &mut lifecycle) => false,
            }
        };
        // Out of time: the peer neither reads nor answers, and is not waited for any more.
        let until = Instant::now() + close_timeout;
        let outcome = timeout_at(until, handshake).await;
        let in_time = outcome.is_ok();
        if outcome == Ok(true) && !lifecycle.is_closed() {
            lifecycle.aborted();
        }
        let unsent = link.session.shut();
        link.socket.marks().forget();
        if let Some(request) = link.closing.take().or(unsent) {
            // It is why the session ended, though its Close frame was not reached.
            lifecycle.begin_close(request);
        }
        let event = lifecycle.ended();
        let Link { socket, .. } = link;
        let told = async {
            if let Some(guest) = guest
                && event.cause != CloseCause::GuestFailed
            {
                // As in `open`: the last call was before it, and the Close frames.
                others_first().await;
                Farewell { guest, session: &session, journal: &*journal }.tell(&event).await;
            }
            session.forget_properties();
        };
        if event.cause == CloseCause::Aborted {
            drop(socket);
            told.await;
        } else {
            let hangs_up = event.clean.then_some(until);
            tokio::join!(socket.end(in_time && !event.clean, hangs_up), told);
        }
        event
    }

    async fn open(&mut self) {
        // The first call into an instance is a long one, and the handshake was before it: messages
        // of others that came meanwhile go first.
        others_first().await;
        match self.link.during(self.guest.open()).await {
            Ok(()) => self.lifecycle.opened(),
            Err(Fault::Returned(text)) => {
                self.note(format!("open failed: {text}"));
                self.link.session.close(CloseRequest::by_host(CloseCause::GuestFailed));
            }
            Err(Fault::Trapped(trap)) => {
                if trap.kind == TrapKind::InstanceGone {
                    self.note(trap.to_string());
                }
                self.guest_gone(&trap);
            }
        }
    }

    async fn deliver(&mut self, message: Message) {
        let failed = match self.link.during(self.guest.on_message(message)).await {
            Ok(None) => return,
            Ok(Some(reply)) => match self.link.reply(reply).await {
                Ok(()) => return,
                Err(error) => {
                    self.note(format!("reply not sent: {error}"));
                    SessionError::ReplyNotSent(error)
                }
            },
            Err(Fault::Returned(text)) => {
                self.note(format!("on-message failed: {text}"));
                SessionError::Handler(text)
            }
            Err(Fault::Trapped(trap)) => return self.guest_gone(&trap),
        };
        self.tell_error(&failed).await;
    }

    /// Delivers a message with those behind it that are here already.
    async fn deliver_batch(&mut self, first: Message) {
        let batch = self.link.batch(first);
        let heard = self.link.during(self.guest.on_messages(batch)).await;
        self.heard("on-messages", heard).await;
    }

    async fn deliver_part(&mut self, piece: Message, last: bool) {
        let heard = self.link.during(self.guest.on_part(piece, last)).await;
        self.heard("on-part", heard).await;
    }

    async fn deliver_pong(&mut self, data: Bytes) {
        let heard = self.link.during(self.guest.on_pong(data)).await;
        self.heard("on-pong", heard).await;
    }

    async fn deliver_sent(&mut self, token: u64) {
        self.link.session.token_told();
        if !self.guest.hears_completions() {
            return;
        }
        // It is the guest's own doing, and a guest that asks in each for the next one has no end.
        self.link.during(others_first()).await;
        if !self.link.session.is_open() {
            return;
        }
        let heard = self.link.during(self.guest.on_sent(token)).await;
        self.heard("on-sent", heard).await;
    }

    async fn deliver_timer(&mut self, token: u64) {
        let heard = self.link.during(self.guest.on_timer(token)).await;
        self.heard("on-timer", heard).await;
    }

    /// What becomes of an event that asks for no reply.
    async fn heard(&mut self, call: &str, heard: Result<(), Fault>) {
        match heard {
            Ok(()) => {}
            Err(Fault::Returned(text)) => {
                self.note(format!("{call} failed: {text}"));
                self.tell_error(&SessionError::Handler(text)).await;
            }
            Err(Fault::Trapped(trap)) => self.guest_gone(&trap),
        }
    }

    async fn tell_error(&mut self, error: &SessionError) {
        // It comes right behind a call and a line for the log: others go first, as in `open`, and
        // what the guest has answered before.
        self.link.during(others_first()).await;
        if let Err(trap) = self.link.during(self.guest.on_error(error)).await {
            self.guest_gone(&trap);
        }
    }

    fn peer_ends(&mut self, next: Next) {
        match next {
            Next::PeerClosed { code, phrase } => {
                // The peer reads no more messages.
                self.link.session.shut();
                match self.lifecycle.peer_closed(code, &phrase) {
                    OnPeerClose::Answer => self.link.socket.answer_close(code, &phrase),
                    OnPeerClose::Complete => {}
                }
            }
            Next::Misbehaved(cause) => {
                let request =
                    CloseRequest { initiator: Initiator::Peer, cause, reason: cause.reason() };
                self.link.session.shut();
                if let Some(reason) = self.lifecycle.begin_close(request) {
                    self.link.socket.send_close(&reason);
                }
            }
            Next::TimedOut(cause) => {
                let request = CloseRequest::by_host(cause);
                if cause == CloseCause::WriteTimeout {
                    // What the peer does not take now it will not take from a Close frame on.
                    self.link.lost = true;
                    self.lifecycle.begin_close(request);
                } else {
                    self.link.session.close(request);
                }
            }
            Next::Lost => {
                self.link.lost = true;
                self.lifecycle.ended();
            }
            Next::Message(_)
            | Next::Part { .. }
            | Next::Pong(_)
            | Next::Sent(_)
            | Next::Timer(_)
            | Next::Closing => {}
        }
    }

    fn guest_gone(&mut self, trap: &Trap) {
        // A trap in another session of the instance has been noted there.
        if trap.kind != TrapKind::InstanceGone {
            self.note(trap.to_string());
        }
        self.lifecycle.guest_gone();
        self.link.session.close(CloseRequest::by_host(CloseCause::GuestFailed));
    }

    fn note(&self, text: String) {
        self.journal.note(&self.link.session, text);
    }
}

/// Drops a guest, behind others: what is left of an instance is cleared up with it.
async fn clear_up<E>(guest: E) {
    others_first().await;
    drop(guest);
}

/// The closing handshake (RFC 6455 §7.1.2): what is queued, the Close frame, and the peer's.
async fn close<IO: AsyncRead + AsyncWrite + Unpin>(link: &mut Link<IO>, lifecycle: &mut Lifecycle) {
    if !link.lost
        && !lifecycle.is_closed()
        && let Some(request) = link.flush_to_close().await
        && let Some(reason) = lifecycle.begin_close(request)
    {
        link.socket.send_close(&reason);
    }
    if link.lost || poll_fn(|cx| link.socket.poll_flush(cx)).await.is_err() {
        return;
    }
    lifecycle.close_written();
    while lifecycle.awaits_peer() {
        match poll_fn(|cx| link.poll_incoming(cx)).await {
            Incoming::Message(_) | Incoming::Part { .. } | Incoming::Pong(_) => {}
            Incoming::Close { code, phrase } => {
                lifecycle.peer_closed(code, &phrase);
            }
            Incoming::Misbehaved(_) | Incoming::Ended => return,
        }
    }
}

/// The last words to a guest.
struct Farewell<'a, E> {
    guest: E,
    session: &'a Handle,
    journal: &'a dyn Journal,
}

impl<E: Endpoint> Farewell<'_, E> {
    async fn tell(mut self, event: &CloseEvent) {
        let told = match self.guest.on_close(event).await {
            Ok(()) => Ok(()),
            Err(Fault::Returned(text)) => {
                self.journal.note(self.session, format!("on-close failed: {text}"));
                others_first().await;
                self.guest.on_error(&SessionError::Handler(text)).await
            }
            Err(Fault::Trapped(trap)) => Err(trap),
        };
        let finished = match told {
            Ok(()) => self.guest.finish().await,
            Err(trap) => Err(trap),
        };
        if let Err(trap) = finished
            && trap.kind != TrapKind::InstanceGone
        {
            self.journal.note(self.session, trap.to_string());
        }
        clear_up(self.guest).await;
    }
}
