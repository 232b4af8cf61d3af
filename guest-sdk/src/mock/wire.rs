//! One session, as all handles to it share it.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::bindings::sockhop::websocket::types::HandshakeRequest;
use crate::mock::properties::Properties;
use crate::mock::queue::{Queue, QueueLimits};
use crate::mock::topics::TopicLimits;

/// What every id begins with.
const ID_PREFIX: &str = "mock-";

/// One session. Handles may go to any thread, as those of a host may.
#[derive(Debug)]
pub(crate) struct Wire {
    pub(crate) number: u64,
    pub(crate) endpoint_path: String,
    pub(crate) request: HandshakeRequest,
    pub(crate) subprotocol: Option<String>,
    settings: Mutex<Settings>,
    queue: Mutex<Queue>,
    properties: Mutex<Properties>,
    pub(crate) topic_limits: TopicLimits,
    topics: Mutex<BTreeSet<String>>,
}

/// What may change while the session is open.
#[derive(Debug)]
pub(crate) struct Settings {
    /// In bytes.
    pub(crate) max_message_size: u64,
}

impl Wire {
    pub(crate) fn new(
        number: u64,
        (endpoint_path, request, subprotocol): (&str, HandshakeRequest, Option<String>),
        settings: Settings,
        (queue, properties, topic_limits): (QueueLimits, Properties, TopicLimits),
    ) -> Self {
        Self {
            number,
            endpoint_path: endpoint_path.to_owned(),
            request,
            subprotocol,
            settings: Mutex::new(settings),
            queue: Mutex::new(Queue::new(queue)),
            properties: Mutex::new(properties),
            topic_limits,
            topics: Mutex::default(),
        }
    }

    pub(crate) fn id(&self) -> String {
        format!("{ID_PREFIX}{}", self.number)
    }

    /// Which session has this id, if it is one.
    pub(crate) fn number_of(id: &str) -> Option<u64> {
        id.strip_prefix(ID_PREFIX)?.parse().ok()
    }

    pub(crate) fn settings(&self) -> MutexGuard<'_, Settings> {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn properties(&self) -> MutexGuard<'_, Properties> {
        self.properties.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the session is subscribed to; it counts while the session is open.
    pub(crate) fn topics(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.topics.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
