//! One HTTP connection, from its first byte until it is upgraded or ends.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::time::timeout;

use super::answering::Answering;
use super::listen::Place;
use super::listener::Accepted;
use super::open::{Http, OpenError, Opened, open};
use super::peer::Peer;
use super::proxy::ProxyError;
use super::respond::Body;
use super::stream::Stream;
use super::{Shared, http2, respond};
use crate::telemetry::chain;

/// How long a request that is under way may take when the host stops.
pub(super) const STOPPING_GRACE: Duration = Duration::from_secs(1);

/// Serves a connection to its end.
pub(super) async fn serve(accepted: Accepted, shared: Arc<Shared>, place: Place) {
    let from = accepted.peer.address;
    let opened = tokio::select! {
        opened = open(accepted, &shared) => opened,
        () = shared.stopping.cancelled() => return,
    };
    match opened {
        Ok(Opened { stream, peer, http }) => {
            if let Some(place) = place.named(&peer, &shared) {
                answer(Opened { stream, peer, http }, &shared, place).await;
            }
        }
        Err(OpenError::Proxy(error @ (ProxyError::Header(_) | ProxyError::Late))) => {
            if let Some(connections) = shared.headless.count(Instant::now()) {
                tracing::warn!(
                    peer = %from, connections,
                    "proxy.protocol_from names a peer that sends no PROXY header; its connections \
                     are closed: {error}"
                );
            }
        }
        Err(error) => {
            let why = chain(&error);
            tracing::debug!(peer = %from, "a connection ended before its first request: {why}");
        }
    }
}

/// Answers the requests of a connection by its place.
async fn answer(opened: Opened, shared: &Shared, place: Place) {
    let Opened { stream, peer, http } = opened;
    let keep_alive = matches!(place, Place::Admitted(_));
    let limit = place.limit(&shared.config.limits);
    let place = match place {
        Place::Admitted(admitted) => Ok(Arc::new(admitted)),
        Place::Refused { over, permit } => Err((over, permit)),
    };
    let place = Arc::new(place);
    let whose = peer.clone();
    let service = service_fn(move |request| {
        let (place, peer) = (Arc::clone(&place), whose.clone());
        async move {
            Ok(match &*place {
                Ok(admitted) => respond::respond(request, peer, Arc::clone(admitted)).await,
                Err((over, _permit)) => respond::over_limit(over),
            })
        }
    });
    let answered = async {
        match http {
            Http::One => http1(stream, peer, shared, keep_alive, service).await,
            Http::Two => http2::serve(stream, peer, shared, keep_alive, service).await,
        }
    };
    match limit {
        Some(limit) => timeout(limit, answered).await.unwrap_or_default(),
        None => answered.await,
    }
}

async fn http1<S>(stream: Stream, peer: Peer, shared: &Shared, keep_alive: bool, service: S)
where
    S: Service<Request<Incoming>, Response = Response<Body>, Error = Infallible>,
{
    let limits = &shared.config.limits;
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_buf_size(limits.header_bytes.as_usize())
        .max_headers(limits.header_fields as usize)
        .keep_alive(keep_alive)
        .serve_connection(TokioIo::new(Answering::new(stream, limits.answer_timeout)), service)
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
