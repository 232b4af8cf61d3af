//! The table `limits`: what one host, one connection and one session may take.

use std::time::Duration;

use super::{ByteSize, Setting, reader::Section};

/// Connections open at once, whatever they do. Beyond it the host answers 503, so that a flood
/// ends there and not in a host without memory or file descriptors. The default fits a machine
/// with 1 GiB to spare.
pub const CONNECTIONS: Setting<u32> = Setting { default: 20_000, min: 1, max: 1_000_000 };

/// Time for the head of a request to arrive. A peer that takes longer holds a connection for
/// nothing; ten seconds are enough for the slowest honest one.
pub const HEADER_TIMEOUT: Setting<Duration> = Setting {
    default: Duration::from_secs(10),
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

/// The largest message that a peer may send, whatever an endpoint asks for. A message is held
/// whole in the host and again in the guest, so a few peers with large ones can fill a machine;
/// the default is a photograph rather than a film.
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

/// The properties of one session, names and values together. They are for a few words about
/// the peer; the guest's own memory is for more. 0 allows none.
pub const PROPERTIES: Setting<ByteSize> = Setting {
    default: ByteSize::from_kib(16),
    min: ByteSize::from_bytes(0),
    max: ByteSize::from_mib(16),
};

/// Time to write what is queued, then for the peer's Close to arrive (RFC 6455 §7.1.1), before
/// the connection is dropped.
pub const CLOSE_TIMEOUT: Setting<Duration> = Setting {
    default: Duration::from_secs(10),
    min: Duration::from_millis(10),
    max: Duration::from_secs(10 * 60),
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

/// What one host, one connection and one session may take.
///
/// # Defaults
///
/// Those of the constants of this room, each with its bounds and its reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections open at once: [`CONNECTIONS`].
    pub connections: u32,
    /// Time for the head of a request to arrive: [`HEADER_TIMEOUT`].
    pub header_timeout: Duration,
    /// Size of the head of a request: [`HEADER_BYTES`].
    pub header_bytes: ByteSize,
    /// The ceiling for messages that a peer sends: [`MESSAGE`].
    pub message: ByteSize,
    /// Bytes queued for one session: [`OUTBOUND_QUEUE`].
    pub outbound_queue: ByteSize,
    /// Properties of one session: [`PROPERTIES`].
    pub properties: ByteSize,
    /// Time to flush, and for the peer to answer a Close: [`CLOSE_TIMEOUT`].
    pub close_timeout: Duration,
    /// Time for the open sessions of an old revision: [`DRAIN_TIMEOUT`].
    pub drain_timeout: Duration,
    /// Time to close all sessions when the host stops: [`SHUTDOWN_TIMEOUT`].
    pub shutdown_timeout: Duration,
}

impl Limits {
    /// Reads the table; a key that is absent or wrong has its default.
    pub(super) fn read(section: &mut Section<'_, '_>) -> Self {
        Self {
            connections: section.setting("connections", &CONNECTIONS),
            header_timeout: section.setting("header_timeout", &HEADER_TIMEOUT),
            header_bytes: section.setting("header_bytes", &HEADER_BYTES),
            message: section.setting("message", &MESSAGE),
            outbound_queue: section.setting("outbound_queue", &OUTBOUND_QUEUE),
            properties: section.setting("properties", &PROPERTIES),
            close_timeout: section.setting("close_timeout", &CLOSE_TIMEOUT),
            drain_timeout: section.setting("drain_timeout", &DRAIN_TIMEOUT),
            shutdown_timeout: section.setting("shutdown_timeout", &SHUTDOWN_TIMEOUT),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: CONNECTIONS.default,
            header_timeout: HEADER_TIMEOUT.default,
            header_bytes: HEADER_BYTES.default,
            message: MESSAGE.default,
            outbound_queue: OUTBOUND_QUEUE.default,
            properties: PROPERTIES.default,
            close_timeout: CLOSE_TIMEOUT.default,
            drain_timeout: DRAIN_TIMEOUT.default,
            shutdown_timeout: SHUTDOWN_TIMEOUT.default,
        }
    }
}
