//! The host inside somebody else's program: no listener and no admin API of its own.

use std::sync::Arc;

use anyhow::Result;
use bytes::Bytes;
use hyper::{Request, Response};
use sockhop_engine::Engine;
use tokio::time::timeout;

use super::{engine, host_number};
use crate::config::{Config, DeploymentName, Strategy};
use crate::deployments::status::{DeployReport, DeploymentStatus, UndeployReport};
use crate::deployments::{DeployError, Deployments, UndeployError};
use crate::registry::Registry;
use crate::server::peer::Peer;
use crate::server::{Body, RunningServer};

/// A host inside another HTTP server, which decides itself where handshakes lead (Jakarta
/// `ServerContainer.upgradeHttpToWebSocket`).
///
/// It runs in the caller's tokio runtime. Of the configuration everything counts but what belongs
/// to a process of its own: `listen`, `tls`, `http2`, `proxy`, `admin`, `assets`, `deploy_dir`,
/// `workers` and the log's filter are the caller's to do.
pub struct Embedded {
    config: Arc<Config>,
    engine: Engine,
    deployments: Arc<Deployments>,
    server: RunningServer,
}

/// Where a handshake leads.
#[derive(Clone, Debug)]
pub struct UpgradeTo<'a> {
    /// The deployment's name.
    pub deployment: &'a str,
    /// The path of one of its endpoints, as the component describes it: `/chat/{room}`.
    pub endpoint: &'a str,
    /// What the variables of that path stand for. They need not stand in the request's own path.
    pub path_parameters: Vec<(String, String)>,
    /// Who asks, as far as the caller believes it.
    pub peer: Peer,
}

impl Embedded {
    /// Sets the sandbox up. Nothing is deployed, and nothing bound.
    ///
    /// # Errors
    /// What the operator is to mend.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn start(config: Config) -> Result<Self> {
        let config = Arc::new(config);
        let engine = engine(&config)?;
        let registry = Arc::new(Registry::new(host_number()?));
        let deployments =
            Deployments::new(Arc::clone(&config), engine.clone(), Arc::clone(&registry));
        let shared = Arc::clone(&deployments);
        let server = RunningServer::without_listeners(Arc::clone(&config), shared, registry);
        Ok(Self { config, engine, deployments, server })
    }

    /// Deploys a component, as `sockhop deploy` does. Its endpoints are at no path but where
    /// [`upgrade`](Self::upgrade) leads to them.
    ///
    /// # Errors
    /// [`DeployError`]; what was deployed before is as it was.
    pub async fn deploy(
        &self,
        name: &DeploymentName,
        component: Bytes,
        strategy: Option<Strategy>,
    ) -> Result<DeployReport, DeployError> {
        self.deployments.deploy(name, component, strategy).await
    }

    /// Ends a deployment: its sessions are closed with 1001.
    ///
    /// # Errors
    /// [`UndeployError`]; nothing has changed then.
    pub fn undeploy(&self, name: &DeploymentName) -> Result<UndeployReport, UndeployError> {
        self.deployments.undeploy(name)
    }

    /// What is deployed, by name.
    #[must_use]
    pub fn deployments(&self) -> Vec<DeploymentStatus> {
        self.deployments.list()
    }

    /// Answers a handshake that the caller's server was asked for: 101, or 200 over HTTP/2, where
    /// it becomes a session, which goes on by itself when the answer was written. Nothing where
    /// there is no such endpoint: the answer is the caller's then.
    ///
    /// The request is as the server got it, the answer goes back as it is: the connection is handed
    /// over by what hyper, and whatever is built on it, keeps with a request for upgrades. What the
    /// caller's own filters do to requests they do before, and what they do to answers afterwards;
    /// of an answer that accepts, status and fields of the handshake have to stay as they are.
    pub async fn upgrade<B>(
        &self,
        request: Request<B>,
        to: UpgradeTo<'_>,
    ) -> Option<Response<Body>> {
        let UpgradeTo { deployment, endpoint, path_parameters, peer } = to;
        let routed = self.deployments.endpoint(deployment, endpoint, path_parameters)?;
        Some(self.server.upgrade(request, routed, peer).await)
    }

    /// Closes all sessions with 1001, and waits for their ends as long as
    /// `limits.shutdown_timeout` allows.
    pub async fn stop(self) {
        self.server.stop();
        self.deployments.stop();
        let stopped = async {
            self.server.stopped().await;
            self.deployments.stopped().await;
        };
        if timeout(self.config.limits.shutdown_timeout, stopped).await.is_err() {
            tracing::warn!("limits.shutdown_timeout is over; connections are dropped");
        }
    }

    /// How many instances live now, and how many may.
    #[must_use]
    pub fn instances(&self) -> (usize, usize) {
        (self.engine.instances(), self.engine.capacity().instances as usize)
    }
}
