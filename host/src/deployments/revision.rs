//! One revision of a deployment: its endpoints, its sessions, and how it leaves.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use sockhop_engine::Seats;
use sockhop_session::CloseCause;
use sockhop_session::handshake::EndpointConfig;
use sockhop_session::outbound::CloseRequest;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::log::DeploymentLog;
use super::status::{RevisionState, RevisionStatus};
use super::template::Template;
use crate::config::{EndpointSettings, ResolvedDeployment};
use crate::registry::{EndpointSessions, Entry, Registration};

/// One endpoint of a revision, as the server finds it by a path.
pub struct ServedEndpoint {
    /// Its path, parsed.
    pub template: Template,
    /// What the component described.
    pub config: EndpointConfig,
    /// What it is served with.
    pub settings: Arc<EndpointSettings>,
    /// The instances for its sessions.
    pub seats: Seats,
    /// The open sessions of the endpoint, those of other revisions among them.
    pub sessions: Arc<EndpointSessions>,
    /// Its revision.
    pub revision: Arc<Revision>,
    /// The most that a session's properties may take, in bytes.
    pub property_bytes: usize,
}

/// One revision.
pub struct Revision {
    number: u64,
    digest: String,
    settings: Arc<ResolvedDeployment>,
    log: Arc<DeploymentLog>,
    deployed_at: SystemTime,
    endpoints: Vec<(String, Arc<EndpointSessions>)>,
    /// The connections that its guests have opened.
    outgoing: Arc<EndpointSessions>,
    open: AtomicUsize,
    state: Mutex<State>,
    changed: Notify,
    /// Cancelled when the sessions are closed.
    closing: CancellationToken,
}

#[derive(Clone, Copy)]
enum State {
    Current,
    Draining,
    Closing(CloseCause),
}

impl Revision {
    pub(super) fn new(
        number: u64,
        digest: String,
        settings: Arc<ResolvedDeployment>,
        log: Arc<DeploymentLog>,
        endpoints: Vec<(String, Arc<EndpointSessions>)>,
        outgoing: Arc<EndpointSessions>,
    ) -> Self {
        Self {
            number,
            digest,
            settings,
            log,
            deployed_at: SystemTime::now(),
            endpoints,
            outgoing,
            open: AtomicUsize::new(0),
            state: Mutex::new(State::Current),
            changed: Notify::new(),
            closing: CancellationToken::new(),
        }
    }

    /// Counts the revisions of the deployment from 1.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The SHA-256 of its component, in hexadecimal.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The settings under which it was deployed.
    #[must_use]
    pub fn settings(&self) -> &ResolvedDeployment {
        &self.settings
    }

    /// The deployment's log.
    #[must_use]
    pub fn log(&self) -> &Arc<DeploymentLog> {
        &self.log
    }

    /// How many of its sessions have not ended, handshakes that are under way among them.
    #[must_use]
    pub fn sessions(&self) -> usize {
        self.open.load(Ordering::SeqCst)
    }

    pub(super) fn paths(&self) -> Vec<String> {
        self.endpoints.iter().map(|(path, _)| path.clone()).collect()
    }

    pub(super) fn status(&self) -> RevisionStatus {
        let state = match *self.state() {
            State::Current => RevisionState::Current,
            State::Draining => RevisionState::Draining,
            State::Closing(_) => RevisionState::Closing,
        };
        RevisionStatus {
            number: self.number,
            digest: self.digest.clone(),
            state,
            endpoints: self.paths(),
            instancing: self.settings.instancing.as_str(),
            sessions: self.sessions(),
            deployed_at: self.deployed_at,
        }
    }

    /// New connections go elsewhere from now on.
    pub(super) fn drain(&self) {
        let mut state = self.state();
        if let State::Current = *state {
            *state = State::Draining;
        }
    }

    /// Closes all sessions, those that are still being opened included. Whether they were not being
    /// closed already.
    pub(super) fn close(&self, cause: CloseCause) -> bool {
        // First the state, then the sessions: one that registers in between sees the state. What
        // closed the revision first stays the cause.
        let mut state = self.state();
        let is_first = !matches!(*state, State::Closing(_));
        if is_first {
            *state = State::Closing(cause);
        }
        drop(state);
        self.closing.cancel();
        for (_path, sessions) in &self.endpoints {
            sessions.visit_revision(self.number, |session| {
                session.close(CloseRequest::by_host(cause));
            });
        }
        self.outgoing.visit_revision(self.number, |session| {
            session.close(CloseRequest::by_host(as_client(cause)));
        });
        is_first
    }

    /// Waits until the sessions are closed.
    pub(super) async fn closing(&self) {
        self.closing.cancelled().await;
    }

    /// Waits until no session is left.
    pub(super) async fn ended(&self) {
        loop {
            // Before the question, so that no end between the two is missed.
            let changed = self.changed.notified();
            if self.sessions() == 0 {
                return;
            }
            changed.await;
        }
    }

    /// A handshake that the routes have led here begins, if the revision is still what new
    /// connections get: from then on the revision does not end without it.
    pub(super) fn enter(self: &Arc<Self>) -> Option<Visit> {
        // Under the lock, so that whoever retires the revision afterwards finds it counted.
        let state = self.state();
        matches!(*state, State::Current).then(|| {
            self.open.fetch_add(1, Ordering::SeqCst);
            Visit { revision: Arc::clone(self) }
        })
    }

    /// A guest begins to open a connection, if its sessions are not being closed.
    pub(super) fn enter_outgoing(self: &Arc<Self>) -> Option<Visit> {
        let state = self.state();
        (!matches!(*state, State::Closing(_))).then(|| {
            self.open.fetch_add(1, Ordering::SeqCst);
            Visit { revision: Arc::clone(self) }
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How a client says why it goes: that a server restarts is a server's to say (1012).
fn as_client(cause: CloseCause) -> CloseCause {
    match cause {
        CloseCause::ServiceRestart => CloseCause::GoingAway,
        cause => cause,
    }
}

/// A handshake's place in its revision.
pub struct Visit {
    revision: Arc<Revision>,
}

impl Visit {
    /// The handshake has become a session: it is listed until the membership is dropped.
    pub(crate) fn admit(self, sessions: &Arc<EndpointSessions>, entry: Entry) -> Membership {
        let session = Arc::clone(&entry.session);
        let registration = sessions.register(entry);
        if let State::Closing(cause) = *self.revision.state() {
            session.close(CloseRequest::by_host(cause));
        }
        Membership { _registration: registration, _visit: self }
    }

    /// The connection that a guest opens is there: it is listed until the membership is dropped.
    pub(crate) fn admit_outgoing(self, entry: Entry) -> Membership {
        let session = Arc::clone(&entry.session);
        let registration = self.revision.outgoing.register(entry);
        if let State::Closing(cause) = *self.revision.state() {
            session.close(CloseRequest::by_host(as_client(cause)));
        }
        Membership { _registration: registration, _visit: self }
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        if self.revision.open.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.revision.changed.notify_waiters();
        }
    }
}

/// A session's place in its endpoint's list and in its revision. Fields are dropped in order: off
/// the list first.
pub(crate) struct Membership {
    _registration: Registration,
    _visit: Visit,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::config::{self, Instancing, OutgoingSettings, Strategy};

    fn revision() -> Revision {
        let settings = ResolvedDeployment {
            instancing: Instancing::Session,
            strategy: Strategy::Drain,
            memory: config::MEMORY.default,
            event_cpu: config::EVENT_CPU.default,
            event_wait: config::EVENT_WAIT.default,
            default_endpoint: EndpointSettings::default(),
            endpoints: BTreeMap::new(),
            env: BTreeMap::new(),
            connect: OutgoingSettings::default(),
        };
        let log = Arc::new(DeploymentLog::new("app"));
        Revision::new(1, String::new(), Arc::new(settings), log, Vec::new(), Arc::default())
    }

    #[tokio::test]
    async fn a_revision_is_closed_once_and_whoever_waits_for_that_is_told() {
        let revision = revision();
        assert!(revision.close(CloseCause::GoingAway));
        assert!(!revision.close(CloseCause::ServiceRestart), "what closed it first is why");
        revision.closing().await;
        assert!(Arc::new(revision).enter_outgoing().is_none());
    }
}
