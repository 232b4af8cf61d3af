//! The table `limits`: what one host, one address and one connection may take. Keys of the table
//! that endpoints may have too are in `endpoint_limits`.

use std::{net::IpAddr, num::NonZeroU32, time::Duration};

use super::{AddressRange, ByteSize, Setting, reader::Section};

/// Connections open at once, whatever they do. Beyond it the host answers 503, so that a flood
/// ends there and not in a host without memory or file descriptors. The default fits a machine
/// with 1 GiB to spare.
pub const CONNECTIONS: Setting<u32> = Setting { default: 20_000, min: 1, max: 1_000_000 };

/// Connections open at once from one address: one of IPv4, or a /64 of IPv6, which is what one
/// customer has. Beyond it: 429. The default is a fifth of [`CONNECTIONS`], so that no single
/// address fills the host, and still more than an office behind one address needs. 0: no limit.
pub const CONNECTIONS_PER_ADDRESS: Setting<u32> = Setting { default: 4096, min: 0, max: 1_000_000 };

/// Handshakes that the host takes in a second; beyond it: 503. 0, the default, sets no limit: what
/// a machine can take is its operator's to measure, and a limit that is too low keeps honest peers
/// out just when all of them come back at once.
pub const HANDSHAKES_PER_SECOND: Setting<u32> = Setting { default: 0, min: 0, max: 1_000_000 };

/// Handshakes that one address may send in a second; beyond it: 429. A handshake costs the host an
/// instance and a call, which is more than it costs the peer. The default is far above what people
/// do, and far below what makes a core busy. 0: no limit.
pub const HANDSHAKES_PER_SECOND_PER_ADDRESS: Setting<u32> =
    Setting { default: 100, min: 0, max: 1_000_000 };

/// How long handshakes that were not used are saved up for: at once there may be as many as in
/// this time. The default lets a thousand peers behind one address come back together.
pub const HANDSHAKE_BURST: Setting<Duration> = Setting {
    default: Duration::from_secs(10),
    min: Duration::from_secs(1),
    max: Duration::from_secs(60),
};

/// The addresses that no limit by address concerns, where the key is absent: those of the machine
/// itself, since a proxy on it speaks for many peers.
pub const EXEMPT_ADDRESSES: [&str; 2] = ["127.0.0.0/8", "::1"];

/// The header fields of a request. A browser sends some 15 and a proxy some more; each costs more
/// than its bytes. Beyond it: 431.
pub const HEADER_FIELDS: Setting<u32> = Setting { default: 100, min: 16, max: 1000 };

/// Time for each thing that a peer begins with to arrive: a PROXY header, what tells HTTP/1.1 from
/// HTTP/2, the head of a request, the first request over HTTP/2. A peer that takes longer holds a
/// connection for nothing; ten seconds are enough for the slowest honest one.
pub const HEADER_TIMEOUT: Setting<Duration> = Setting {
    default: Duration::from_secs(10),
    min: Duration::from_millis(100),
    max: Duration::from_secs(5 * 60),
};

/// Time in which a peer takes nothing of an answer over HTTP: then its connection ends, or over
/// HTTP/2, where an answer is given to the library in pieces of up to 64 KiB, that answer alone. As
/// long as the slowest honest peer may be out of reach, and short enough that nobody holds a
/// connection by not reading.
pub const ANSWER_TIMEOUT: Setting<Duration> = Setting {
    default: Duration::from_secs(30),
    min: Duration::from_millis(100),
    max: Duration::from_secs(5 * 60),
};

/// The head of a request: request line and header fields. The default is twice what common
/// proxies let through; below 8 KiB requests with ordinary cookies fail.
pub const HEADER_BYTES: Setting<ByteSize> = Setting {
    default: ByteSize::from_kib(16),
    min: ByteSize::from_kib(8),
    max: ByteSize::from_mib(1),
};

/// The properties of one session, names and values together. They are for a few words about
/// the peer; the guest's own memory is for more. 0 allows none.
pub const PROPERTIES: Setting<ByteSize> = Setting {
    default: ByteSize::from_kib(16),
    min: ByteSize::from_bytes(0),
    max: ByteSize::from_mib(16),
};

/// How long the open sessions of an old revision go on under the strategy `drain`, before they
/// are closed with 1012. Long enough for most sessions to end by themselves, short enough that
/// the old revision is gone while the operator still looks.
pub const DRAIN_TIMEOUT: Setting<Duration> = Setting {
    default: Duration::from_secs(5 * 60),
    min: Duration::ZERO,
    max: Duration::from_secs(24 * 60 * 60),
};

/// How long the host takes to close its sessions when it is told to stop. Service managers kill
/// after 10 (Docker) to 90 seconds (systemd).
pub const SHUTDOWN_TIMEOUT: Setting<Duration> = Setting {
    default: Duration::from_secs(10),
    min: Duration::ZERO,
    max: Duration::from_secs(60 * 60),
};

/// What one host, one address and one connection may take.
///
/// # Defaults
///
/// Those of the constants of this room, each with its bounds and its reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections open at once: [`CONNECTIONS`].
    pub connections: u32,
    /// Connections open at once from one address, or nothing for no limit:
    /// [`CONNECTIONS_PER_ADDRESS`].
    pub connections_per_address: Option<NonZeroU32>,
    /// Handshakes in a second, or nothing for no limit: [`HANDSHAKES_PER_SECOND`].
    pub handshakes_per_second: Option<NonZeroU32>,
    /// Handshakes in a second from one address, or nothing for no limit:
    /// [`HANDSHAKES_PER_SECOND_PER_ADDRESS`].
    pub handshakes_per_second_per_address: Option<NonZeroU32>,
    /// For how long handshakes are saved up: [`HANDSHAKE_BURST`].
    pub handshake_burst: Duration,
    /// The addresses that no limit by address concerns: [`EXEMPT_ADDRESSES`].
    pub exempt_addresses: Vec<AddressRange>,
    /// Time for what a peer begins with to arrive, each thing: [`HEADER_TIMEOUT`].
    pub header_timeout: Duration,
    /// Time in which nothing of an answer is taken: [`ANSWER_TIMEOUT`].
    pub answer_timeout: Duration,
    /// Size of the head of a request: [`HEADER_BYTES`].
    pub header_bytes: ByteSize,
    /// Header fields of a request: [`HEADER_FIELDS`].
    pub header_fields: u32,
    /// Properties of one session: [`PROPERTIES`].
    pub properties: ByteSize,
    /// Time for the open sessions of an old revision: [`DRAIN_TIMEOUT`].
    pub drain_timeout: Duration,
    /// Time to close all sessions when the host stops: [`SHUTDOWN_TIMEOUT`].
    pub shutdown_timeout: Duration,
}

impl Limits {
    /// Reads the table; a key that is absent or wrong has its default.
    pub(super) fn read(section: &mut Section<'_, '_>) -> Self {
        let exempt = section.one_or_many("exempt_addresses");
        let mut count = |key: &'static str, setting: &Setting<u32>| {
            NonZeroU32::new(section.setting(key, setting))
        };
        let connections_per_address = count("connections_per_address", &CONNECTIONS_PER_ADDRESS);
        let handshakes_per_second = count("handshakes_per_second", &HANDSHAKES_PER_SECOND);
        let handshakes_per_second_per_address =
            count("handshakes_per_second_per_address", &HANDSHAKES_PER_SECOND_PER_ADDRESS);
        Self {
            connections: section.setting("connections", &CONNECTIONS),
            connections_per_address,
            handshakes_per_second,
            handshakes_per_second_per_address,
            handshake_burst: section.setting("handshake_burst", &HANDSHAKE_BURST),
            exempt_addresses: exempt.unwrap_or_else(exempt_by_default),
            header_timeout: section.setting("header_timeout", &HEADER_TIMEOUT),
            answer_timeout: section.setting("answer_timeout", &ANSWER_TIMEOUT),
            header_bytes: section.setting("header_bytes", &HEADER_BYTES),
            header_fields: section.setting("header_fields", &HEADER_FIELDS),
            properties: section.setting("properties", &PROPERTIES),
            drain_timeout: section.setting("drain_timeout", &DRAIN_TIMEOUT),
            shutdown_timeout: section.setting("shutdown_timeout", &SHUTDOWN_TIMEOUT),
        }
    }

    /// Whether no limit by address concerns this one.
    #[must_use]
    pub fn is_exempt(&self, address: IpAddr) -> bool {
        self.exempt_addresses.iter().any(|range| range.contains(address))
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: CONNECTIONS.default,
            connections_per_address: NonZeroU32::new(CONNECTIONS_PER_ADDRESS.default),
            handshakes_per_second: NonZeroU32::new(HANDSHAKES_PER_SECOND.default),
            handshakes_per_second_per_address: NonZeroU32::new(
                HANDSHAKES_PER_SECOND_PER_ADDRESS.default,
            ),
            handshake_burst: HANDSHAKE_BURST.default,
            exempt_addresses: exempt_by_default(),
            header_timeout: HEADER_TIMEOUT.default,
            answer_timeout: ANSWER_TIMEOUT.default,
            header_bytes: HEADER_BYTES.default,
            header_fields: HEADER_FIELDS.default,
            properties: PROPERTIES.default,
            drain_timeout: DRAIN_TIMEOUT.default,
            shutdown_timeout: SHUTDOWN_TIMEOUT.default,
        }
    }
}

fn exempt_by_default() -> Vec<AddressRange> {
    EXEMPT_ADDRESSES.iter().filter_map(|range| range.parse().ok()).collect()
}
