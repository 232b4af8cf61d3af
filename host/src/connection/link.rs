//! The session's end of the socket: what is queued goes out, what comes in is handed on, and each
//! side holds the other back.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use sockhop_session::limits::Limits;
use sockhop_session::outbound::{self, CloseRequest, Offered, Outgoing};
use sockhop_session::{CloseCause, Handle, Message, SendError};
use sockhop_yielding::others_first;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;

use super::settings::Settings;
use super::socket::{Gone, Incoming, Socket};
use super::timers::{Due, Timers};
use super::timing::Alarm;

/// The most messages that are read before what is gathered to be written is written, should the
/// peer not pause by itself.
const MESSAGES_BEFORE_FLUSH_MAX: u32 = 128;

/// How many messages are delivered before other connections have a turn.
const MESSAGES_IN_A_TURN_MAX: u32 = 128;

/// How many queued messages are handed to the socket before other connections have a turn.
const MESSAGES_A_TURN_MAX: u32 = 512;

/// What happens next to a session.
pub(super) enum Next {
    Message(Message),
    Part {
        piece: Message,
        last: bool,
    },
    Pong(Bytes),
    /// All before this token has been written.
    Sent(u64),
    /// The session's timer with this token is due.
    Timer(u64),
    PeerClosed {
        code: Option<u16>,
        phrase: String,
    },
    Misbehaved(CloseCause),
    /// One of the connection's limits in time was reached.
    TimedOut(CloseCause),
    /// Somebody on this side has asked for a close.
    Closing,
    Lost,
}

impl From<Incoming> for Next {
    fn from(incoming: Incoming) -> Self {
        match incoming {
            Incoming::Message(message) => Self::Message(message),
            Incoming::Part { piece, last } => Self::Part { piece, last },
            Incoming::Pong(data) => Self::Pong(data),
            Incoming::Close { code, phrase } => Self::PeerClosed { code, phrase },
            Incoming::Misbehaved(cause) => Self::Misbehaved(cause),
            Incoming::Ended => Self::Lost,
        }
    }
}

/// How far the queue was taken.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    /// There is nothing more to take now.
    All,
    /// The socket takes nothing more now.
    Full,
    /// There is more, and others are to have a turn.
    Turn,
    /// A close was asked for.
    Closing,
}

/// A socket and the session whose it is.
pub(super) struct Link<IO> {
    pub(super) socket: Socket<IO>,
    pub(super) session: Arc<Handle>,
    /// The close that was asked for, once it has been taken from the queue.
    pub(super) closing: Option<CloseRequest>,
    pub(super) lost: bool,
    /// What the peer has said behind a batch, and nobody was told of yet. Few ever have one.
    pub(super) ahead: Option<Box<Incoming>>,
    /// Whether the guest answers by sending alone: then nothing is read while the socket is full,
    /// so that what it answers is not refused for want of room.
    answers_by_sending: bool,
    pub(super) timers: Timers,
    /// Set to the first of the session's timers. Few have any.
    pub(super) alarm: Option<Box<Alarm>>,
    /// Whether one of them was told since it was last somebody else's turn.
    pub(super) had_timer: bool,
    /// Who is told of what is queued, as far as the session was asked.
    told: Option<Waker>,
    /// A limit that was reached where nobody could be told.
    pub(super) timed_out: Option<CloseCause>,
    /// Whether the guest has ever set a time to send.
    pub(super) is_timed: bool,
    read_since_flush: u32,
    read_in_turn: u32,
    /// Whether a token was told since the peer's last turn.
    pub(super) told_token: bool,
}

impl<IO: AsyncRead + AsyncWrite + Unpin> Link<IO> {
    pub(super) fn new(
        socket: Socket<IO>,
        session: Arc<Handle>,
        answers_by_sending: bool,
        settings: Settings,
    ) -> Self {
        Self {
            socket,
            session,
            closing: None,
            lost: false,
            ahead: None,
            answers_by_sending,
            timers: Timers::new(settings),
            alarm: None,
            had_timer: false,
            told: None,
            timed_out: None,
            is_timed: false,
            read_since_flush: 0,
            read_in_turn: 0,
            told_token: false,
        }
    }

    /// Waits for what happens next, and writes in the meantime.
    pub(super) async fn next(&mut self) -> Next {
        if self.read_in_turn >= MESSAGES_IN_A_TURN_MAX {
            // A peer that always has more to say leaves the worker to others now and then.
            self.read_in_turn = 0;
            if poll_fn(|cx| Poll::Ready(self.poll_flush(cx))).await.is_err() {
                return self.left_over();
            }
            others_first().await;
        }
        poll_fn(|cx| {
            let next = self.poll_next(cx);
            self.read_in_turn = if next.is_ready() { self.read_in_turn + 1 } else { 0 };
            next
        })
        .await
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Next> {
        if let Some(cause) = self.timed_out.take() {
            return Poll::Ready(Next::TimedOut(cause));
        }
        loop {
            let taken = if self.is_quiet(cx) { Taken::All } else { self.take_queued() };
            if taken == Taken::Closing {
                return Poll::Ready(Next::Closing);
            }
            if let Some(next) = self.take_turn() {
                return Poll::Ready(next);
            }
            if taken == Taken::Full || self.read_since_flush >= MESSAGES_BEFORE_FLUSH_MAX {
                if self.poll_flush(cx).is_err() {
                    return Poll::Ready(self.left_over());
                }
                // A peer that always has more to say is held to its limits as well.
                if let Some(cause) = self.poll_timers(cx) {
                    return Poll::Ready(Next::TimedOut(cause));
                }
            }
            let holds_back = self.answers_by_sending && self.socket.is_full();
            if !holds_back && let Poll::Ready(incoming) = self.poll_incoming(cx) {
                self.read_since_flush += 1;
                return Poll::Ready(incoming.into());
            }
            if self.poll_flush(cx).is_err() {
                return Poll::Ready(self.left_over());
            }
            if self.socket.marks().has_token() {
                // Such a guest is held to its limits as well.
                if let Some(cause) = self.poll_timers(cx) {
                    return Poll::Ready(Next::TimedOut(cause));
                }
                continue;
            }
            if holds_back && !self.socket.is_full() {
                continue;
            }
            if !self.socket.is_full() && taken != Taken::All {
                // A full queue leaves the worker to others now and then.
                cx.waker().wake_by_ref();
                return self
                    .poll_timers(cx)
                    .map_or(Poll::Pending, |cause| Poll::Ready(Next::TimedOut(cause)));
            }
            if !self.socket.is_full() {
                match self.poll_queue(cx) {
                    outbound::Next::Write(outgoing) => {
                        self.socket.send(outgoing);
                        continue;
                    }
                    outbound::Next::Limits(limits) => {
                        self.hold_to(limits);
                        continue;
                    }
                    outbound::Next::Timer(at) => {
                        self.set_alarm(at);
                        continue;
                    }
                    outbound::Next::Closing => return Poll::Ready(Next::Closing),
                    outbound::Next::Idle => {}
                }
            } else if self.session.poll_closing(cx).is_ready() {
                return Poll::Ready(Next::Closing);
            }
            return match self.poll_timers(cx) {
                Some(cause) => Poll::Ready(Next::TimedOut(cause)),
                None if self.alarm.is_some() => self.poll_alarm(cx).map(Next::Timer),
                None => Poll::Pending,
            };
        }
    }

    /// The connection is gone: what the peer has said before that and is here whole is delivered
    /// first, one at a time.
    fn left_over(&mut self) -> Next {
        let ahead = self.ahead.take().map(|ahead| *ahead);
        ahead.or_else(|| self.socket.left_over()).map_or(Next::Lost, Next::from)
    }

    /// Messages were read beside those that [`next`](Self::next) has counted.
    pub(super) fn count_read(&mut self, messages: usize) {
        let messages = u32::try_from(messages).unwrap_or(u32::MAX);
        self.read_since_flush = self.read_since_flush.saturating_add(messages);
        self.read_in_turn = self.read_in_turn.saturating_add(messages);
    }

    /// Queues a guest's reply, and waits for room where there is none.
    pub(super) async fn reply(&mut self, reply: Message) -> Result<(), SendError> {
        let mut waiting = Some(reply);
        poll_fn(|cx| {
            while let Some(reply) = waiting.take() {
                if self.socket.is_full() {
                    waiting = Some(reply);
                    let gone = self.poll_flush(cx).is_err();
                    if gone || self.session.poll_closing(cx).is_ready() {
                        return Poll::Ready(Err(SendError::Closed));
                    }
                    if !self.socket.is_full() {
                        continue;
                    }
                    let Some(cause) = self.poll_timers(cx) else { return Poll::Pending };
                    self.timed_out = Some(cause);
                    return Poll::Ready(Err(SendError::Closed));
                }
                match self.session.offer(reply) {
                    Ok(Offered::Taken) => {}
                    Ok(Offered::Now(reply)) => self.socket.send_message(&reply),
                    Ok(Offered::Full(back)) => {
                        waiting = Some(back);
                        // Something can be taken, or there would be room; so this comes to an end.
                        self.take_queued();
                    }
                    Err(error) => return Poll::Ready(Err(error)),
                }
            }
            Poll::Ready(Ok(()))
        })
        .await
    }

    /// Writes what is queued, until the close that was asked for: its request, unless the
    /// connection is lost.
    pub(super) async fn flush_to_close(&mut self) -> Option<CloseRequest> {
        if let Some(request) = self.closing.take() {
            return Some(request);
        }
        poll_fn(|cx| {
            loop {
                while self.socket.is_full() {
                    match self.socket.poll_flush(cx) {
                        Poll::Ready(Ok(())) => {}
                        Poll::Ready(Err(Gone)) => return Poll::Ready(None),
                        Poll::Pending => return Poll::Pending,
                    }
                }
                match self.session.poll_outgoing(cx) {
                    Poll::Ready(Outgoing::Close(request)) => return Poll::Ready(Some(request)),
                    Poll::Ready(outgoing) => self.socket.send(outgoing),
                    // Nothing to close with: the peer's Close is being answered.
                    Poll::Pending => return Poll::Ready(None),
                }
            }
        })
        .await
    }

    /// Hands what is queued to the socket, as far as it takes it.
    pub(super) fn take_queued(&mut self) -> Taken {
        for _ in 0..MESSAGES_A_TURN_MAX {
            if self.socket.is_full() {
                if let Some(limits) = self.session.take_tuned() {
                    self.hold_to(limits);
                }
                if let Some(at) = self.session.take_rescheduled() {
                    self.set_alarm(at);
                }
                // A peer that sends and does not read is not heard beyond a close.
                return if self.session.is_open() { Taken::Full } else { Taken::Closing };
            }
            match self.session.take_next() {
                outbound::Next::Write(outgoing) => self.socket.send(outgoing),
                outbound::Next::Limits(limits) => self.hold_to(limits),
                outbound::Next::Timer(at) => self.set_alarm(at),
                outbound::Next::Closing => return Taken::Closing,
                outbound::Next::Idle => return Taken::All,
            }
        }
        Taken::Turn
    }

    /// What is queued next; this task is told of what will be.
    pub(super) fn poll_queue(&mut self, cx: &mut Context<'_>) -> outbound::Next {
        if self.is_quiet(cx) {
            return outbound::Next::Idle;
        }
        let next = self.session.poll_next(cx);
        if !self.told.as_ref().is_some_and(|told| told.will_wake(cx.waker())) {
            self.told = Some(cx.waker().clone());
        }
        next
    }

    /// Whether nothing is queued, and this task is told of what will be: then the queue need not be
    /// looked at, which most turns of a connection never have to.
    fn is_quiet(&self, cx: &Context<'_>) -> bool {
        self.session.is_quiet() && self.told.as_ref().is_some_and(|told| told.will_wake(cx.waker()))
    }

    /// Writes what the socket holds, in one go.
    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Result<(), Gone> {
        self.read_since_flush = 0;
        match self.socket.poll_flush(cx) {
            Poll::Ready(flushed) => flushed,
            Poll::Pending => Ok(()),
        }
    }

    /// Holds the session to what its guest has set.
    pub(super) fn hold_to(&mut self, limits: Limits) {
        self.socket.set_max_message_bytes(limits.message_bytes);
        if limits.idle.is_some() {
            self.socket.note_sent();
        }
        self.timers.hold_to(&limits);
        self.is_timed |= limits.send.is_some();
    }

    /// Looks by when the first of the messages that wait has to be sent.
    #[inline]
    pub(super) fn look_at_times(&mut self) {
        if self.is_timed {
            self.look_at_times_anew();
        }
    }

    #[cold]
    fn look_at_times_anew(&mut self) {
        if let Some(mark) = self.socket.marks().take_kept() {
            self.session.kept_time(mark);
        }
        self.timers.send_by = self.session.send_by().map(Instant::from_std);
    }

    /// Looks at the limits in time; answers the one that ends the session.
    fn poll_timers(&mut self, cx: &mut Context<'_>) -> Option<CloseCause> {
        self.look_at_times();
        while let Poll::Ready(due) = self.timers.poll(self.socket.activity(), cx) {
            match due {
                Due::Ping => {
                    self.socket.send_keep_alive();
                    // A failure shows at the next turn.
                    let _failed = self.poll_flush(cx);
                }
                Due::End(cause) => return Some(cause),
            }
        }
        None
    }
}
