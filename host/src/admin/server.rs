//! Serves the admin API.

use std::{convert::Infallible, sync::Arc, time::Duration};

use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::UnixStream,
    sync::Semaphore,
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    access::{self, Transport},
    answer::AnswerBody,
    bind::{Accepted, BindError, Listener},
    body, deployments,
    error::ApiError,
    limits::{HEADERS_MAX, Limits, REQUEST_HEAD_MAX_BYTES},
    logs,
    operator::Operator,
    overview,
    route::{Action, Target},
};
use crate::config::{AdminAddress, AdminToken};

/// How long accepting pauses when the system has run out of something, such as open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The superuser, who may do what any user may.
const ROOT: u32 = 0;

/// The admin API, bound to its address.
#[derive(Debug)]
pub struct AdminServer {
    listener: Listener,
    limits: Limits,
}

impl AdminServer {
    /// Binds an address. A socket gets mode 0600; its folder is made, with mode 0700, where it
    /// does not exist. A socket that a host has left behind is replaced if nobody answers there.
    ///
    /// # Errors
    ///
    /// Says who has the address already, or why the system refuses it.
    pub async fn bind(address: &AdminAddress) -> Result<Self, BindError> {
        Ok(Self { listener: Listener::bind(address).await?, limits: Limits::default() })
    }

    /// The address that is bound: for port 0, with the port that the system has picked.
    pub fn bound(&self) -> AdminAddress {
        self.listener.address()
    }

    /// Serves until `shutdown`, then lets requests end for up to
    /// [`SHUTDOWN_TIMEOUT`](super::SHUTDOWN_TIMEOUT) and removes the socket.
    pub async fn serve(
        self,
        operator: Arc<dyn Operator>,
        token: AdminToken,
        shutdown: CancellationToken,
    ) {
        let limits = self.limits;
        let context = Arc::new(Context {
            operator,
            token,
            limits,
            shutdown,
            tasks: TaskTracker::new(),
            uploads: Arc::new(Semaphore::new(limits.uploads_max)),
            followers: Arc::new(Semaphore::new(limits.followers_max)),
        });
        let connections = Arc::new(Semaphore::new(limits.connections_max));
        let stopped = context.shutdown.clone().cancelled_owned();
        tokio::select! {
            () = stopped => (),
            () = accept_all(&self.listener, &connections, &context) => (),
        }
        // Gone before the requests that still run: a host that starts now can have the address.
        drop(self.listener);
        context.tasks.close();
        if timeout(limits.shutdown_timeout, context.tasks.wait()).await.is_err() {
            let left = context.tasks.len();
            tracing::warn!(left, "stopped without waiting any longer for requests of operators");
        }
    }

    #[cfg(test)]
    pub(super) fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }
}

/// What every request needs.
pub(super) struct Context {
    pub(super) operator: Arc<dyn Operator>,
    pub(super) limits: Limits,
    pub(super) shutdown: CancellationToken,
    /// Connections, and the operations that outlive them.
    pub(super) tasks: TaskTracker,
    /// Places for components in memory.
    pub(super) uploads: Arc<Semaphore>,
    /// Places for those who follow a log.
    pub(super) followers: Arc<Semaphore>,
    token: AdminToken,
}

async fn accept_all(listener: &Listener, connections: &Arc<Semaphore>, context: &Arc<Context>) {
    // The semaphore is never closed.
    while let Ok(place) = Arc::clone(connections).acquire_owned().await {
        let accepted = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection to the admin API");
                sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let context = Arc::clone(context);
        let tasks = context.tasks.clone();
        tasks.spawn(async move {
            match accepted {
                Accepted::Tcp(stream) => serve_one(stream, Transport::Tcp, context).await,
                Accepted::Unix(stream) if !is_trusted(&stream) => (),
                Accepted::Unix(stream) => serve_one(stream, Transport::Unix, context).await,
            }
            drop(place);
        });
    }
}

/// Whether the peer is this process's user or the superuser. The token is asked for in any case.
fn is_trusted(stream: &UnixStream) -> bool {
    let own = rustix::process::geteuid().as_raw();
    match stream.peer_cred() {
        Ok(peer) if peer.uid() == own || peer.uid() == ROOT => true,
        Ok(peer) => {
            tracing::warn!(user = peer.uid(), "turned another user away from the admin API");
            false
        }
        Err(error) => {
            tracing::warn!(%error, "turned a caller of unknown user away from the admin API");
            false
        }
    }
}

async fn serve_one<S>(stream: S, transport: Transport, context: Arc<Context>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (shutdown, limits) = (context.shutdown.clone(), context.limits);
    let service = service_fn(move |request| answer(Arc::clone(&context), transport, request));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_buf_size(REQUEST_HEAD_MAX_BYTES)
        .max_headers(HEADERS_MAX)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = shutdown.cancelled() => {
            connection.as_mut().graceful_shutdown();
            match timeout(limits.shutdown_timeout, connection.as_mut()).await {
                Ok(ended) => ended,
                Err(_late) => return,
            }
        }
    };
    if let Err(error) = ended {
        // A caller that goes away, or that speaks no HTTP: its own affair.
        tracing::debug!(error = &error as &dyn std::error::Error, "an admin connection broke");
    }
}

async fn answer(
    context: Arc<Context>,
    transport: Transport,
    mut request: Request<Incoming>,
) -> Result<Response<AnswerBody>, Infallible> {
    let answered = match access::check(&request, transport, &context.token) {
        Ok(()) => perform(&context, &mut request).await,
        Err(error) => Err(error),
    };
    Ok(match answered {
        Ok(response) => response,
        Err(error) => {
            let (parts, mut rest) = request.into_parts();
            body::discard(&mut rest, &parts.headers, &context.limits).await;
            error.answer()
        }
    })
}

async fn perform(
    context: &Arc<Context>,
    request: &mut Request<Incoming>,
) -> Result<Response<AnswerBody>, ApiError> {
    let uri = request.uri().clone();
    let target = Target::find(request.method(), uri.path())?;
    match target.action {
        Action::Deploy => deployments::deploy(context, target.name()?, request).await,
        Action::Deployment => deployments::one(context, &target.name()?, &uri),
        Action::Deployments => deployments::all(context, &uri),
        Action::Document => overview::document(&uri),
        Action::Host => overview::host(context, &uri),
        Action::Log => logs::log(context, &target.name()?, &uri),
        Action::Sessions => overview::sessions(context, &uri),
        Action::Undeploy => deployments::undeploy(context, target.name()?, &uri).await,
    }
}
