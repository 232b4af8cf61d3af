//! The host of one endpoint.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use crate::configurator::{Parts, decide};
use crate::events::{InBatches, InParts};
use crate::keys::instance_key;
use crate::mock::{Properties, QueueLimits, Settings, TopicLimits, Wire, by_guest};
use crate::testing::agreement::{Agreement, agree};
use crate::testing::room::{Room, Seat, Served};
use crate::testing::{Dialled, Handshake, NotOpened, Peer, SlowReader};
use crate::{
    BatchEndpoint, CloseCause, CloseReason, Configurator, Endpoint, EndpointConfig,
    HandshakeRequest, INSTANCE_KEY_BYTES_MAX, InstanceKeys, PartialEndpoint, Result,
    ServerEndpoint, Session, close_code,
};

/// Timers of a session that a host allows unless its operator says otherwise.
const TIMERS: u32 = 16;

/// A host that serves one endpoint to the peers of a test. See the [module](super).
///
/// Its limits are the defaults of `sockhop`, unless it is told otherwise before it opens a session.
pub struct Host<E> {
    room: Rc<Room<E>>,
    open: fn(Session) -> Result<Rc<dyn Served<E>>>,
    decide: Option<fn(&str, HandshakeRequest) -> Parts>,
    key: Option<AskKey>,
    queue: QueueLimits,
    property_bytes: u64,
    message_bytes: u64,
    topics: TopicLimits,
    /// As many as were named; where none were, the default for endpoints that hear of timers.
    timers: Option<u32>,
}

/// What a peer is told where `on_open` has failed.
const FAILED: &str = "endpoint failed";

/// Says the key of a session, or why there is none.
type AskKey = fn(&str, HandshakeRequest) -> Result<String, String>;

impl<E: Endpoint + ServerEndpoint> Host<E> {
    /// A host of this endpoint.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "there is no default way to serve a type")]
    pub fn new() -> Self {
        Self::serving(|session| Ok(Rc::new(RefCell::new(E::on_open(session)?))))
    }
}

impl<E: PartialEndpoint + ServerEndpoint> Host<E> {
    /// A host of this endpoint, which takes messages piece by piece.
    #[must_use]
    pub fn in_parts() -> Self {
        Self::serving(|session| Ok(Rc::new(InParts(RefCell::new(E::on_open(session)?)))))
    }
}

impl<E: BatchEndpoint + ServerEndpoint> Host<E> {
    /// A host of this endpoint, which takes several messages in one call.
    #[must_use]
    pub fn in_batches() -> Self {
        Self::serving(|session| Ok(Rc::new(InBatches(RefCell::new(E::on_open(session)?)))))
    }
}

impl<E: ServerEndpoint> Host<E> {
    fn serving(open: fn(Session) -> Result<Rc<dyn Served<E>>>) -> Self {
        Self {
            room: Rc::new(Room::default()),
            open,
            decide: None,
            key: None,
            queue: QueueLimits { bytes: 1 << 20, slow_reader: SlowReader::Wait },
            property_bytes: 16 << 10,
            message_bytes: 16 << 20,
            topics: TopicLimits { name_bytes: 256, of_session: 100, of_endpoint: 100_000 },
            timers: None,
        }
    }

    /// With a configurator, which is asked about each handshake.
    #[must_use]
    pub fn configurator<C: Configurator>(self) -> Self {
        Self { decide: Some(decide::<C>), ..self }
    }

    /// With keys, which are asked for before the configurator, as where the operator chooses
    /// `instancing = "keyed"` and no `key`: [`Peer::instance_key`] says what came of it. All
    /// sessions share one instance here all the same.
    #[must_use]
    pub fn keys<K: InstanceKeys>(self) -> Self {
        Self { key: Some(instance_key::<K>), ..self }
    }

    /// With so many bytes as may wait for a peer, 64 for each message included: 1 MiB unless told
    /// otherwise. A message that is larger is taken where nothing waits.
    #[must_use]
    pub fn queue_limit(mut self, bytes: u64) -> Self {
        self.queue.bytes = bytes;
        self
    }

    /// With this answer to a message for which there is no room.
    #[must_use]
    pub fn slow_reader(mut self, policy: SlowReader) -> Self {
        self.queue.slow_reader = policy;
        self
    }

    /// With so many bytes of properties for each session, 64 for each property included: 16 KiB
    /// unless told otherwise.
    #[must_use]
    pub fn property_limit(self, bytes: u64) -> Self {
        Self { property_bytes: bytes, ..self }
    }

    /// With messages of peers up to so many bytes, 16 MiB unless told otherwise; the endpoint's own
    /// `max_message_size` holds where it is lower.
    #[must_use]
    pub fn message_limit(self, bytes: u64) -> Self {
        Self { message_bytes: bytes, ..self }
    }

    /// With so many topics for each session, 100 unless told otherwise.
    #[must_use]
    pub fn topic_limit(mut self, topics: u32) -> Self {
        self.topics.of_session = topics;
        self
    }

    /// With so many topics at once, of all sessions, 100 000 unless told otherwise.
    #[must_use]
    pub fn endpoint_topic_limit(mut self, topics: u32) -> Self {
        self.topics.of_endpoint = topics;
        self
    }

    /// With so many bytes for the name of a topic, 256 unless told otherwise.
    #[must_use]
    pub fn topic_name_limit(mut self, bytes: u32) -> Self {
        self.topics.name_bytes = bytes;
        self
    }

    /// With so many timers of a session at once; unless told otherwise, 16 where the endpoint hears
    /// of timers, as one does that overrides `on_timer`, and none where it does not. A layer that
    /// hears of them around an endpoint that does not is tested with a limit that is named.
    #[must_use]
    pub fn timer_limit(self, timers: u32) -> Self {
        Self { timers: Some(timers), ..self }
    }

    /// With a server at this URL, which takes every connection that guest code opens to it. At any
    /// other nobody is there.
    #[must_use]
    pub fn server(self, url: &str) -> Self {
        self.room.directory.put_up(url);
        self
    }

    /// The connections that guest code has opened to servers of this host, oldest first. Their
    /// sessions have no endpoint here: the endpoint of a client is tested by a host of its own,
    /// whose sessions are opened by its name.
    #[must_use]
    pub fn dialled(&self) -> Vec<Dialled> {
        self.room.directory.dialled().into_iter().map(Dialled).collect()
    }

    /// A peer connects: `host.open("/chat/tea?name=Ada")`, or with more by a [`Handshake`]. Keys
    /// and configurator are asked, where there are some, and `on_open` has returned.
    ///
    /// The session stays open where the peer is dropped.
    ///
    /// # Errors
    ///
    /// [`NotOpened`], where the path, the keys, the configurator or `on_open` prevents it.
    pub fn open(&self, handshake: impl Into<Handshake>) -> Result<Peer<E>, NotOpened> {
        let handshake = handshake.into();
        let Some(request) = handshake.request::<E>() else {
            let path = handshake.path().to_owned();
            return Err(NotOpened::NoSuchPath { path, template: E::PATH.to_owned() });
        };
        let key = self.key_of(&request)?;
        let config = E::config();
        let decision = self
            .decide
            .map(|decide| self.room.directory.during(|| decide(E::PATH, request.clone())));
        let Agreement { agreed, properties } = agree(&request, decision)?;
        let properties = self.properties(&config, properties)?;
        let declared = config.max_message_size.unwrap_or(u64::MAX);
        let settings = Settings::new(self.message_bytes.min(declared), self.message_bytes);
        let directory = &self.room.directory;
        let wire = directory.add(|number| {
            let identity = (E::PATH, request, agreed);
            Wire::new(number, identity, settings, (self.queue, properties, Some(self.topics)))
        });
        wire.timers().allow(self.timers.or(E::HEARS_TIMERS.then_some(TIMERS)));
        let session = Session::new(crate::mock::Session::of(&wire));
        match directory.during(|| (self.open)(session)) {
            Ok(served) => Ok(Peer::new(&self.room, Seat::new(wire, served), key)),
            Err(error) => {
                let close = failed(&wire);
                self.room.settle();
                Err(NotOpened::Failed { error: error.to_string(), close })
            }
        }
    }

    /// So much time passes, in whole milliseconds: timers that are due are delivered, each at its
    /// time, to the sessions that started them. An event takes no time, and no other limit in time
    /// is held to.
    pub fn advance(&self, time: Duration) {
        self.room.pass(u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
    }

    /// Runs code as if in an event of the endpoint, so that [`OpenSessions`](crate::OpenSessions)
    /// finds its sessions; outside of events there are none. Sessions that it closes have ended
    /// when this returns.
    pub fn run<R>(&self, code: impl FnOnce() -> R) -> R {
        let result = self.room.directory.during(code);
        self.room.settle();
        result
    }

    fn key_of(&self, request: &HandshakeRequest) -> Result<Option<String>, NotOpened> {
        let Some(key) = self.key else { return Ok(None) };
        let key = self.room.directory.during(|| key(E::PATH, request.clone()));
        match key.map_err(NotOpened::NoKey)? {
            key if key.len() > INSTANCE_KEY_BYTES_MAX => {
                let told = format!(
                    "a key of {} bytes; at most {INSTANCE_KEY_BYTES_MAX} are allowed",
                    key.len()
                );
                Err(NotOpened::NoKey(told))
            }
            key => Ok(Some(key)),
        }
    }

    /// The endpoint's properties, and behind them those of the configurator.
    fn properties(
        &self,
        config: &EndpointConfig,
        added: Vec<(String, Vec<u8>)>,
    ) -> Result<Properties, NotOpened> {
        let mut properties = Properties::new(self.property_bytes);
        for (name, value) in config.properties.iter().chain(&added) {
            let set = properties.set(name, Some(value)).map_err(crate::PropertyError::from);
            set.map_err(|error| NotOpened::BadDecision(error.to_string()))?;
        }
        Ok(properties)
    }
}

/// `on_open` has failed: closes the session, and answers how the peer is told.
fn failed(wire: &Arc<Wire>) -> CloseReason {
    let mut queue = wire.queue();
    let told = queue.end_of_it().map(|event| {
        // Whatever it gave up, the endpoint has failed.
        let is_failure = event.cause == CloseCause::MessageAbandoned;
        let phrase = if is_failure { FAILED.to_owned() } else { event.phrase };
        CloseReason::new(event.code, phrase)
    });
    let reason = CloseReason::new(close_code::UNEXPECTED_CONDITION, FAILED);
    // A close that is under way stays as it is, and this reason may be sent.
    if let Ok(event) = by_guest(Some(&reason)) {
        queue.end(event);
    }
    drop(queue);
    wire.forget();
    told.unwrap_or(reason)
}

impl<E: ServerEndpoint> fmt::Debug for Host<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host").field("path", &E::PATH).finish_non_exhaustive()
    }
}
