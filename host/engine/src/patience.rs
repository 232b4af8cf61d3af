//! Bounds how long a call waits. How long it computes is bounded by its budget, and the time in
//! which it could compute and has no turn, on a machine that is busy, is not its doing.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::pace::Pace;

/// A call has waited longer than one event may.
#[derive(Debug)]
pub(crate) struct OutOfPatience;

/// Runs a call that may wait for `patience` in all.
///
/// # Errors
/// [`OutOfPatience`]; the call is dropped then.
pub(crate) async fn within<F: Future>(
    patience: Duration,
    pace: &Pace,
    call: F,
) -> Result<F::Output, OutOfPatience> {
    let mut call = pin!(call);
    // Most calls end at once: they cost no look at the clock.
    pace.begin_turn();
    if let Poll::Ready(output) = poll_fn(|cx| Poll::Ready(call.as_mut().poll(cx))).await {
        return Ok(output);
    }
    let mut left = patience;
    let mut waits_since = None;
    let mut alarm = pin!(sleep(left));
    let mut was_polled = true;
    poll_fn(|cx| {
        if !std::mem::take(&mut was_polled) {
            if let Some(since) = waits_since.take() {
                left = left.saturating_sub(Instant::now().duration_since(since));
            }
            pace.begin_turn();
            if let Poll::Ready(output) = call.as_mut().poll(cx) {
                return Poll::Ready(Ok(output));
            }
        }
        if pace.was_turn_over() {
            // It has woken itself.
            return Poll::Pending;
        }
        if left.is_zero() {
            return Poll::Ready(Err(OutOfPatience));
        }
        let now = Instant::now();
        waits_since = Some(now);
        alarm.as_mut().reset(now + left);
        alarm.as_mut().poll(cx).map(|()| Err(OutOfPatience))
    })
    .await
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::thread;

    use super::*;
    use crate::clock::EPOCH_TICK;

    const PATIENCE: Duration = Duration::from_millis(100);

    fn pace() -> Pace {
        Pace::new(None, std::sync::Arc::default())
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_counts_over_all_waits_of_a_call() {
        let waits = || async {
            for _ in 0..3 {
                sleep(PATIENCE / 4).await;
            }
        };
        assert!(within(PATIENCE, &pace(), waits()).await.is_ok());
        let began = Instant::now();
        let twice = async {
            waits().await;
            waits().await;
        };
        assert!(within(PATIENCE, &pace(), twice).await.is_err());
        assert!(began.elapsed() < PATIENCE * 3 / 2, "{:?}", began.elapsed());
        assert!(within(PATIENCE, &pace(), pending::<()>()).await.is_err());
    }

    #[tokio::test]
    async fn what_a_call_computes_and_what_it_is_kept_from_do_not_count() {
        let pace = pace();
        let mut turns = 0;
        let computes = poll_fn(|cx| {
            turns += 1;
            while !pace.tick().is_turn_over {
                std::hint::spin_loop();
            }
            // Others have the processor now.
            thread::sleep(EPOCH_TICK * 4);
            cx.waker().wake_by_ref();
            if turns < 20 { Poll::Pending } else { Poll::Ready(()) }
        });
        assert!(within(EPOCH_TICK * 8, &pace, computes).await.is_ok());
    }
}
