//! Listening, admission, handshakes and upgrades: from a connection to a session's connection
//! task.

mod activity;
mod admission;
mod answering;
mod assets;
pub mod forwarded;
pub mod handshake;
mod http2;
mod listen;
mod listener;
mod negotiation;
mod open;
pub mod origin;
pub mod peer;
pub mod proxy;
mod respond;
mod serve;
mod stream;
mod tls;
mod upgrade;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use hyper::{Request, Response};
use sockhop_wire::deflate::Budget;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use self::listener::{BindError, BoundAddress};
pub use self::respond::Body;
pub use self::tls::TlsError;

use self::admission::Admission;
use self::assets::Assets;
use self::listen::Admitted;
use self::listener::Listener;
use self::peer::Peer;
use self::tls::{Reloader, Tls};
use crate::config::{Config, ListenAddress};
use crate::deployments::{Deployments, Routed};
use crate::registry::Registry;
use crate::telemetry::Seldom;

/// The server: its listeners are bound, and nothing is accepted yet.
pub struct Server {
    listeners: Vec<Listener>,
    reloader: Reloader,
    shared: Arc<Shared>,
}

/// What every connection needs.
struct Shared {
    config: Arc<Config>,
    deployments: Arc<Deployments>,
    registry: Arc<Registry>,
    assets: Option<Assets>,
    admission: Admission,
    /// The sessions that may keep a compression context.
    contexts: Budget,
    refusals: Arc<Semaphore>,
    /// Connections that could not be accepted.
    unaccepted: Seldom,
    /// Handshakes for which there was no instance.
    unseated: Seldom,
    /// Connections of proxies that are to send a PROXY header, and have not.
    headless: Seldom,
    open: AtomicUsize,
    /// Cancelled when the host is told to stop.
    stopping: CancellationToken,
    tasks: TaskTracker,
}

/// Why a server cannot start. The operator is to act.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// An address cannot be bound.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The signal to read certificates again cannot be awaited.
    #[error("SIGHUP cannot be awaited")]
    Signal(#[source] io::Error),
    /// Nothing can be encrypted with the files that the configuration names.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

impl Server {
    /// Reads the certificate, and binds all addresses of the configuration.
    ///
    /// # Errors
    /// [`StartError`] for the first thing that does not go; nothing is bound then.
    pub async fn bind(
        config: Arc<Config>,
        deployments: Arc<Deployments>,
        registry: Arc<Registry>,
    ) -> Result<Self, StartError> {
        let tls = load_tls(&config)?.map(Arc::new);
        let reloader = Reloader::new(tls.clone()).map_err(StartError::Signal)?;
        let mut listeners = Vec::new();
        for address in &config.listen {
            listeners.push(Listener::bind(address, config.socket_mode, tls.as_ref()).await?);
        }
        let shared = Arc::new(Shared::new(config, deployments, registry));
        Ok(Self { listeners, reloader, shared })
    }

    /// Reads and checks the files that the configuration names, as [`bind`](Self::bind) does.
    ///
    /// # Errors
    /// [`TlsError`] for the first that cannot be used.
    pub fn check(config: &Config) -> Result<(), TlsError> {
        load_tls(config).map(|_tls| ())
    }

    /// The addresses that are bound, in the order of the configuration.
    pub fn addresses(&self) -> Vec<BoundAddress> {
        self.listeners.iter().map(|listener| listener.address().clone()).collect()
    }

    /// Begins to accept connections.
    pub fn start(self) -> RunningServer {
        self.shared.tasks.spawn(self.reloader.run(self.shared.stopping.clone()));
        for listener in self.listeners {
            let shared = Arc::clone(&self.shared);
            self.shared.tasks.spawn(listen::accept(listener, shared));
        }
        RunningServer { shared: self.shared }
    }
}

/// What encrypts, where a listener does.
fn load_tls(config: &Config) -> Result<Option<Tls>, TlsError> {
    let encrypts = config.listen.iter().any(ListenAddress::is_encrypted);
    let settings = config.tls.clone().filter(|_| encrypts);
    settings.map(|settings| Tls::load(settings, config.http2.is_spoken())).transpose()
}

impl Shared {
    fn new(config: Arc<Config>, deployments: Arc<Deployments>, registry: Arc<Registry>) -> Self {
        Self {
            assets: config.assets.as_deref().map(Assets::new),
            admission: Admission::new(&config.limits, Instant::now()),
            contexts: Budget::new(config.takeover_contexts as usize),
            refusals: Arc::new(Semaphore::new(listen::REFUSALS_MAX)),
            unaccepted: Seldom::default(),
            unseated: Seldom::default(),
            headless: Seldom::default(),
            config,
            deployments,
            registry,
            open: AtomicUsize::new(0),
            stopping: CancellationToken::new(),
            tasks: TaskTracker::new(),
        }
    }
}

/// A server that accepts connections. Cloning shares it.
#[derive(Clone)]
pub struct RunningServer {
    shared: Arc<Shared>,
}

impl RunningServer {
    /// A server without listeners: what it serves comes by [`upgrade`](Self::upgrade).
    pub(crate) fn without_listeners(
        config: Arc<Config>,
        deployments: Arc<Deployments>,
        registry: Arc<Registry>,
    ) -> Self {
        Self { shared: Arc::new(Shared::new(config, deployments, registry)) }
    }

    /// Answers a handshake that another server was asked for.
    pub(crate) async fn upgrade<B>(
        &self,
        request: Request<B>,
        routed: Routed,
        peer: Peer,
    ) -> Response<Body> {
        let admission = &self.shared.admission;
        match admission.connection(peer.address.counted(), Instant::now()) {
            Ok(ticket) => {
                let admitted = Arc::new(Admitted::new(ticket, Arc::clone(&self.shared)));
                respond::upgrade(request, routed, peer, admitted).await
            }
            Err(over) => respond::over_limit(&over),
        }
    }

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
