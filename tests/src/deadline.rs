//! Waiting, never for ever.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

/// How long anything may take that a test waits for. Far more than it takes on a busy machine.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// How long to wait before asking again for what announces itself by no event.
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// Waits for `future`, and panics with `what` when [`DEADLINE`] has passed.
pub async fn within<F: Future>(what: &str, future: F) -> F::Output {
    within_limit(DEADLINE, what, future).await
}

/// As [`within`], for what takes longer.
pub async fn within_limit<F: Future>(limit: Duration, what: &str, future: F) -> F::Output {
    match timeout(limit, future).await {
        Ok(output) => output,
        Err(_) => panic!("waited {limit:?} in vain for {what}"),
    }
}

/// Asks until there is an answer, and panics with `what` when [`DEADLINE`] has passed. For what
/// the host tells only those who ask, such as the list of deployments.
pub async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let end = Instant::now() + DEADLINE;
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(Instant::now() < end, "waited {DEADLINE:?} in vain for {what}");
        sleep(POLL_INTERVAL).await;
    }
}
