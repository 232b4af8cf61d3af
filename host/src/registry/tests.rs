//! The list of sessions, and whom it shows.

use sockhop_session::handshake::HandshakeRequest;
use sockhop_session::port::Directory as _;
use sockhop_session::{Identity, QueueLimits, SlowReader};

use super::*;

pub(super) const LIMITS: TopicLimits = TopicLimits { name_bytes: 8, of_session: 3, of_endpoint: 4 };

/// A session whose queue takes 1000 bytes.
pub(super) fn entry(registry: &Registry, revision: u64) -> Entry {
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

fn numbers(sessions: &Arc<EndpointSessions>, after: Option<SessionId>, limit: usize) -> Vec<u64> {
    let mut numbers = Vec::new();
    sessions.directory(LIMITS).visit(after, &mut |session| {
        numbers.push(session.id().number);
        numbers.len() < limit
    });
    numbers
}

#[test]
fn sessions_are_listed_oldest_first_while_they_are_registered() {
    let registry = Registry::new(7);
    let sessions = registry.endpoint("d", "/e");
    let directory = sessions.directory(LIMITS);
    let held: Vec<_> = (0..3).map(|_| sessions.register(entry(&registry, 1))).collect();
    assert_eq!(numbers(&sessions, None, 9), [1, 2, 3]);
    let second = SessionId { host: 7, number: 2 };
    assert_eq!(numbers(&sessions, Some(second), 9), [3]);
    assert_eq!(numbers(&sessions, None, 2), [1, 2]);
    assert!(directory.get(second).is_some());
    drop(held);
    assert!(directory.is_empty() && directory.get(second).is_none());
}

#[test]
fn revisions_of_an_endpoint_share_its_sessions_and_others_do_not() {
    let registry = Registry::new(7);
    let first = registry.endpoint("d", "/e");
    let _old = first.register(entry(&registry, 1));
    let _new = registry.endpoint("d", "/e").register(entry(&registry, 2));
    assert_eq!(first.directory(LIMITS).len(), 2);
    assert!(registry.endpoint("d", "/f").directory(LIMITS).is_empty());
    assert!(registry.endpoint("c", "/e").directory(LIMITS).is_empty());
    let mut of_second = 0;
    first.visit_revision(2, |_| of_second += 1);
    assert_eq!(of_second, 1);
}
