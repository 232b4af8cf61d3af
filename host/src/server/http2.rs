//! One HTTP/2 connection: requests and sessions beside each other (RFC 9113, RFC 8441).

use std::convert::Infallible;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::rt::Executor;
use hyper::server::conn::http2;
use hyper::service::Service;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::Shared;
use super::activity::{Activity, Busy};
use super::answering::{Progress, unless_stalled};
use super::peer::Peer;
use super::respond::Body;
use super::serve::STOPPING_GRACE;
use super::stream::Stream;

/// How much of an answer may wait to be written, in bytes. A session hands on no more than a
/// quarter of it at a time.
const SEND_BUFFER_BYTES: usize = 64 << 10;

/// Serves a connection to its end. One that is not kept alive ends after its first answer.
pub(super) async fn serve<S>(
    stream: Stream,
    peer: Peer,
    shared: &Shared,
    keep_alive: bool,
    service: S,
) where
    S: Service<Request<Incoming>, Response = Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
{
    let activity = Activity::new();
    let service = Counting { service, activity: activity.clone() };
    let connection = builder(shared).serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    let idle_timeout = if keep_alive { shared.config.http2.idle_timeout } else { Duration::ZERO };
    let idle = activity.idle(shared.config.limits.header_timeout, idle_timeout);
    let ended = tokio::select! {
        ended = connection.as_mut() => Some(ended),
        () = shared.stopping.cancelled() => None,
        () = idle => None,
    };
    let ended = match ended {
        Some(ended) => ended,
        None => {
            // GOAWAY: what is open goes on to its end, and nothing is begun any more.
            connection.as_mut().graceful_shutdown();
            tokio::select! {
                ended = connection => ended,
                () = activity.idle(STOPPING_GRACE, STOPPING_GRACE) => Ok(()),
            }
        }
    };
    if let Err(error) = ended {
        // The peer's doing: what is no HTTP/2, or a connection that was cut.
        tracing::debug!(%peer, %error, "an HTTP/2 connection ended");
    }
}

fn builder(shared: &Shared) -> http2::Builder<Watched> {
    let (limits, settings) = (&shared.config.limits, &shared.config.http2);
    let mut builder = http2::Builder::new(Watched {
        tasks: shared.tasks.clone(),
        limit: limits.answer_timeout,
        stopping: shared.stopping.clone(),
    });
    builder
        .timer(TokioTimer::new())
        .enable_connect_protocol()
        .max_concurrent_streams(settings.streams)
        .initial_stream_window_size(settings.stream_window())
        .initial_connection_window_size(settings.connection_window())
        .max_send_buf_size(SEND_BUFFER_BYTES)
        .max_header_list_size(u32::try_from(limits.header_bytes.bytes()).unwrap_or(u32::MAX))
        .keep_alive_interval(settings.keep_alive)
        .keep_alive_timeout(settings.keep_alive);
    builder
}

/// Counts each request until the last byte of its answer. What becomes a session holds on to the
/// count by the request's extensions.
struct Counting<S> {
    service: S,
    activity: Activity,
}

impl<S> Service<Request<Incoming>> for Counting<S>
where
    S: Service<Request<Incoming>, Response = Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response<Counted>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Counted>, Infallible>>;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        let busy = Arc::new(self.activity.begin());
        request.extensions_mut().insert(Arc::clone(&busy));
        let answered = self.service.call(request);
        let counted = async move {
            let answer = answered.await?;
            let progress = Progress::of_task();
            progress.iter().for_each(Progress::made);
            Ok(answer.map(|body| Counted { body, progress, _busy: busy }))
        };
        counted.boxed()
    }
}

/// The body of an answer that is counted.
struct Counted {
    body: Body,
    progress: Option<Progress>,
    _busy: Arc<Busy>,
}

impl hyper::body::Body for Counted {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        // The library asks for a piece when what it had before has found room.
        self.progress.iter().for_each(Progress::made);
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Runs the library's task for each stream among those that shutdown waits for, and gives up those
/// whose peers do not take their answers.
#[derive(Clone)]
struct Watched {
    tasks: TaskTracker,
    limit: Duration,
    stopping: CancellationToken,
}

impl<F> Executor<F> for Watched
where
    F: Future<Output: Send + 'static> + Send + 'static,
{
    fn execute(&self, future: F) {
        self.tasks.spawn(unless_stalled(future, self.limit, self.stopping.clone()));
    }
}
