//! The timers of the session's guest: when one is due, and whose turn it is.

use std::mem;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::unconstrained;
use tokio::time::{Instant, Sleep, sleep_until};

use super::link::{Link, Next};

/// What wakes the connection when the first of the session's timers is due.
pub(super) struct Alarm {
    at: Instant,
    sleep: Pin<Box<Sleep>>,
}

impl<IO: AsyncRead + AsyncWrite + Unpin> Link<IO> {
    /// The first of the session's timers is due then; there is none any more without a time.
    #[cold]
    pub(super) fn set_alarm(&mut self, at: Option<std::time::Instant>) {
        let Some(at) = at.map(Instant::from_std) else {
            self.alarm = None;
            return;
        };
        match &mut self.alarm {
            Some(alarm) => alarm.at = at,
            None => {
                let sleep = Box::pin(sleep_until(at));
                self.alarm = Some(Box::new(Alarm { at, sleep }));
            }
        }
    }

    /// A timer that is due or a token of what has left, where it is their turn: what else there is
    /// goes first after a timer, the next timer after that, and the peer between two tokens.
    pub(super) fn take_turn(&mut self) -> Option<Next> {
        if self.alarm.is_some()
            && !mem::take(&mut self.had_timer)
            && let Some(token) = self.take_due()
        {
            return Some(Next::Timer(token));
        }
        if mem::take(&mut self.told_token) {
            return None;
        }
        let token = self.socket.marks().next_token()?;
        self.told_token = true;
        Some(Next::Sent(token))
    }

    /// Ready with a timer that is due, where there is nothing else to do.
    #[cold]
    pub(super) fn poll_alarm(&mut self, cx: &mut Context<'_>) -> Poll<u64> {
        loop {
            let Some(alarm) = &mut self.alarm else { return Poll::Pending };
            if alarm.sleep.deadline() != alarm.at {
                alarm.sleep.as_mut().reset(alarm.at);
            }
            // Outside the task's budget, as the others are.
            if pin!(unconstrained(alarm.sleep.as_mut())).poll(cx).is_pending() {
                return Poll::Pending;
            }
            if let Some(token) = self.take_due() {
                return Poll::Ready(token);
            }
        }
    }

    #[cold]
    fn take_due(&mut self) -> Option<u64> {
        let now = Instant::now();
        if self.alarm.as_ref().is_some_and(|alarm| alarm.at > now) {
            return None;
        }
        let (due, next) = self.session.take_due_timer(now.into_std());
        self.set_alarm(next);
        self.had_timer = due.is_some();
        due
    }
}
