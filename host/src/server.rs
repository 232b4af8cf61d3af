//! Listening, admission, handshakes and upgrades: from a TCP connection to a session's connection
//! task.

mod assets;
pub mod handshake;
mod listen;
pub mod origin;
mod respond;
mod upgrade;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::assets::Assets;
use crate::config::{Config, ListenAddress};
use crate::deployments::Deployments;
use crate::registry::Registry;
use crate::telemetry::Seldom;

/// The server: its listeners are bound, and nothing is accepted yet.
pub struct Server {
    listeners: Vec<TcpListener>,
    shared: Arc<Shared>,
}

/// What every connection needs.
struct Shared {
    config: Arc<Config>,
    deployments: Arc<Deployments>,
    registry: Arc<Registry>,
    assets: Option<Assets>,
    connections: Arc<Semaphore>,
    refusals: Arc<Semaphore>,
    /// Connections beyond the limit, and handshakes for which there was no instance.
    refused: Seldom,
    unseated: Seldom,
    open: AtomicUsize,
    /// Cancelled when the host is told to stop.
    stopping: CancellationToken,
    tasks: TaskTracker,
}

/// An address could not be bound. The operator is to act.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}")]
pub struct BindError {
    address: String,
    #[source]
    source: io::Error,
}

impl Server {
    /// Binds all addresses of the configuration.
    ///
    /// # Errors
    /// [`BindError`] for the first that cannot be bound; none is then.
    pub async fn bind(
        config: Arc<Config>,
        deployments: Arc<Deployments>,
        registry: Arc<Registry>,
    ) -> Result<Self, BindError> {
        let mut listeners = Vec::new();
        for address in &config.listen {
            listeners.push(bind(address).await?);
        }
        let shared = Shared {
            assets: config.assets.as_deref().map(Assets::new),
            connections: Arc::new(Semaphore::new(config.limits.connections as usize)),
            refusals: Arc::new(Semaphore::new(listen::REFUSALS_MAX)),
            refused: Seldom::default(),
            unseated: Seldom::default(),
            config,
            deployments,
            registry,
            open: AtomicUsize::new(0),
            stopping: CancellationToken::new(),
            tasks: TaskTracker::new(),
        };
        Ok(Self { listeners, shared: Arc::new(shared) })
    }

    /// The addresses that are bound, in the order of the configuration.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        // An address that was just bound has a name.
        self.listeners.iter().filter_map(|listener| listener.local_addr().ok()).collect()
    }

    /// Begins to accept connections.
    pub fn start(self) -> RunningServer {
        for listener in self.listeners {
            let shared = Arc::clone(&self.shared);
            self.shared.tasks.spawn(listen::accept(listener, shared));
        }
        RunningServer { shared: self.shared }
    }
}

/// A server that accepts connections. Cloning shares it.
#[derive(Clone)]
pub struct RunningServer {
    shared: Arc<Shared>,
}

impl RunningServer {
    /// How many connections are open, sessions and others.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.shared.open.load(Ordering::Relaxed)
    }

    /// Accepts nothing more, and answers handshakes that are under way with 503.
    pub fn stop(&self) {
        self.shared.stopping.cancel();
        self.shared.tasks.close();
    }

    /// Waits until all connections have ended. Call it after [`stop`](Self::stop).
    pub async fn stopped(&self) {
        self.shared.tasks.wait().await;
    }
}

async fn bind(address: &ListenAddress) -> Result<TcpListener, BindError> {
    let failed = |source| BindError { address: address.as_str().to_owned(), source };
    TcpListener::bind(address.as_str()).await.map_err(failed)
}
