//! One call that takes turns in the lane, and can be called back from there.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

use tokio::runtime::Handle;

use crate::pace::Pace;

/// How a call left the lane.
pub(super) enum Outcome<F: Future> {
    /// It has ended there.
    Ended(F::Output),
    /// It waits for something, or was called back.
    Left(F),
}

/// A call that is lent to the lane.
pub(super) struct Turns<F>(Arc<Lent<F>>);

struct Lent<F> {
    /// Until its first turn.
    call: Mutex<Option<F>>,
    pace: Arc<Pace>,
    /// Who made the call: what it waits for has its timers there.
    home: Handle,
    count: AtomicU32,
    is_called_back: AtomicBool,
}

impl<F: Future + Unpin> Turns<F> {
    pub(super) fn of(call: F, pace: Arc<Pace>, home: Handle) -> Self {
        let (count, is_called_back) = (AtomicU32::new(0), AtomicBool::new(false));
        Self(Arc::new(Lent { call: Mutex::new(Some(call)), pace, home, count, is_called_back }))
    }

    /// The turns so far.
    pub(super) fn count(&self) -> u32 {
        self.0.count.load(Ordering::Relaxed)
    }

    /// Takes the call back that has had no turn yet. One that has leaves after its present turn.
    pub(super) fn call_back(&self) -> Option<F> {
        self.0.is_called_back.store(true, Ordering::Relaxed);
        self.0.take()
    }

    /// The task that takes the turns; it never ends where the call was called back before.
    pub(super) fn take(&self) -> impl Future<Output = Outcome<F>> + use<F> {
        let lent = Arc::clone(&self.0);
        async move {
            let Some(call) = lent.take() else { return std::future::pending().await };
            lent.run(call).await
        }
    }
}

impl<F: Future + Unpin> Lent<F> {
    fn take(&self) -> Option<F> {
        self.call.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    async fn run(&self, call: F) -> Outcome<F> {
        let mut call = Some(call);
        poll_fn(|cx| {
            let Some(mut going) = call.take() else { return Poll::Pending };
            self.count.fetch_add(1, Ordering::Relaxed);
            let _home = self.home.enter();
            if let Poll::Ready(output) = Pin::new(&mut going).poll(cx) {
                return Poll::Ready(Outcome::Ended(output));
            }
            if !self.pace.was_turn_over() || self.is_called_back.load(Ordering::Relaxed) {
                return Poll::Ready(Outcome::Left(going));
            }
            call = Some(going);
            Poll::Pending
        })
        .await
    }
}
