//! The contract's interface `topics`: what the open sessions of the endpoint are subscribed to.

use std::collections::BTreeSet;

use crate::bindings::sockhop::websocket::types::Message;
use crate::mock::{Directory, Session, sessions};

pub(crate) use crate::bindings::sockhop::websocket::sessions::BroadcastOutcome;
pub(crate) use crate::bindings::sockhop::websocket::topics::TopicError;

/// What the topics of an endpoint are bounded by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TopicLimits {
    pub(crate) name_bytes: u32,
    pub(crate) of_session: u32,
    pub(crate) of_endpoint: u32,
}

pub(crate) fn subscribe(session: &Session, topic: &str) -> Result<bool, TopicError> {
    let wire = session.wire();
    let is_above = |count: usize, most: u32| u32::try_from(count).is_ok_and(|count| count > most);
    if topic.is_empty() {
        return Err(TopicError::EmptyName);
    }
    let Some(limits) = wire.topic_limits else { return Err(TopicError::Closed) };
    if is_above(topic.len(), limits.name_bytes) {
        return Err(TopicError::NameTooLong(limits.name_bytes));
    }
    if !session.is_open() {
        return Err(TopicError::Closed);
    }
    if wire.topics().contains(topic) {
        return Ok(false);
    }
    if is_above(wire.topics().len() + 1, limits.of_session) {
        return Err(TopicError::SessionFull(limits.of_session));
    }
    // Sessions that are closing count until they have ended, and then have none.
    let others = Directory::current().map_or_else(Vec::new, |directory| directory.all());
    let all: BTreeSet<String> = others.into_iter().flat_map(|wire| wire.topics().clone()).collect();
    if !all.contains(topic) && is_above(all.len() + 1, limits.of_endpoint) {
        return Err(TopicError::EndpointFull(limits.of_endpoint));
    }
    wire.topics().insert(topic.to_owned());
    Ok(true)
}

pub(crate) fn unsubscribe(session: &Session, topic: &str) -> bool {
    session.is_open() && session.wire().topics().remove(topic)
}

pub(crate) fn subscriptions(session: &Session) -> Vec<String> {
    if !session.is_open() {
        return Vec::new();
    }
    session.wire().topics().iter().cloned().collect()
}

pub(crate) fn subscribers(topic: &str) -> u32 {
    let open = sessions::open();
    let count = open.iter().filter(|wire| wire.topics().contains(topic)).count();
    u32::try_from(count).unwrap_or(u32::MAX)
}

pub(crate) fn publish(topic: &str, message: &Message, except: &[String]) -> BroadcastOutcome {
    let open = sessions::open().into_iter();
    let subscribed = open.filter(|wire| wire.topics().contains(topic));
    sessions::deliver(message, subscribed.filter(|wire| !except.contains(&wire.id())))
}
