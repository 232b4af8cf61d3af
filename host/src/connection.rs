//! One task a socket: drives a session from its guest's `open` to its `on-close`.
//!
//! The task alone reads and writes the socket, and alone calls the guest. While the guest is busy
//! nothing is read, which is the back-pressure that the peer sees, but what others send to the
//! session is written all the same.

mod socket;
#[cfg(test)]
mod tests;

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use sockhop_session::lifecycle::{Lifecycle, OnPeerClose};
use sockhop_session::outbound::{CloseRequest, Outgoing};
use sockhop_session::port::{Endpoint, Fault, SessionError, Trap, TrapKind};
use sockhop_session::{CloseCause, CloseEvent, Handle, Initiator, Message, SendError};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

use self::socket::{Incoming, Socket};

/// The most messages that are read before what is gathered to be written is written, should the
/// peer not pause by itself.
const MESSAGES_BEFORE_FLUSH_MAX: u32 = 128;

/// How many queued messages are handed to the socket before other connections have a turn.
const MESSAGES_A_TURN_MAX: u32 = 64;

/// Where a session's failures are written for the operator of its deployment.
pub trait Journal: Send + Sync {
    /// A line about the session with this id.
    fn note(&self, session: &Handle, text: String);
}

/// A session and what drives it.
pub struct Connection<IO, E> {
    wire: Wire<IO>,
    guest: E,
    lifecycle: Lifecycle,
    journal: Arc<dyn Journal>,
    close_timeout: Duration,
}

/// What happens next to a session.
enum Next {
    Message(Message),
    PeerClosed {
        code: Option<u16>,
        phrase: String,
    },
    Misbehaved(CloseCause),
    /// Somebody on this side has asked for a close.
    Closing,
    Lost,
}

impl<IO: AsyncRead + AsyncWrite + Unpin, E: Endpoint> Connection<IO, E> {
    /// Takes over a connection after its handshake; `already_read` is what came behind it.
    /// `close_timeout` bounds the closing handshake: writing what is queued, and waiting for the
    /// peer's Close.
    pub async fn new(
        io: IO,
        already_read: Bytes,
        session: Arc<Handle>,
        guest: E,
        journal: Arc<dyn Journal>,
        close_timeout: Duration,
    ) -> Self {
        let max_message_bytes = session.identity().max_message_bytes;
        let socket = Socket::new(io, already_read, max_message_bytes).await;
        let wire = Wire { socket, session, closing: None, lost: false, read_since_flush: 0 };
        Self { wire, guest, lifecycle: Lifecycle::new(), journal, close_timeout }
    }

    /// Serves the session to its end, and says how it ended.
    ///
    /// # Cancellation
    /// Dropping the future drops the connection and the guest's side of it without a word to
    /// either.
    pub async fn run(mut self) -> CloseEvent {
        self.open().await;
        while self.lifecycle.is_open() {
            // A peer that always has more to say leaves the worker to others now and then.
            tokio::task::consume_budget().await;
            match self.wire.next().await {
                Next::Message(message) => self.deliver(message).await,
                Next::Closing => break,
                next => self.peer_ends(next),
            }
        }
        let Self { mut wire, mut lifecycle, guest, journal, close_timeout } = self;
        // A guest that hears nothing more does not hold its instance while the peer is waited for.
        let guest = lifecycle.tells_guest().then_some(guest);
        let handshake = close(&mut wire, &mut lifecycle);
        // Out of time: the peer neither reads nor answers, and is not waited for any more.
        let in_time = timeout(close_timeout, handshake).await.is_ok();
        let unsent = wire.session.shut();
        if let Some(request) = wire.closing.take().or(unsent) {
            // It is why the session ended, though its Close frame was not reached.
            lifecycle.begin_close(request);
        }
        let event = lifecycle.ended();
        let Wire { socket, session, .. } = wire;
        let told = async {
            if let Some(guest) = guest
                && event.cause != CloseCause::GuestFailed
            {
                Farewell { guest, session: &session, journal: &*journal }.tell(&event).await;
            }
            session.forget_properties();
        };
        tokio::join!(socket.end(in_time && !event.clean), told);
        event
    }

    async fn open(&mut self) {
        match self.wire.during(self.guest.open()).await {
            Ok(()) => self.lifecycle.opened(),
            Err(Fault::Returned(text)) => {
                self.note(format!("open failed: {text}"));
                self.wire.session.close(CloseRequest::by_host(CloseCause::GuestFailed));
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
        let failed = match self.wire.during(self.guest.on_message(message)).await {
            Ok(None) => return,
            Ok(Some(reply)) => match self.wire.reply(reply).await {
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
        if let Err(trap) = self.wire.during(self.guest.on_error(&failed)).await {
            self.guest_gone(&trap);
        }
    }

    fn peer_ends(&mut self, next: Next) {
        match next {
            Next::PeerClosed { code, phrase } => match self.lifecycle.peer_closed(code, &phrase) {
                // The peer reads no more messages; the library writes the answer.
                OnPeerClose::Answer | OnPeerClose::Complete => {
                    self.wire.session.shut();
                }
            },
            Next::Misbehaved(cause) => {
                let request =
                    CloseRequest { initiator: Initiator::Peer, cause, reason: cause.reason() };
                self.wire.session.shut();
                if let Some(reason) = self.lifecycle.begin_close(request)
                    && self.wire.socket.send_close(&reason).is_err()
                {
                    self.wire.lost = true;
                }
            }
            Next::Lost => {
                self.wire.lost = true;
                self.lifecycle.ended();
            }
            Next::Message(_) | Next::Closing => {}
        }
    }

    fn guest_gone(&mut self, trap: &Trap) {
        // A trap in another session of the instance has been noted there.
        if trap.kind != TrapKind::InstanceGone {
            self.note(trap.to_string());
        }
        self.lifecycle.guest_gone();
        self.wire.session.close(CloseRequest::by_host(CloseCause::GuestFailed));
    }

    fn note(&self, text: String) {
        self.journal.note(&self.wire.session, text);
    }
}

/// The closing handshake (RFC 6455 §7.1.2): what is queued, the Close frame, and the peer's.
async fn close<IO: AsyncRead + AsyncWrite + Unpin>(wire: &mut Wire<IO>, lifecycle: &mut Lifecycle) {
    if !wire.lost
        && !lifecycle.is_closed()
        && let Some(request) = wire.flush_to_close().await
        && let Some(reason) = lifecycle.begin_close(request)
        && wire.socket.send_close(&reason).is_err()
    {
        wire.lost = true;
    }
    if wire.lost || poll_fn(|cx| wire.socket.poll_flush(cx)).await.is_err() {
        return;
    }
    lifecycle.close_written();
    while lifecycle.awaits_peer() {
        match poll_fn(|cx| wire.socket.poll_incoming(cx)).await {
            Incoming::Message(_) => {}
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
    }
}

/// The session's end of the socket.
struct Wire<IO> {
    socket: Socket<IO>,
    session: Arc<Handle>,
    /// The close that was asked for, once it has been taken from the queue.
    closing: Option<CloseRequest>,
    lost: bool,
    read_since_flush: u32,
}

impl<IO: AsyncRead + AsyncWrite + Unpin> Wire<IO> {
    /// Waits for what happens next, and writes in the meantime.
    async fn next(&mut self) -> Next {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Next> {
        if let Poll::Ready(ending) = self.poll_write(cx) {
            return Poll::Ready(ending);
        }
        if self.read_since_flush >= MESSAGES_BEFORE_FLUSH_MAX && self.poll_flush(cx) {
            return Poll::Ready(Next::Lost);
        }
        let incoming = self.socket.poll_incoming(cx);
        if incoming.is_pending() && self.poll_flush(cx) {
            return Poll::Ready(Next::Lost);
        }
        incoming.map(|incoming| match incoming {
            Incoming::Message(message) => {
                self.read_since_flush += 1;
                Next::Message(message)
            }
            Incoming::Close { code, phrase } => Next::PeerClosed { code, phrase },
            Incoming::Misbehaved(cause) => Next::Misbehaved(cause),
            Incoming::Ended => Next::Lost,
        })
    }

    /// Waits for a call into the guest, and writes in the meantime.
    async fn during<F: Future>(&mut self, call: F) -> F::Output {
        let mut call = pin!(call);
        let mut gave_way = false;
        poll_fn(|cx| {
            let returned = call.as_mut().poll(cx);
            if returned.is_pending() && self.poll_write(cx).is_pending() {
                if gave_way {
                    self.poll_flush(cx);
                } else {
                    // A shared instance most often answers as soon as it has its turn, and then
                    // what it answers goes out in the same write.
                    gave_way = true;
                    cx.waker().wake_by_ref();
                }
            }
            returned
        })
        .await
    }

    /// Queues a guest's reply, and waits for room where there is none.
    async fn reply(&mut self, reply: Message) -> Result<(), SendError> {
        let mut waiting = Some(reply);
        poll_fn(|cx| {
            loop {
                let Some(reply) = waiting.take() else { return Poll::Ready(Ok(())) };
                match self.session.offer(reply) {
                    Ok(None) => return Poll::Ready(Ok(())),
                    Ok(Some(back)) => waiting = Some(back),
                    Err(error) => return Poll::Ready(Err(error)),
                }
                let before = self.session.queue().queued_bytes;
                if self.poll_write(cx).is_ready() {
                    return Poll::Ready(Err(SendError::Closed));
                }
                if self.session.queue().queued_bytes >= before {
                    self.poll_flush(cx);
                    return Poll::Pending;
                }
            }
        })
        .await
    }

    /// Writes what is queued, until the close that was asked for: its request, unless the
    /// connection is lost.
    async fn flush_to_close(&mut self) -> Option<CloseRequest> {
        if let Some(request) = self.closing.take() {
            return Some(request);
        }
        poll_fn(|cx| {
            loop {
                match self.socket.poll_ready(cx) {
                    Poll::Ready(Ok(())) => {}
                    Poll::Ready(Err(_)) => return Poll::Ready(None),
                    Poll::Pending => return Poll::Pending,
                }
                match self.session.poll_outgoing(cx) {
                    Poll::Ready(Outgoing::Message(message)) => {
                        if self.socket.send(message).is_err() {
                            return Poll::Ready(None);
                        }
                    }
                    Poll::Ready(Outgoing::Close(request)) => return Poll::Ready(Some(request)),
                    // Nothing to close with: the peer's Close is being answered.
                    Poll::Pending => return Poll::Ready(None),
                }
            }
        })
        .await
    }

    /// Hands what is queued to the socket, as far as it takes it. Ready when the session is to end.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<Next> {
        if self.session.poll_closing(cx).is_ready() {
            return Poll::Ready(Next::Closing);
        }
        for _ in 0..MESSAGES_A_TURN_MAX {
            match self.socket.poll_ready(cx) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(_)) => return Poll::Ready(Next::Lost),
                Poll::Pending => return Poll::Pending,
            }
            match self.session.poll_outgoing(cx) {
                Poll::Ready(Outgoing::Message(message)) => {
                    if self.socket.send(message).is_err() {
                        return Poll::Ready(Next::Lost);
                    }
                }
                // Asked for since the question above.
                Poll::Ready(Outgoing::Close(request)) => {
                    self.closing = Some(request);
                    return Poll::Ready(Next::Closing);
                }
                Poll::Pending => return Poll::Pending,
            }
        }
        // A full queue leaves the worker to others now and then.
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Writes what the socket holds, in one go. Whether the connection is lost.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> bool {
        self.read_since_flush = 0;
        matches!(self.socket.poll_flush(cx), Poll::Ready(Err(_)))
    }
}
