//! Which sessions of an endpoint are subscribed to which topics.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use sockhop_session::{Handle, SessionId, TopicError, TopicLimits};

use super::PAGE_SESSIONS;

/// How many topics an ended session leaves at a time: others want the table in between.
const PAGE_TOPICS: usize = 256;

/// The topics of one endpoint.
#[derive(Debug, Default)]
pub(super) struct Topics(RwLock<Table>);

/// Trees on both sides, because these give back what they do not need any more: a topic is there
/// while it has a subscriber, and a session while it has a topic.
#[derive(Debug, Default)]
struct Table {
    subscribers: BTreeMap<Arc<str>, BTreeMap<SessionId, Arc<Handle>>>,
    of_sessions: BTreeMap<SessionId, BTreeSet<Arc<str>>>,
}

impl Topics {
    /// Subscribes a session. `is_listed` says whether it still has a place in its endpoint's list:
    /// once it has none, nobody would take it off again.
    pub(super) fn subscribe(
        &self,
        session: &Arc<Handle>,
        topic: &str,
        limits: &TopicLimits,
        is_listed: impl FnOnce() -> bool,
    ) -> Result<bool, TopicError> {
        limits.check_name(topic)?;
        if !session.is_open() {
            return Err(TopicError::Closed);
        }
        let mut table = self.write();
        // With the table held: whoever takes the session off the list does that before it comes
        // here for its topics.
        if !is_listed() {
            return Err(TopicError::Closed);
        }
        table.subscribe(session, topic, limits)
    }

    /// Unsubscribes a session from one topic. Whether it was subscribed.
    pub(super) fn unsubscribe(&self, session: SessionId, topic: &str) -> bool {
        let mut table = self.write();
        let Some(own) = table.of_sessions.get_mut(&session) else { return false };
        let was_there = own.remove(topic);
        if own.is_empty() {
            table.of_sessions.remove(&session);
        }
        if was_there {
            table.leave(session, topic);
        }
        was_there
    }

    /// Unsubscribes a session that is listed no more from all its topics.
    pub(super) fn forget(&self, session: SessionId) {
        // Most sessions have none, and need not keep others from the table.
        if !self.read().of_sessions.contains_key(&session) {
            return;
        }
        let own = self.write().of_sessions.remove(&session).unwrap_or_default();
        let mut own = own.into_iter().peekable();
        while own.peek().is_some() {
            let mut table = self.write();
            for topic in own.by_ref().take(PAGE_TOPICS) {
                table.leave(session, &topic);
            }
        }
    }

    /// What a session is subscribed to.
    pub(super) fn of(&self, session: SessionId) -> Vec<Arc<str>> {
        let own = self.read().of_sessions.get(&session).cloned();
        own.into_iter().flatten().collect()
    }

    /// Shows the subscribers of a topic, oldest first, until `visit` returns false.
    pub(super) fn visit(&self, topic: &str, visit: &mut dyn FnMut(&Arc<Handle>) -> bool) {
        let mut after = Bound::Unbounded;
        let mut page = Vec::new();
        loop {
            // As the list of sessions is shown: a page under the lock, the rest outside.
            let table = self.read();
            let Some(subscribers) = table.subscribers.get(topic) else { return };
            let behind = subscribers.range((after, Bound::Unbounded));
            page.extend(behind.take(PAGE_SESSIONS).map(|(_id, session)| Arc::clone(session)));
            drop(table);
            let Some(last) = page.last() else { return };
            after = Bound::Excluded(last.id());
            let is_last = page.len() < PAGE_SESSIONS;
            if !page.drain(..).all(|session| visit(&session)) || is_last {
                return;
            }
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, Table> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Table> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    fn subscribe(
        &mut self,
        session: &Arc<Handle>,
        topic: &str,
        limits: &TopicLimits,
    ) -> Result<bool, TopicError> {
        let id = session.id();
        let own = self.of_sessions.get(&id);
        if own.is_some_and(|own| own.contains(topic)) {
            return Ok(false);
        }
        if own.map_or(0, BTreeSet::len) >= limits.of_session {
            return Err(TopicError::SessionFull(limits.of_session));
        }
        // One copy of a name, however many are subscribed to it.
        let name = match self.subscribers.get_key_value(topic) {
            Some((name, _)) => Arc::clone(name),
            None if self.subscribers.len() >= limits.of_endpoint => {
                return Err(TopicError::EndpointFull(limits.of_endpoint));
            }
            None => Arc::from(topic),
        };
        self.of_sessions.entry(id).or_default().insert(Arc::clone(&name));
        self.subscribers.entry(name).or_default().insert(id, Arc::clone(session));
        Ok(true)
    }

    fn leave(&mut self, session: SessionId, topic: &str) {
        let Some(subscribers) = self.subscribers.get_mut(topic) else { return };
        subscribers.remove(&session);
        if subscribers.is_empty() {
            self.subscribers.remove(topic);
        }
    }
}

#[cfg(test)]
mod tests;
