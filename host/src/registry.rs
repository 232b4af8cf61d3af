//! The open sessions of the host, by endpoint.

mod directory;
mod topics;

use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak};
use std::time::SystemTime;

pub use directory::EndpointDirectory;
use sockhop_session::{Handle, SessionId, TopicLimits};
use topics::Topics;

/// Which endpoint: the deployment's name and the path. All revisions of a deployment share it.
type EndpointKey = (String, String);

/// All open sessions, and the numbers for new ones.
#[derive(Debug)]
pub struct Registry {
    host: u64,
    next: AtomicU64,
    endpoints: RwLock<HashMap<EndpointKey, Weak<EndpointSessions>>>,
}

impl Registry {
    /// An empty registry; `host` tells this run of the host from others in its sessions' ids.
    #[must_use]
    pub fn new(host: u64) -> Self {
        Self { host, next: AtomicU64::new(1), endpoints: RwLock::default() }
    }

    /// The id of the next session.
    pub fn next_id(&self) -> SessionId {
        SessionId { host: self.host, number: self.next.fetch_add(1, Ordering::Relaxed) }
    }

    /// The sessions of an endpoint. They are kept for as long as anyone holds them: its revisions
    /// do.
    pub fn endpoint(&self, deployment: &str, path: &str) -> Arc<EndpointSessions> {
        let mut endpoints = self.endpoints.write().unwrap_or_else(PoisonError::into_inner);
        endpoints.retain(|_, sessions| sessions.strong_count() > 0);
        let key = (deployment.to_owned(), path.to_owned());
        if let Some(sessions) = endpoints.get(&key).and_then(Weak::upgrade) {
            return sessions;
        }
        let sessions = Arc::new(EndpointSessions::default());
        endpoints.insert(key, Arc::downgrade(&sessions));
        sessions
    }

    /// Shows every session, with its deployment and path, in no particular order of endpoints.
    pub fn visit(&self, mut visit: impl FnMut(&str, &str, &Entry)) {
        let endpoints = self.endpoints.read().unwrap_or_else(PoisonError::into_inner);
        for ((deployment, path), sessions) in endpoints.iter() {
            let Some(sessions) = sessions.upgrade() else { continue };
            for entry in sessions.read().values() {
                visit(deployment, path, entry);
            }
        }
    }
}

/// How many sessions of an endpoint or of a topic are shown to a guest at a time.
const PAGE_SESSIONS: usize = 256;

/// A session and what the operator wants to know of it.
#[derive(Debug)]
pub struct Entry {
    /// The session.
    pub session: Arc<Handle>,
    /// The revision that serves it.
    pub revision: u64,
    /// The peer's address.
    pub peer: String,
    /// When its handshake was done.
    pub opened_at: SystemTime,
}

/// The open sessions of one endpoint, and what they are subscribed to.
#[derive(Debug, Default)]
pub struct EndpointSessions {
    sessions: RwLock<BTreeMap<SessionId, Entry>>,
    topics: Topics,
    /// Those that are listed, and those whose handshake is under way.
    entered: AtomicU32,
}

impl EndpointSessions {
    /// Takes a place among those of the endpoint, from the handshake to the session's end. Nothing
    /// where as many are there as `most` says.
    pub(crate) fn enter(self: &Arc<Self>, most: Option<NonZeroU32>) -> Option<SessionPlace> {
        let most = most.map_or(u32::MAX, NonZeroU32::get);
        let one_more = |entered: u32| (entered < most).then(|| entered + 1);
        self.entered.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).ok()?;
        Some(SessionPlace { sessions: Arc::clone(self) })
    }

    /// Lists a session for as long as the registration is held.
    pub fn register(self: &Arc<Self>, entry: Entry) -> Registration {
        let id = entry.session.id();
        self.write().insert(id, entry);
        Registration { sessions: Arc::clone(self), id }
    }

    /// What the guests of a revision see of it: their topics are held to the limits of that
    /// revision.
    #[must_use]
    pub fn directory(self: &Arc<Self>, topic_limits: TopicLimits) -> EndpointDirectory {
        EndpointDirectory::new(Arc::clone(self), topic_limits)
    }

    /// Shows the sessions that a revision serves.
    pub fn visit_revision(&self, revision: u64, mut visit: impl FnMut(&Handle)) {
        let is_served = |entry: &&Entry| entry.revision == revision;
        let session = |entry: &Entry| Arc::clone(&entry.session);
        // Gathered first, as no lock is held while something is queued for them.
        let served: Vec<_> = self.read().values().filter(is_served).map(session).collect();
        served.iter().for_each(|session| visit(session));
    }

    fn read(&self) -> RwLockReadGuard<'_, BTreeMap<SessionId, Entry>> {
        self.sessions.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, BTreeMap<SessionId, Entry>> {
        self.sessions.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place among those that an endpoint may have open; dropping it gives it back.
#[derive(Debug)]
pub(crate) struct SessionPlace {
    sessions: Arc<EndpointSessions>,
}

impl Drop for SessionPlace {
    fn drop(&mut self) {
        self.sessions.entered.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A session's place in its endpoint's list; dropping it takes the session off.
#[derive(Debug)]
pub struct Registration {
    sessions: Arc<EndpointSessions>,
    id: SessionId,
}

impl Drop for Registration {
    fn drop(&mut self) {
        // Off the list first: whoever is to be subscribed is looked for there.
        self.sessions.write().remove(&self.id);
        self.sessions.topics.forget(self.id);
    }
}

#[cfg(test)]
mod tests;
