//! One session, as all handles to it share it.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::bindings::sockhop::websocket::types::{Extension, HandshakeRequest, Principal};
use crate::mock::properties::Properties;
use crate::mock::queue::{Queue, QueueLimits};
use crate::mock::timers::Timers;
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
    pub(crate) extensions: Vec<Extension>,
    pub(crate) principal: Option<Principal>,
    settings: Mutex<Settings>,
    queue: Mutex<Queue>,
    properties: Mutex<Properties>,
    /// A connection that guest code has opened is none of the endpoint's sessions, and has none.
    pub(crate) topic_limits: Option<TopicLimits>,
    topics: Mutex<BTreeSet<String>>,
    timers: Mutex<Timers>,
}

/// What the handshake has agreed on.
#[derive(Debug)]
pub(crate) struct Agreed {
    pub(crate) subprotocol: Option<String>,
    pub(crate) extensions: Vec<Extension>,
    pub(crate) principal: Option<Principal>,
}

/// What may change while the session is open: times in milliseconds, of which none passes here.
#[derive(Debug)]
pub(crate) struct Settings {
    /// In bytes.
    pub(crate) max_message_size: u64,
    /// The operator's limit on that.
    pub(crate) message_ceiling: u64,
    pub(crate) idle_timeout: Option<u64>,
    pub(crate) read_idle_timeout: Option<u64>,
    pub(crate) write_idle_timeout: Option<u64>,
    pub(crate) send_timeout: Option<u64>,
}

/// The operator's limit on how long a peer may take nothing, in milliseconds: the default of
/// `sockhop`. On the other times it has none.
const WRITE_IDLE_TIMEOUT: u64 = 60_000;

/// The longest time that a guest sets, in milliseconds: 365 days.
const TIME_LIMIT_MAX: u64 = 365 * 24 * 60 * 60 * 1000;

impl Settings {
    pub(crate) fn new(max_message_size: u64, message_ceiling: u64) -> Self {
        Self {
            max_message_size,
            message_ceiling,
            idle_timeout: None,
            read_idle_timeout: None,
            write_idle_timeout: Some(WRITE_IDLE_TIMEOUT),
            send_timeout: None,
        }
    }

    /// A time as it is set: 0 is none.
    pub(crate) fn time(milliseconds: Option<u64>) -> Option<u64> {
        milliseconds.filter(|time| *time > 0).map(|time| time.min(TIME_LIMIT_MAX))
    }

    pub(crate) fn set_write_idle_timeout(&mut self, milliseconds: Option<u64>) {
        let time = milliseconds.filter(|time| *time > 0).unwrap_or(WRITE_IDLE_TIMEOUT);
        self.write_idle_timeout = Some(time.min(WRITE_IDLE_TIMEOUT));
    }
}

impl Wire {
    pub(crate) fn new(
        number: u64,
        (endpoint_path, request, agreed): (&str, HandshakeRequest, Agreed),
        settings: Settings,
        (queue, properties, topic_limits): (QueueLimits, Properties, Option<TopicLimits>),
    ) -> Self {
        Self {
            number,
            endpoint_path: endpoint_path.to_owned(),
            request,
            subprotocol: agreed.subprotocol,
            extensions: agreed.extensions,
            principal: agreed.principal,
            settings: Mutex::new(settings),
            queue: Mutex::new(Queue::new(queue)),
            properties: Mutex::new(properties),
            topic_limits,
            topics: Mutex::default(),
            timers: Mutex::default(),
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

    /// The session is over: it has no properties and no topics any more.
    pub(crate) fn forget(&self) {
        self.properties().forget();
        self.topics().clear();
    }

    pub(crate) fn timers(&self) -> MutexGuard<'_, Timers> {
        self.timers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the session is subscribed to; it counts while the session is open.
    pub(crate) fn topics(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.topics.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
