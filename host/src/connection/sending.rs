//! What is written while the guest is busy: it may wait for that itself.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Context;

use sockhop_session::{CloseCause, outbound};
use tokio::io::{AsyncRead, AsyncWrite};

use super::link::{Link, Taken};

impl<IO: AsyncRead + AsyncWrite + Unpin> Link<IO> {
    /// Waits for a call into the guest, and writes in the meantime.
    pub(super) async fn during<F: Future>(&mut self, call: F) -> F::Output {
        let mut call = pin!(call);
        let mut gave_way = false;
        poll_fn(|cx| {
            let returned = call.as_mut().poll(cx);
            if returned.is_pending() {
                if gave_way {
                    self.poll_write(cx);
                    self.poll_write_limits(cx);
                    self.poll_aborted(cx);
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

    /// Writes what is queued for as long as nothing else is to be done. A connection that turns out
    /// to be lost is found to be so afterwards, but by a guest that waits for a message to leave:
    /// at once.
    fn poll_write(&mut self, cx: &mut Context<'_>) {
        loop {
            let taken = self.take_queued();
            if self.poll_flush(cx).is_err() {
                if self.session.was_awaited() {
                    self.session.forget_awaited();
                    self.socket.marks().forget_awaited();
                }
                return;
            }
            if taken == Taken::Closing && self.session.was_awaited() && self.take_rest() {
                continue;
            }
            if self.socket.is_full() || taken == Taken::Closing {
                return;
            }
            if taken != Taken::All {
                cx.waker().wake_by_ref();
                return;
            }
            match self.poll_queue(cx) {
                outbound::Next::Write(outgoing) => self.socket.send(outgoing),
                outbound::Next::Limits(limits) => self.hold_to(limits),
                outbound::Next::Timer(at) => self.set_alarm(at),
                outbound::Next::Closing | outbound::Next::Idle => return,
            }
        }
    }

    /// Hands what comes before the Close frame to the socket, as far as it takes it. Whether that
    /// was anything.
    fn take_rest(&mut self) -> bool {
        let mut was_any = false;
        while !self.socket.is_full()
            && let Some(outgoing) = self.session.take_rest()
        {
            self.socket.send(outgoing);
            was_any = true;
        }
        was_any
    }

    /// Looks at the limits for writing: whoever waits for a peer that takes nothing waits no longer
    /// than those. Nothing else is due while nothing is read.
    fn poll_write_limits(&mut self, cx: &mut Context<'_>) {
        self.look_at_times();
        if self.timed_out.is_some() {
            return;
        }
        if self.timers.poll_writing(self.socket.activity(), cx).is_ready() {
            self.timed_out = Some(CloseCause::WriteTimeout);
            self.shut();
        }
    }

    /// Whoever waits for what the socket has taken already waits no longer when the connection is
    /// to be dropped.
    fn poll_aborted(&mut self, cx: &mut Context<'_>) {
        if self.socket.marks().are_waiting() && self.session.poll_aborted(cx).is_ready() {
            self.socket.marks().forget();
        }
    }

    /// Nothing more is written to the peer. What was asked for in the way of a close is kept.
    fn shut(&mut self) {
        if let Some(request) = self.session.shut() {
            self.closing.get_or_insert(request);
        }
        self.socket.marks().forget();
    }
}
