//! Answers over HTTP, and how long peers are waited for that do not take them.

use std::future::pending;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::watch;
use tokio::time::{Sleep, sleep};
use tokio_util::sync::CancellationToken;

use super::serve::STOPPING_GRACE;
use super::stream::Stream;

/// A connection while it carries HTTP/1.1: to write fails where the peer takes nothing for long.
#[derive(Debug)]
pub(super) struct Answering {
    stream: Stream,
    limit: Duration,
    /// Runs while the peer takes nothing. Boxed, as few ever have one.
    stalled: Option<Pin<Box<Sleep>>>,
}

impl Answering {
    pub(super) fn new(stream: Stream, limit: Duration) -> Self {
        Self { stream, limit, stalled: None }
    }

    /// The connection alone, for a session, which has limits of its own.
    pub(super) fn into_inner(self) -> Stream {
        self.stream
    }

    /// Fails instead of waiting on where it has waited for long enough.
    fn held<T>(
        &mut self,
        written: Poll<io::Result<T>>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let limit = self.limit;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(limit)));
        stalled.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Answering {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Answering {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.held(written, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.held(written, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        self.held(flushed, cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.held(shut, cx)
    }
}

tokio::task_local! {
    /// What is made of the answer that the task writes. The library makes the task, and this is the
    /// only thread that leads from it to the body inside.
    static PROGRESS: Progress;
}

/// Tells whoever watches over an answer of HTTP/2 that its peer takes it.
#[derive(Clone, Debug)]
pub(super) struct Progress(Arc<watch::Sender<()>>);

impl Progress {
    /// That of the answer which the current task writes, where it is watched over.
    pub(super) fn of_task() -> Option<Self> {
        PROGRESS.try_with(Self::clone).ok()
    }

    /// The answer begins, or its next piece is asked for, as the one before it found room.
    pub(super) fn made(&self) {
        self.0.send_replace(());
    }
}

/// Runs the task of one stream of HTTP/2, until its peer has taken nothing of the answer for as
/// long as `limit`, or for [`STOPPING_GRACE`] when the host stops. The stream is reset then; the
/// others of its connection go on.
pub(super) async fn unless_stalled(
    task: impl Future<Output: Send>,
    limit: Duration,
    stopping: CancellationToken,
) {
    let progress = Progress(Arc::new(watch::Sender::new(())));
    let mut made = progress.0.subscribe();
    let stalled = async {
        // Until the answer begins it is the host that lets the peer wait.
        let mut changed = made.changed().await;
        while changed.is_ok() {
            let stopped = async {
                stopping.cancelled().await;
                sleep(STOPPING_GRACE).await;
            };
            changed = tokio::select! {
                changed = made.changed() => changed,
                () = sleep(limit) => return,
                () = stopped => return,
            };
        }
        // Nobody is left to make any progress: the task itself has ended.
        pending().await
    };
    tokio::select! {
        _ = PROGRESS.scope(progress, task) => {}
        () = stalled => tracing::debug!("an answer was not taken within limits.answer_timeout"),
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::UnixStream;
    use tokio::time::{Instant, advance};

    use super::*;

    const LIMIT: Duration = Duration::from_secs(30);

    /// More than any socket holds.
    const LARGE: usize = 16 << 20;

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_takes_nothing_is_given_up() {
        let (one, _other) = UnixStream::pair().expect("a pair");
        let mut stream = Answering::new(Stream::from(one), LIMIT);
        let begun = Instant::now();
        let error = stream.write_all(&vec![0; LARGE]).await.expect_err("nobody reads");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(begun.elapsed() >= LIMIT, "{:?}", begun.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_takes_a_little_now_and_then_is_not() {
        let (one, mut other) = UnixStream::pair().expect("a pair");
        let mut stream = Answering::new(Stream::from(one), LIMIT);
        let read = async {
            let mut piece = vec![0; LARGE / 16];
            for _ in 0..16 {
                advance(LIMIT - Duration::from_secs(1)).await;
                other.read_exact(&mut piece).await.expect("all of it");
            }
        };
        let large = vec![0; LARGE];
        let (written, ()) = tokio::join!(stream.write_all(&large), read);
        written.expect("there was progress");
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_is_waited_for_and_its_peer_as_long_as_it_takes_something() {
        let begun = Instant::now();
        let task = async {
            sleep(LIMIT * 10).await;
            let progress = Progress::of_task().expect("it is watched over");
            for _ in 0..3 {
                progress.made();
                sleep(LIMIT - Duration::from_secs(1)).await;
            }
            progress.made();
            pending::<()>().await;
        };
        unless_stalled(task, LIMIT, CancellationToken::new()).await;
        assert!(begun.elapsed() >= LIMIT * 14 - Duration::from_secs(3), "{:?}", begun.elapsed());
        assert!(begun.elapsed() < LIMIT * 15, "{:?}", begun.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_host_that_stops_waits_a_moment() {
        let stopping = CancellationToken::new();
        stopping.cancel();
        let begun = Instant::now();
        let task = async {
            Progress::of_task().expect("it is watched over").made();
            pending::<()>().await;
        };
        unless_stalled(task, LIMIT, stopping).await;
        assert!(begun.elapsed() < LIMIT, "{:?}", begun.elapsed());
    }
}
