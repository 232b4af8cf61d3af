//! The sessions and topics of an endpoint as its guests may see them.

use std::ops::Bound;
use std::sync::Arc;

use sockhop_session::port::Directory;
use sockhop_session::{Handle, SessionId, TopicError, TopicLimits};

use super::{EndpointSessions, PAGE_SESSIONS};

/// What the guests of one revision see of an endpoint: the sessions of all its revisions.
#[derive(Debug)]
pub struct EndpointDirectory {
    endpoint: Arc<EndpointSessions>,
    topic_limits: TopicLimits,
}

impl EndpointDirectory {
    pub(super) fn new(endpoint: Arc<EndpointSessions>, topic_limits: TopicLimits) -> Self {
        Self { endpoint, topic_limits }
    }
}

impl Directory for EndpointDirectory {
    fn len(&self) -> usize {
        self.endpoint.read().len()
    }

    fn get(&self, id: SessionId) -> Option<Arc<Handle>> {
        self.endpoint.read().get(&id).map(|entry| Arc::clone(&entry.session))
    }

    fn visit(&self, after: Option<SessionId>, visit: &mut dyn FnMut(&Arc<Handle>) -> bool) {
        let mut after = after.map_or(Bound::Unbounded, Bound::Excluded);
        let mut page = Vec::new();
        loop {
            // A page under the lock, and what is done with it outside: a guest that computes in
            // threads which others come before must not keep those others from the list.
            let from = (after, Bound::Unbounded);
            let sessions = self.endpoint.read();
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

    fn subscribe(&self, session: &Arc<Handle>, topic: &str) -> Result<bool, TopicError> {
        let is_listed = || self.endpoint.read().contains_key(&session.id());
        self.endpoint.topics.subscribe(session, topic, &self.topic_limits, is_listed)
    }

    fn unsubscribe(&self, session: SessionId, topic: &str) -> bool {
        self.endpoint.topics.unsubscribe(session, topic)
    }

    fn subscriptions(&self, session: SessionId) -> Vec<Arc<str>> {
        self.endpoint.topics.of(session)
    }

    fn visit_topic(&self, topic: &str, visit: &mut dyn FnMut(&Arc<Handle>) -> bool) {
        self.endpoint.topics.visit(topic, visit);
    }
}
