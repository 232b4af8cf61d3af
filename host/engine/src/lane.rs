//! Where guests go on that compute for long: threads of low priority, so that nobody waits behind
//! them.
//!
//! A call begins on the worker of whoever makes it, and most calls end there within microseconds.
//! One whose turn there is over while it still computes is moved, as it stands, to a thread that
//! the kernel lets run when no worker wants the processor. There it takes turns with others like
//! it, until it ends or waits for something: then it goes home.

mod rank;
mod turns;

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::time::timeout;
use tokio_util::task::AbortOnDropHandle;

use self::turns::{Outcome, Turns};
use crate::pace::Pace;

/// A call that has had no turn for so long is starved: the machine is so busy that who comes last
/// hardly comes at all. It goes on where threads are worth little, but something.
const STARVED_AFTER: Duration = Duration::from_millis(500);

/// For how long a machine that has starved one call is taken to starve others.
const STARVED_FOR: Duration = Duration::from_secs(2);

/// The lane died under a call: the host is stopping, or a bug of the host's made the call panic.
#[derive(Debug, thiserror::Error)]
#[error("the thread of low priority is gone")]
pub(crate) struct LaneGone;

/// The threads of low priority. Cloning shares them.
#[derive(Clone)]
pub(crate) struct SlowLane {
    /// They run when nobody else wants the processor.
    last: Arc<Threads>,
    /// They get a small share of it whoever wants it.
    low: Arc<Threads>,
    starved: Starved,
}

/// As many threads as there are cores, which sleep until they are needed.
struct Threads(Option<Runtime>);

impl Drop for Threads {
    fn drop(&mut self) {
        // The last engine may be dropped by a task, which must not wait for threads.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl Threads {
    fn new(name: &str, set_rank: fn()) -> std::io::Result<Arc<Self>> {
        let runtime =
            Builder::new_multi_thread().thread_name(name).on_thread_start(set_rank).build()?;
        Ok(Arc::new(Self(Some(runtime))))
    }

    fn spawn<F>(&self, turns: &Turns<F>) -> Result<AbortOnDropHandle<Outcome<F>>, LaneGone>
    where
        F: Future<Output: Send> + Send + Unpin + 'static,
    {
        let Some(runtime) = &self.0 else { return Err(LaneGone) };
        Ok(AbortOnDropHandle::new(runtime.spawn(turns.take())))
    }
}

impl SlowLane {
    /// Starts the threads.
    pub(crate) fn new() -> std::io::Result<Self> {
        Ok(Self {
            last: Threads::new("lane-last", rank::set_last)?,
            low: Threads::new("lane-low", rank::set_low)?,
            starved: Starved::new(),
        })
    }

    /// Runs what computes for long and cannot be interrupted, such as a compilation: it comes to
    /// its end on the busiest host.
    pub(crate) async fn compute<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, LaneGone> {
        let Some(runtime) = &self.low.0 else { return Err(LaneGone) };
        runtime.spawn_blocking(work).await.map_err(|_| LaneGone)
    }

    /// Runs a call: here, and in the lane from the end of its first turn on, or from its begin
    /// where most calls of the guest would come there. Gives the future back where it ended here,
    /// so that its memory serves the next call.
    ///
    /// # Cancellation
    /// Dropping the future drops the call, wherever it runs.
    pub(crate) async fn run<F>(
        &self,
        pace: &Arc<Pace>,
        mut call: F,
    ) -> Result<(F::Output, Option<F>), LaneGone>
    where
        F: Future<Output: Send> + Send + Unpin + 'static,
    {
        pace.begin_call();
        let mut is_here = !pace.is_likely_slow();
        loop {
            if is_here && let Some(output) = run_here(pace, &mut call).await {
                pace.end_call();
                return Ok((output, Some(call)));
            }
            pace.set_away(true);
            let outcome = self.run_away(pace, call).await;
            pace.set_away(false);
            match outcome? {
                Outcome::Ended(output) => {
                    pace.end_call();
                    return Ok((output, None));
                }
                Outcome::Left(back) => call = back,
            }
            is_here = true;
        }
    }

    /// Lets a call go on in the lane until it ends or waits.
    async fn run_away<F>(&self, pace: &Arc<Pace>, call: F) -> Result<Outcome<F>, LaneGone>
    where
        F: Future<Output: Send> + Send + Unpin + 'static,
    {
        let call = match self.run_last(pace, call).await? {
            Outcome::Left(call) if pace.was_turn_over() => call,
            outcome => return Ok(outcome),
        };
        let turns = Turns::of(call, Arc::clone(pace), Handle::current());
        self.low.spawn(&turns)?.await.map_err(|_| LaneGone)
    }

    /// Lets a call go on where nobody waits for it, until it ends, waits, or is starved.
    async fn run_last<F>(&self, pace: &Arc<Pace>, call: F) -> Result<Outcome<F>, LaneGone>
    where
        F: Future<Output: Send> + Send + Unpin + 'static,
    {
        if self.starved.is_recent() {
            pace.starve();
            return Ok(Outcome::Left(call));
        }
        let turns = Turns::of(call, Arc::clone(pace), Handle::current());
        let mut task = self.last.spawn(&turns)?;
        loop {
            let before = turns.count();
            if let Ok(outcome) = timeout(STARVED_AFTER, &mut task).await {
                return outcome.map_err(|_| LaneGone);
            }
            if turns.count() == before {
                break;
            }
        }
        self.starved.note();
        match turns.call_back() {
            Some(call) => {
                pace.starve();
                Ok(Outcome::Left(call))
            }
            None => task.await.map_err(|_| LaneGone),
        }
    }
}

/// When a call was last starved: those after it need not find it out each for itself.
#[derive(Clone)]
struct Starved {
    since: Instant,
    /// Milliseconds since then; 0 for never.
    last: Arc<AtomicU64>,
}

impl Starved {
    fn new() -> Self {
        Self { since: Instant::now(), last: Arc::default() }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX).max(1)
    }

    fn note(&self) {
        self.last.store(self.now(), Ordering::Relaxed);
    }

    fn is_recent(&self) -> bool {
        let last = self.last.load(Ordering::Relaxed);
        let for_millis = STARVED_FOR.as_millis();
        last != 0 && u128::from(self.now().saturating_sub(last)) < for_millis
    }
}

/// Runs a call until it ends, or its turn is over.
async fn run_here<F: Future + Unpin>(pace: &Pace, call: &mut F) -> Option<F::Output> {
    poll_fn(|cx| {
        let polled = Pin::new(&mut *call).poll(cx);
        pace.end_turn_here();
        match polled {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if pace.was_turn_over() => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}
