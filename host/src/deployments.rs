//! What is deployed: the only place that changes it, atomically, and the routes that follow from
//! it.

pub(crate) mod candidate;
pub(crate) mod component_file;
mod error;
mod find;
pub mod log;
mod outgoing;
mod retire;
pub mod revision;
pub mod routes;
pub(crate) mod served;
pub mod status;
pub mod template;
pub mod watch;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use bytes::Bytes;
use sockhop_engine::Engine;
use sockhop_session::CloseCause;
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

pub use self::error::{DeployError, EndpointError, NoKeys, UndeployError, UndescribedEndpoints};
use self::log::DeploymentLog;
use self::outgoing::OutgoingHost;
pub use self::outgoing::check_profiles;
use self::revision::{Revision, ServedEndpoint, Visit};
use self::routes::Routes;
use self::status::{DeployReport, DeploymentStatus, SessionStatus, UndeployReport};
use crate::config::{Config, DeploymentName, Strategy};
use crate::connect::ClientTls;
use crate::registry::Registry;
use crate::telemetry::chain;

/// The most revisions of one deployment that are drained at a time; where there is one more, the
/// oldest one's sessions are closed with 1012. Each keeps its compiled code.
pub const DRAINING_REVISIONS_MAX: usize = 16;

/// Where a request's path leads.
pub struct Routed {
    /// The endpoint.
    pub endpoint: Arc<ServedEndpoint>,
    /// What the path's variables stand for.
    pub parameters: Vec<(String, String)>,
    /// The request's place in the endpoint's revision.
    pub visit: Visit,
}

/// All deployments of a host.
pub struct Deployments {
    config: Arc<Config>,
    engine: Engine,
    registry: Arc<Registry>,
    compile_jobs: Semaphore,
    state: Mutex<State>,
    routes: ArcSwap<Routes<Arc<ServedEndpoint>>>,
    outgoing: OutgoingHost,
    tasks: TaskTracker,
}

#[derive(Default)]
struct State {
    deployments: BTreeMap<DeploymentName, Deployment>,
    /// Names that somebody is deploying or undeploying.
    busy: BTreeSet<DeploymentName>,
    stopping: bool,
}

struct Deployment {
    /// None once it is undeployed and its sessions are ending, and before its first deploy.
    current: Option<Current>,
    /// Oldest first.
    retired: Vec<Arc<Revision>>,
    next_revision: u64,
    log: Arc<DeploymentLog>,
}

struct Current {
    revision: Arc<Revision>,
    endpoints: Vec<Arc<ServedEndpoint>>,
}

impl Deployments {
    /// Nothing is deployed yet.
    #[must_use]
    pub fn new(config: Arc<Config>, engine: Engine, registry: Arc<Registry>) -> Arc<Self> {
        let tasks = TaskTracker::new();
        let outgoing = OutgoingHost {
            registry: Arc::clone(&registry),
            tasks: tasks.clone(),
            system_tls: ClientTls::default(),
        };
        Arc::new(Self {
            compile_jobs: Semaphore::new(config.sandbox.compile_jobs.get()),
            config,
            engine,
            registry,
            state: Mutex::default(),
            routes: ArcSwap::default(),
            outgoing,
            tasks,
        })
    }

    /// Deploys a component, as a new revision where the name is taken. Where `strategy` is absent,
    /// the deployment's settings decide what becomes of open sessions.
    ///
    /// # Errors
    /// [`DeployError`]; what was deployed before is as it was.
    ///
    /// # Cancellation
    /// Dropping the future before it is ready leaves everything as it was.
    pub async fn deploy(
        self: &Arc<Self>,
        name: &DeploymentName,
        component: Bytes,
        strategy: Option<Strategy>,
    ) -> Result<DeployReport, DeployError> {
        let claim = self.claim(name).ok_or_else(|| DeployError::Busy(name.clone()))?;
        let settings = self.config.settings_for(name);
        let strategy = strategy.unwrap_or(settings.strategy);
        let log = self.log_for(name);
        let prepared = self.prepare(component, settings, &log).await;
        let deployed = prepared.and_then(|candidate| self.commit(name, candidate, strategy, &log));
        if let Err(error) = &deployed {
            log.warn(format!("not deployed: {}", chain(error)));
        }
        drop(claim);
        deployed
    }

    /// Ends a deployment: its paths lead nowhere, and its sessions are closed with 1001.
    ///
    /// # Errors
    /// [`UndeployError`]; everything is as it was.
    pub fn undeploy(
        self: &Arc<Self>,
        name: &DeploymentName,
    ) -> Result<UndeployReport, UndeployError> {
        let _claim = self.claim(name).ok_or_else(|| UndeployError::Busy(name.clone()))?;
        let mut state = self.state();
        let unknown = || UndeployError::Unknown(name.clone());
        let deployment = state.deployments.get_mut(name).ok_or_else(unknown)?;
        let current = deployment.current.take().ok_or_else(unknown)?;
        deployment.retired.push(Arc::clone(&current.revision));
        let retired = deployment.retired.clone();
        let log = Arc::clone(&deployment.log);
        self.publish(&state);
        drop(state);
        let sessions_closed = retired.iter().map(|revision| revision.sessions()).sum();
        for revision in retired {
            revision.close(CloseCause::GoingAway);
        }
        self.watch_end(name, current.revision);
        log.note("undeployed");
        Ok(UndeployReport { name: name.to_string(), sessions_closed })
    }

    /// Whether exactly this component is what new connections get.
    pub fn is_current(&self, name: &DeploymentName, digest: &str) -> bool {
        let state = self.state();
        let current = state.deployments.get(name).and_then(|deployed| deployed.current.as_ref());
        current.is_some_and(|current| current.revision.digest() == digest)
    }

    /// All deployments, in the order of their names.
    pub fn list(&self) -> Vec<DeploymentStatus> {
        let state = self.state();
        let status = |(name, deployment): (&DeploymentName, &Deployment)| {
            let current = deployment.current.iter().map(|current| &current.revision);
            let retired = deployment.retired.iter().rev();
            let revisions: Vec<_> =
                current.chain(retired).map(|revision| revision.status()).collect();
            (!revisions.is_empty()).then(|| DeploymentStatus { name: name.to_string(), revisions })
        };
        state.deployments.iter().filter_map(status).collect()
    }

    /// The open sessions, of one deployment or of all, oldest first.
    pub fn sessions(&self, deployment: Option<&str>) -> Vec<SessionStatus> {
        let mut sessions = Vec::new();
        self.registry.visit(|name, _path, entry| {
            if deployment.is_none_or(|wanted| wanted == name) {
                let identity = entry.session.identity();
                sessions.push((
                    identity.id,
                    SessionStatus {
                        id: identity.id.to_string(),
                        deployment: name.to_owned(),
                        revision: entry.revision,
                        endpoint: identity.endpoint_path.clone(),
                        uri: identity.request.uri.clone(),
                        peer: entry.peer.clone(),
                        subprotocol: identity.subprotocol.clone(),
                        principal: entry.session.agreed().principal.clone(),
                        queued_bytes: entry.session.queue().queued_bytes,
                        opened_at: entry.opened_at,
                    },
                ));
            }
        });
        sessions.sort_unstable_by_key(|(id, _status)| *id);
        sessions.into_iter().map(|(_id, status)| status).collect()
    }

    /// The log of a deployment.
    pub fn log(&self, name: &str) -> Option<Arc<DeploymentLog>> {
        let state = self.state();
        let mut found = state.deployments.iter().filter(|(known, _)| known.as_str() == name);
        found.next().map(|(_, deployment)| Arc::clone(&deployment.log))
    }

    /// Closes all sessions with 1001 and takes no more deploys.
    pub fn stop(&self) {
        let mut state = self.state();
        state.stopping = true;
        // The routes first: a handshake that a revision turns away finds none in them.
        self.routes.store(Arc::default());
        for deployment in state.deployments.values() {
            let current = deployment.current.iter().map(|current| &current.revision);
            for revision in current.chain(&deployment.retired) {
                revision.close(CloseCause::GoingAway);
            }
        }
        self.tasks.close();
    }

    /// Waits until the tasks that look after retired revisions, connections that guests opened and
    /// shared instances have ended.
    /// Call it after [`stop`](Self::stop), when the last session has ended.
    pub async fn stopped(&self) {
        self.tasks.wait().await;
        // What is current holds the seats, and with them the shared instances.
        self.state().deployments.clear();
        self.routes.store(Arc::default());
        self.engine.stopped().await;
    }

    /// Puts a candidate in the current revision's place, or does nothing.
    fn commit(
        self: &Arc<Self>,
        name: &DeploymentName,
        candidate: candidate::Candidate,
        strategy: Strategy,
        log: &DeploymentLog,
    ) -> Result<DeployReport, DeployError> {
        let mut state = self.state();
        if state.stopping {
            return Err(DeployError::Stopping);
        }
        check_taken(&state, name, &candidate)?;
        let deployment =
            state.deployments.entry(name.clone()).or_insert_with(|| Deployment::new(name));
        let number = deployment.next_revision;
        deployment.next_revision += 1;
        let current = candidate.revision(name, number, &self.outgoing);
        let new = Arc::clone(&current.revision);
        let old = deployment.current.replace(current).map(|old| old.revision);
        deployment.retired.extend(old.clone());
        let surplus = deployment.retired.len().saturating_sub(DRAINING_REVISIONS_MAX);
        let surplus: Vec<_> = deployment.retired.iter().take(surplus).cloned().collect();
        let restarts = strategy == Strategy::Restart;
        let to_restart = if restarts { deployment.retired.clone() } else { Vec::new() };
        // The routes first: a handshake that the old revision turns away finds the new one in them.
        self.publish(&state);
        if let Some(old) = &old {
            old.drain();
        }
        drop(state);
        for revision in surplus {
            revision.close(CloseCause::ServiceRestart);
        }
        let replaced = old.as_ref().map(|old| old.number());
        for revision in &to_restart {
            revision.close(CloseCause::ServiceRestart);
        }
        if let Some(old) = old {
            self.watch_end(name, old);
        }
        log.note(format!("revision {number} deployed (sha256 {})", new.digest()));
        Ok(DeployReport {
            name: name.to_string(),
            revision: number,
            digest: new.digest().to_owned(),
            endpoints: new.paths(),
            replaced,
            strategy,
        })
    }

    /// Makes the routes follow the state.
    fn publish(&self, state: &State) {
        let mut routes = Routes::builder();
        let current = state.deployments.values().filter_map(|deployed| deployed.current.as_ref());
        for endpoint in current.flat_map(|current| &current.endpoints) {
            if let Err(conflict) = routes.insert(endpoint.template.clone(), Arc::clone(endpoint)) {
                // `check_taken` has seen to it that there is none; the first one keeps the path.
                tracing::error!(%conflict, "two deployments have the same path");
            }
        }
        self.routes.store(Arc::new(routes.build()));
    }

    fn log_for(&self, name: &DeploymentName) -> Arc<DeploymentLog> {
        let mut state = self.state();
        let deployment =
            state.deployments.entry(name.clone()).or_insert_with(|| Deployment::new(name));
        Arc::clone(&deployment.log)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn claim(self: &Arc<Self>, name: &DeploymentName) -> Option<Claim> {
        let claimed = self.state().busy.insert(name.clone());
        claimed.then(|| Claim { deployments: Arc::clone(self), name: name.clone() })
    }
}

impl State {
    /// Forgets a deployment of which nothing is left.
    fn prune(&mut self, name: &DeploymentName) {
        let is_gone =
            |deployment: &Deployment| deployment.current.is_none() && deployment.retired.is_empty();
        if self.deployments.get(name).is_some_and(is_gone) {
            self.deployments.remove(name);
        }
    }
}

impl Deployment {
    fn new(name: &DeploymentName) -> Self {
        let log = Arc::new(DeploymentLog::new(name.as_str()));
        Self { current: None, retired: Vec::new(), next_revision: 1, log }
    }
}

/// The right to change one deployment.
struct Claim {
    deployments: Arc<Deployments>,
    name: DeploymentName,
}

impl Drop for Claim {
    fn drop(&mut self) {
        let mut state = self.deployments.state();
        state.busy.remove(&self.name);
        state.prune(&self.name);
    }
}

fn check_taken(
    state: &State,
    name: &DeploymentName,
    candidate: &candidate::Candidate,
) -> Result<(), EndpointError> {
    for (by, deployment) in state.deployments.iter().filter(|(by, _)| *by != name) {
        let endpoints = deployment.current.iter().flat_map(|current| &current.endpoints);
        for present in endpoints.map(|endpoint| &endpoint.template) {
            let mut own = candidate.templates();
            if let Some(refused) = own.find(|template| template.is_equivalent(present)) {
                return Err(EndpointError::Taken {
                    path: refused.to_string(),
                    by: by.clone(),
                    present: present.to_string(),
                });
            }
        }
    }
    Ok(())
}
