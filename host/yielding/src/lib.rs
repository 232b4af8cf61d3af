//! Lets others go first: what stands between two pieces of long work in one task.
#![forbid(unsafe_code)]

use std::future::poll_fn;
use std::task::Poll;

use tokio::task::yield_now;

/// Lets go first whoever can run on this worker, and whoever the sockets have something for by now;
/// as far as nothing else wakes the task meanwhile, and no idle worker takes it over.
///
/// [`yield_now`] alone does not: the runtime looks at the sockets before it wakes the task that has
/// yielded, but puts that one in front of all that it has found there.
///
/// It may be awaited inside of a future that is polled again at once when it is pending for the
/// first time.
///
/// # Cancellation
/// Dropping the future loses nothing.
pub async fn others_first() {
    // Here a task goes on at once if something inside of it has asked for that.
    behind_the_queue().await;
    yield_now().await;
    behind_the_queue().await;
}

/// A task that is woken while it runs goes on behind all that can run.
async fn behind_the_queue() {
    let mut was_pending = false;
    poll_fn(|cx| {
        if was_pending {
            return Poll::Ready(());
        }
        was_pending = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the tasks of a test end with its runtime")]
mod tests {
    use std::future::{Future, poll_fn};
    use std::io::Write as _;
    use std::os::unix::net::UnixStream as Peer;
    use std::pin::pin;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use tokio::io::AsyncReadExt as _;
    use tokio::net::UnixStream;
    use tokio::sync::oneshot;

    use super::others_first;

    /// Whether the only worker serves a socket that has become readable before this goes on.
    async fn is_socket_first(wait: impl Future<Output = ()> + Send + 'static) -> bool {
        let (mut peer, socket) = Peer::pair().expect("a pair");
        socket.set_nonblocking(true).expect("a socket");
        let was_read = Arc::new(AtomicBool::new(false));
        let (waits, is_waiting) = oneshot::channel();
        let reader = {
            let was_read = Arc::clone(&was_read);
            let mut socket = UnixStream::from_std(socket).expect("a socket");
            tokio::spawn(async move {
                let mut byte = [0];
                let mut read = pin!(socket.read_exact(&mut byte));
                let mut waits = Some(waits);
                poll_fn(|cx| {
                    let read = read.as_mut().poll(cx);
                    if let Some(waits) = waits.take() {
                        waits.send(()).expect("it is waited for");
                    }
                    read
                })
                .await
                .expect("a byte");
                was_read.store(true, Ordering::SeqCst);
            })
        };
        is_waiting.await.expect("the reader waits");
        let was_first = tokio::spawn(async move {
            peer.write_all(b"!").expect("there is room");
            wait.await;
            was_read.load(Ordering::SeqCst)
        });
        let was_first = was_first.await.expect("no panic");
        reader.await.expect("no panic");
        was_first
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn a_socket_that_has_become_readable_is_served_first() {
        assert!(is_socket_first(others_first()).await);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn so_it_is_where_the_task_is_polled_again_at_once() {
        let wait = async {
            let mut inner = pin!(others_first());
            let mut was_pending = false;
            poll_fn(|cx| {
                let polled = inner.as_mut().poll(cx);
                if polled.is_pending() && !was_pending {
                    was_pending = true;
                    cx.waker().wake_by_ref();
                }
                polled
            })
            .await;
        };
        assert!(is_socket_first(wait).await);
    }

    #[tokio::test]
    async fn it_ends_on_one_thread_too() {
        let mut polls = 0;
        let mut wait = pin!(others_first());
        poll_fn(|cx| {
            polls += 1;
            wait.as_mut().poll(cx)
        })
        .await;
        assert_eq!(polls, 4, "it was pending thrice");
    }
}
