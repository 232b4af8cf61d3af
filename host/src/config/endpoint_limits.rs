//! What the sessions of one endpoint may take: keys of the table `limits` that deployments and
//! endpoints may have too.

use std::{num::NonZeroU32, time::Duration};

use super::{
    ByteSize, KeyProblem, Setting, SlowReader,
    reader::Section,
    settings::{Quantity as _, unless_off},
};

/// The largest message that a peer may send, whatever an endpoint asks for. A message is held
/// whole in the host and again in the guest, so a few peers with large ones can fill a machine;
/// the default is a photograph rather than a film. The host's is the ceiling for all others.
pub const MESSAGE: Setting<ByteSize> = Setting {
    default: ByteSize::from_mib(16),
    min: ByteSize::from_kib(1),
    max: ByteSize::from_mib(1024),
};

/// Payload that waits to be written to one session. A peer that does not read costs at most
/// this; the default bridges a second at 8 Mbit/s.
pub const OUTBOUND_QUEUE: Setting<ByteSize> = Setting {
    default: ByteSize::from_mib(1),
    min: ByteSize::from_kib(1),
    max: ByteSize::from_mib(1024),
};

/// Sessions of one endpoint that are open at once, those of older revisions among them; one more
/// is answered 503. 0, the default, sets no limit beside [`CONNECTIONS`](super::CONNECTIONS): how
/// many an endpoint should have is its operator's to know.
pub const SESSIONS: Setting<u32> = Setting { default: 0, min: 0, max: 1_000_000 };

/// Topics of one endpoint that have subscribers at once. Each takes up to some 600 bytes beside
/// its name, so that the default is bounded by 80 MiB; it leaves each of a host's sessions several
/// of its own.
pub const TOPICS: Setting<u32> = Setting { default: 100_000, min: 1, max: 10_000_000 };

/// Topics that one session is subscribed to at once. Each of a session's subscriptions takes some
/// 100 bytes; the default is more than a person follows.
pub const TOPICS_PER_SESSION: Setting<u32> = Setting { default: 100, min: 1, max: 10_000 };

/// The name of a topic, in bytes of UTF-8. The default holds a path, or several ids one behind the
/// other.
pub const TOPIC_NAME: Setting<ByteSize> = Setting {
    default: ByteSize::from_bytes(256),
    min: ByteSize::from_bytes(1),
    max: ByteSize::from_kib(4),
};

/// Timers of one session that run at once. Each takes some 50 bytes and is looked through for the
/// next; the default is a heartbeat, a time limit or two, and several of the guest's own. 0 lets
/// nobody start one.
pub const TIMERS: Setting<u32> = Setting { default: 16, min: 0, max: 1000 };

/// Time to write what is queued, then for the peer's Close to arrive (RFC 6455 §7.1.1), before
/// the connection is dropped.
pub const CLOSE_TIMEOUT: Setting<Duration> = Setting {
    default: Duration::from_secs(10),
    min: Duration::from_millis(10),
    max: Duration::from_secs(10 * 60),
};

/// A peer from which nothing has come for this long is pinged (RFC 6455 §5.5.2). Routers and
/// proxies forget connections that are silent for a minute; half of that keeps them, at the price
/// of a packet each way. Peers that talk are never pinged.
pub const PING_INTERVAL: Setting<Duration> = Setting {
    default: Duration::from_secs(30),
    min: Duration::from_millis(10),
    max: Duration::from_secs(24 * 60 * 60),
};

/// Time for anything to come from a peer that was pinged, before it counts as gone. Mobile
/// networks take some seconds to wake a telephone or to hand it over; a peer that is silent for
/// twenty has no network.
pub const PONG_TIMEOUT: Setting<Duration> = Setting {
    default: Duration::from_secs(20),
    min: Duration::from_millis(10),
    max: Duration::from_secs(10 * 60),
};

/// Time without a frame. Zero, the default, is off: how long a session may be silent is a question
/// of what it is for, and whether its peer is still there is what [`PING_INTERVAL`] finds out.
pub const IDLE_TIMEOUT: Setting<Duration> = Setting {
    default: Duration::ZERO,
    min: Duration::from_millis(10),
    max: Duration::from_secs(7 * 24 * 60 * 60),
};

/// Time in which a peer takes nothing of what waits for it. TCP lets a peer keep its window shut
/// for ever, and the queue with it. A minute is longer than any hand-over between networks, and
/// short enough that peers which never read do not pile up.
pub const WRITE_IDLE_TIMEOUT: Setting<Duration> = Setting {
    default: Duration::from_secs(60),
    min: Duration::from_millis(10),
    max: Duration::from_secs(7 * 24 * 60 * 60),
};

/// What the sessions of one endpoint may take.
///
/// # Defaults
///
/// Those of the constants of this room, each with its bounds and its reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointLimits {
    /// The largest message that a peer may send: [`MESSAGE`].
    pub message: ByteSize,
    /// Bytes queued for one session: [`OUTBOUND_QUEUE`].
    pub outbound_queue: ByteSize,
    /// What happens where that queue is full.
    pub slow_reader: SlowReader,
    /// Sessions open at once, or nothing for no limit: [`SESSIONS`].
    pub sessions: Option<NonZeroU32>,
    /// Topics that have subscribers at once: [`TOPICS`].
    pub topics: u32,
    /// Topics of one session: [`TOPICS_PER_SESSION`].
    pub topics_per_session: u32,
    /// The longest name of a topic: [`TOPIC_NAME`].
    pub topic_name: ByteSize,
    /// Timers of one session: [`TIMERS`].
    pub timers: u32,
    /// Time to flush, and for the peer to answer a Close: [`CLOSE_TIMEOUT`].
    pub close_timeout: Duration,
    /// Silence of a peer until it is pinged, or nothing for no pings: [`PING_INTERVAL`].
    pub ping_interval: Option<Duration>,
    /// Time for anything to come from a peer that was pinged: [`PONG_TIMEOUT`].
    pub pong_timeout: Duration,
    /// Time without a frame in either direction, or nothing for no limit: [`IDLE_TIMEOUT`]. The
    /// host's own pings and the pongs that answer them do not count, or no session were ever
    /// idle; those that the peer or the guest began do, as the test kit of Jakarta WebSocket has
    /// it.
    pub idle_timeout: Option<Duration>,
    /// Time without a frame from the peer, pongs that answer the host's pings left out, or
    /// nothing for no limit: [`IDLE_TIMEOUT`].
    pub read_idle_timeout: Option<Duration>,
    /// Time in which the peer takes nothing of what waits for it, or nothing for no limit:
    /// [`WRITE_IDLE_TIMEOUT`]. A session for which nothing waits is never idle so.
    pub write_idle_timeout: Option<Duration>,
}

impl EndpointLimits {
    /// Reads the keys; what is absent or wrong is as in `base`. `message_ceiling` is what
    /// `limits.message` says, where this is another table.
    pub(super) fn read(
        section: &mut Section<'_, '_>,
        base: &Self,
        message_ceiling: Option<ByteSize>,
    ) -> Self {
        let ceiling = ("limits.message", message_ceiling);
        let sessions = section.bounded("sessions", &SESSIONS);
        Self {
            message: read_below(section, "message", &MESSAGE, ceiling).unwrap_or(base.message),
            outbound_queue: section
                .bounded("outbound_queue", &OUTBOUND_QUEUE)
                .unwrap_or(base.outbound_queue),
            slow_reader: section.parsed("slow_reader").unwrap_or(base.slow_reader),
            sessions: sessions.map_or(base.sessions, NonZeroU32::new),
            topics: section.bounded("topics", &TOPICS).unwrap_or(base.topics),
            topics_per_session: section
                .bounded("topics_per_session", &TOPICS_PER_SESSION)
                .unwrap_or(base.topics_per_session),
            topic_name: section.bounded("topic_name", &TOPIC_NAME).unwrap_or(base.topic_name),
            timers: section.bounded("timers", &TIMERS).unwrap_or(base.timers),
            close_timeout: section
                .bounded("close_timeout", &CLOSE_TIMEOUT)
                .unwrap_or(base.close_timeout),
            ping_interval: section
                .bounded_or_off("ping_interval", &PING_INTERVAL)
                .unwrap_or(base.ping_interval),
            pong_timeout: section
                .bounded("pong_timeout", &PONG_TIMEOUT)
                .unwrap_or(base.pong_timeout),
            idle_timeout: section
                .bounded_or_off("idle_timeout", &IDLE_TIMEOUT)
                .unwrap_or(base.idle_timeout),
            read_idle_timeout: section
                .bounded_or_off("read_idle_timeout", &IDLE_TIMEOUT)
                .unwrap_or(base.read_idle_timeout),
            write_idle_timeout: section
                .bounded_or_off("write_idle_timeout", &WRITE_IDLE_TIMEOUT)
                .unwrap_or(base.write_idle_timeout),
        }
    }
}

impl Default for EndpointLimits {
    fn default() -> Self {
        Self {
            message: MESSAGE.default,
            outbound_queue: OUTBOUND_QUEUE.default,
            slow_reader: SlowReader::default(),
            sessions: NonZeroU32::new(SESSIONS.default),
            topics: TOPICS.default,
            topics_per_session: TOPICS_PER_SESSION.default,
            topic_name: TOPIC_NAME.default,
            timers: TIMERS.default,
            close_timeout: CLOSE_TIMEOUT.default,
            ping_interval: unless_off(PING_INTERVAL.default),
            pong_timeout: PONG_TIMEOUT.default,
            idle_timeout: unless_off(IDLE_TIMEOUT.default),
            read_idle_timeout: unless_off(IDLE_TIMEOUT.default),
            write_idle_timeout: unless_off(WRITE_IDLE_TIMEOUT.default),
        }
    }
}

/// Reads a size that must not exceed what the host's key of the given name says.
pub(super) fn read_below(
    section: &mut Section<'_, '_>,
    key: &'static str,
    setting: &Setting<ByteSize>,
    (ceiling_key, ceiling): (&'static str, Option<ByteSize>),
) -> Option<ByteSize> {
    let value = section.bounded(key, setting)?;
    if let Some(ceiling) = ceiling
        && value > ceiling
    {
        let (ceiling, value) = (ceiling.show(), value.show());
        section.note(key, KeyProblem::AboveCeiling { ceiling_key, ceiling, value });
        return None;
    }
    Some(value)
}
