//! Where guests go on that compute for long: threads of low priority, so that nobody waits behind
//! them.
//!
//! A call begins on the worker of whoever makes it, and most calls end there within microseconds.
//! One that is still computing at the first tick of the clock is moved, as it stands, to a thread
//! that the kernel lets run when no worker wants the processor. There it is interrupted as before,
//! so that several such guests take turns.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

use tokio::runtime::{Builder, Runtime};
use tokio_util::task::AbortOnDropHandle;

/// How much less the lane's threads are worth to the kernel than workers are (`nice`): enough that
/// a worker that wakes gets the processor at once, and little enough that a guest under a busy host
/// still comes to its end.
const LANE_NICENESS: i32 = 10;

/// The lane died under a call: the host is stopping, or a bug of the host's made the call panic.
#[derive(Debug, thiserror::Error)]
#[error("the thread of low priority is gone")]
pub(crate) struct LaneGone;

/// A flag that a guest's clock raises when a call is computing for long.
pub(crate) type Slow = Arc<AtomicBool>;

/// The threads of low priority. Cloning shares them.
#[derive(Clone)]
pub(crate) struct SlowLane {
    runtime: Arc<Lane>,
}

struct Lane(Option<Runtime>);

impl Drop for Lane {
    fn drop(&mut self) {
        // The last engine may be dropped by a task, which must not wait for threads.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl SlowLane {
    /// As many threads as there are cores; they sleep until a guest computes for long.
    pub(crate) fn new() -> std::io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .thread_name("slow-lane")
            .on_thread_start(|| {
                // Of no use where the kernel refuses, and of no harm.
                let _set = rustix::process::setpriority_process(None, LANE_NICENESS);
            })
            .enable_time()
            .build()?;
        Ok(Self { runtime: Arc::new(Lane(Some(runtime))) })
    }

    /// Runs what computes for long and cannot be interrupted, such as a compilation.
    pub(crate) async fn compute<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, LaneGone> {
        let Some(runtime) = &self.runtime.0 else { return Err(LaneGone) };
        runtime.spawn_blocking(work).await.map_err(|_| LaneGone)
    }

    /// Runs a call: here, and in the lane from the first tick on at which `slow` is raised. Gives
    /// the future back where it ended here, so that its memory serves the next call.
    ///
    /// # Cancellation
    /// Dropping the future drops the call, wherever it runs.
    pub(crate) async fn run<F>(
        &self,
        slow: &AtomicBool,
        mut call: F,
    ) -> Result<(F::Output, Option<F>), LaneGone>
    where
        F: Future<Output: Send> + Send + Unpin + 'static,
    {
        let ended = poll_fn(|cx| match Pin::new(&mut call).poll(cx) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if slow.load(Ordering::Relaxed) => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        })
        .await;
        match (ended, &self.runtime.0) {
            (Some(output), _) => Ok((output, Some(call))),
            (None, Some(runtime)) => {
                let ended = AbortOnDropHandle::new(runtime.spawn(call)).await;
                ended.map(|output| (output, None)).map_err(|_| LaneGone)
            }
            (None, None) => Err(LaneGone),
        }
    }
}
