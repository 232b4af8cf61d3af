//! The accept loop, and one HTTP connection until it is upgraded.

use std::convert::Infallible;
use std::future::ready;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{HttpService, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{sleep, timeout};

use super::Shared;
use super::respond::{self, Body};

/// How long the loop waits after `accept` failed for want of file descriptors or memory: without a
/// pause it would spin until one is free.
const ACCEPT_BACK_OFF: Duration = Duration::from_millis(100);

/// How long a request that is under way may take when the host stops.
const STOPPING_GRACE: Duration = Duration::from_secs(1);

/// The most header fields in a request's head.
const HEADER_FIELDS_MAX: usize = 100;

/// The most connections beyond the limit that are told so at a time; others are closed at once.
pub(super) const REFUSALS_MAX: usize = 64;

/// Accepts connections until the host is told to stop.
pub(super) async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = shared.stopping.cancelled() => return,
        };
        match accepted {
            Ok((stream, peer)) => admit(stream, peer, &shared),
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                sleep(ACCEPT_BACK_OFF).await;
            }
        }
    }
}

fn admit(stream: TcpStream, peer: SocketAddr, shared: &Arc<Shared>) {
    // Only latency suffers where this fails.
    let _set = stream.set_nodelay(true);
    if let Ok(permit) = Arc::clone(&shared.connections).try_acquire_owned() {
        let admitted = Arc::new(Admitted::new(permit, Arc::clone(shared)));
        let service = service_fn(move |request| {
            let admitted = Arc::clone(&admitted);
            async move { Ok(respond::respond(request, peer, admitted).await) }
        });
        shared.tasks.spawn(serve(stream, peer, Arc::clone(shared), true, service));
        return;
    }
    if let Some(refused) = shared.refused.count(Instant::now()) {
        tracing::warn!(%peer, refused, "limits.connections is reached; connections are refused");
    }
    if let Ok(permit) = Arc::clone(&shared.refusals).try_acquire_owned() {
        let service = service_fn(move |_request| {
            // Held until the answer is written.
            let _permit = &permit;
            ready(Ok(respond::unavailable("The host has no connection left.")))
        });
        shared.tasks.spawn(serve(stream, peer, Arc::clone(shared), false, service));
    }
}

/// A connection's place among those that are open, held until the last part of it has ended.
pub(super) struct Admitted {
    pub(super) shared: Arc<Shared>,
    _permit: OwnedSemaphorePermit,
}

impl Admitted {
    fn new(permit: OwnedSemaphorePermit, shared: Arc<Shared>) -> Self {
        shared.open.fetch_add(1, Ordering::Relaxed);
        Self { shared, _permit: permit }
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        self.shared.open.fetch_sub(1, Ordering::Relaxed);
    }
}

async fn serve<S>(
    stream: TcpStream,
    peer: SocketAddr,
    shared: Arc<Shared>,
    keep_alive: bool,
    service: S,
) where
    S: HttpService<Incoming, ResBody = Body, Error = Infallible>,
{
    let limits = &shared.config.limits;
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_buf_size(limits.header_bytes.as_usize())
        .max_headers(HEADER_FIELDS_MAX)
        .keep_alive(keep_alive)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = shared.stopping.cancelled() => {
            connection.as_mut().graceful_shutdown();
            // A peer that has begun a request and does not end it is not waited for.
            timeout(STOPPING_GRACE, connection).await.unwrap_or(Ok(()))
        }
    };
    if let Err(error) = ended {
        // The peer's doing: a head that is no HTTP, or a connection that was cut.
        tracing::debug!(%peer, %error, "a connection ended before its upgrade");
    }
}
