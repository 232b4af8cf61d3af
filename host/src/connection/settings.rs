//! What the operator and the handshake decided about one connection.

use std::time::Duration;

use sockhop_wire::deflate::Agreed;

/// The limits in time of a connection, and what was agreed about compression.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How long the closing handshake may take: writing what is queued, and waiting for the peer's
    /// Close.
    pub close_timeout: Duration,
    /// When nothing came from the peer for this long it is sent a ping; never, where absent.
    pub ping_interval: Option<Duration>,
    /// How long the peer may take to say anything after such a ping.
    pub pong_timeout: Duration,
    /// How long there may be nothing to and nothing from the peer, the host's own pings and their
    /// answers left aside.
    pub idle_timeout: Option<Duration>,
    /// How long nothing may come from the peer, answers to the host's pings left aside.
    pub read_idle_timeout: Option<Duration>,
    /// How long the peer may take nothing of what waits for it.
    pub write_idle_timeout: Option<Duration>,
    /// Compression, where it was agreed on.
    pub compression: Option<Compression>,
}

/// How messages are compressed.
#[derive(Clone, Debug)]
pub struct Compression {
    /// What was agreed on (RFC 7692 §7.1).
    pub agreed: Agreed,
    /// How hard to try, 1 to 9.
    pub level: u8,
    /// Messages below this size are not compressed, in bytes.
    pub threshold_bytes: usize,
}
