//! What the threads of low priority are worth to the kernel.
//!
//! Where it refuses a rank, the lane is as good as any other thread: nothing depends on it but how
//! long others wait.

use thread_priority::ThreadPriority;
use thread_priority::unix::{
    NormalThreadSchedulePolicy, ThreadSchedulePolicy, set_thread_priority_and_policy,
    thread_native_id,
};

/// How much less than a worker a thread is worth that is to come to its end none the less (`nice`).
const LOW_NICENESS: i32 = 5;

/// As nice as a thread can be.
const NICENESS_MAX: i32 = 19;

/// The calling thread runs when nobody else wants the processor: a worker that wakes gets it at
/// once, which no niceness brings about.
pub(super) fn set_last() {
    let policy = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
    let _set = set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, policy);
}

/// The calling thread is worth little, but something. There is no way here from [`set_last`]: the
/// kernel lets only the privileged come back from it.
pub(super) fn set_low() {
    let own = rustix::process::getpriority_process(None).unwrap_or(0);
    let low = own.saturating_add(LOW_NICENESS).min(NICENESS_MAX);
    let _set = rustix::process::setpriority_process(None, low);
}
