//! The open sessions of the host, by endpoint.

use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroU32;
use std::ops::Bound;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak};
use std::time::SystemTime;

use sockhop_session::port::Directory;
use sockhop_session::{Handle, SessionId};

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

/// How many sessions of an endpoint are shown to a guest at a time.
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

/// The open sessions of one endpoint.
#[derive(Debug, Default)]
pub struct EndpointSessions {
    sessions: RwLock<BTreeMap<SessionId, Entry>>,
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

    /// Shows the sessions that a revision serves.
    pub fn visit_revision(&self, revision: u64, mut visit: impl FnMut(&Handle)) {
        for entry in self.read().values().filter(|entry| entry.revision == revision) {
            visit(&entry.session);
        }
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
        self.sessions.write().remove(&self.id);
    }
}

impl Directory for EndpointSessions {
    fn len(&self) -> usize {
        self.read().len()
    }

    fn get(&self, id: SessionId) -> Option<Arc<Handle>> {
        self.read().get(&id).map(|entry| Arc::clone(&entry.session))
    }

    fn visit(&self, after: Option<SessionId>, visit: &mut dyn FnMut(&Arc<Handle>) -> bool) {
        let mut after = after.map_or(Bound::Unbounded, Bound::Excluded);
        let mut page = Vec::new();
        loop {
            // A page under the lock, and what is done with it outside: a guest that computes in
            // threads which others come before must not keep those others from the list.
            let from = (after, Bound::Unbounded);
            let sessions = self.read();
            page.extend(
                sessions
                    .range(from)
                    .take(PAGE_SESSIONS)
                    .map(|(_id, entry)| Arc::clone(&entry.session)),
            );
            drop(sessions);
            let Some(last) = page.last() else { return };
            after = Bound::Excluded(last.id());
            if !page.drain(..).all(|session| visit(&session)) {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use sockhop_session::handshake::HandshakeRequest;
    use sockhop_session::{Identity, QueueLimits, SlowReader};

    use super::*;

    fn entry(registry: &Registry, revision: u64) -> Entry {
        let identity = Identity {
            id: registry.next_id(),
            endpoint_path: "/e".into(),
            request: HandshakeRequest::default(),
            subprotocol: None,
            max_message_bytes: 1000,
        };
        let queue = QueueLimits { bytes: 1000, slow_reader: SlowReader::Wait };
        let session = Arc::new(Handle::new(identity, queue, 1000));
        Entry { session, revision, peer: String::new(), opened_at: SystemTime::UNIX_EPOCH }
    }

    fn numbers(sessions: &EndpointSessions, after: Option<SessionId>, limit: usize) -> Vec<u64> {
        let mut numbers = Vec::new();
        sessions.visit(after, &mut |session| {
            numbers.push(session.id().number);
            numbers.len() < limit
        });
        numbers
    }

    #[test]
    fn sessions_are_listed_oldest_first_while_they_are_registered() {
        let registry = Registry::new(7);
        let sessions = registry.endpoint("d", "/e");
        let held: Vec<_> = (0..3).map(|_| sessions.register(entry(&registry, 1))).collect();
        assert_eq!(numbers(&sessions, None, 9), [1, 2, 3]);
        let second = SessionId { host: 7, number: 2 };
        assert_eq!(numbers(&sessions, Some(second), 9), [3]);
        assert_eq!(numbers(&sessions, None, 2), [1, 2]);
        assert!(sessions.get(second).is_some());
        drop(held);
        assert!(sessions.is_empty() && sessions.get(second).is_none());
    }

    #[test]
    fn revisions_of_an_endpoint_share_its_sessions_and_others_do_not() {
        let registry = Registry::new(7);
        let first = registry.endpoint("d", "/e");
        let _old = first.register(entry(&registry, 1));
        let _new = registry.endpoint("d", "/e").register(entry(&registry, 2));
        assert_eq!(first.len(), 2);
        assert!(registry.endpoint("d", "/f").is_empty());
        assert!(registry.endpoint("c", "/e").is_empty());
        let mut of_second = 0;
        first.visit_revision(2, |_| of_second += 1);
        assert_eq!(of_second, 1);
    }
}
