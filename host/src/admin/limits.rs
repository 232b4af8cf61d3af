//! What a caller of the admin API may take of the host.

use std::time::Duration;

/// The most connections at once; more wait in the listener's queue. A caller without the token
/// holds one no longer than [`HEADER_TIMEOUT`] and [`DISCARD_TIMEOUT`] together.
pub const CONNECTIONS_MAX: usize = 64;

/// The most callers that follow a log at once. Below [`CONNECTIONS_MAX`], so that followers,
/// who stay, leave room for the others.
pub const FOLLOWERS_MAX: usize = 32;

/// The most bytes of a request's line and header fields.
pub const REQUEST_HEAD_MAX_BYTES: usize = 16 << 10;

/// The most header fields of a request.
pub const HEADERS_MAX: usize = 64;

/// How long a connection may take to send the head of a request, from the moment that it is
/// accepted or has had its last answer.
pub const HEADER_TIMEOUT: Duration = Duration::from_secs(10);

/// The most bytes of a component. Ones made by tool chains for scripts have about 15 MB.
pub const COMPONENT_MAX_BYTES: usize = 128 << 20;

/// The most components that are received or deployed at once, each held in memory.
pub const UPLOADS_MAX: usize = 4;

/// How long an upload waits for its turn where [`UPLOADS_MAX`] are under way.
pub const UPLOAD_TURN_TIMEOUT: Duration = Duration::from_secs(30);

/// How long an upload may stand still.
pub const BODY_IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// How long the rest of an unwanted upload is read, and thrown away, before the error is
/// answered. At most [`COMPONENT_MAX_BYTES`] of it.
pub const DISCARD_TIMEOUT: Duration = Duration::from_secs(5);

/// The most sessions that one answer lists.
pub const SESSIONS_LISTED_MAX: usize = 10_000;

/// How long requests may take to end when the host stops.
pub const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(5);

/// The limits of one server: the constants, except in tests, which cannot wait that long.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) connections_max: usize,
    pub(super) followers_max: usize,
    pub(super) header_timeout: Duration,
    pub(super) component_max_bytes: usize,
    pub(super) uploads_max: usize,
    pub(super) upload_turn_timeout: Duration,
    pub(super) body_idle_timeout: Duration,
    pub(super) discard_timeout: Duration,
    pub(super) sessions_listed_max: usize,
    pub(super) shutdown_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_max: CONNECTIONS_MAX,
            followers_max: FOLLOWERS_MAX,
            header_timeout: HEADER_TIMEOUT,
            component_max_bytes: COMPONENT_MAX_BYTES,
            uploads_max: UPLOADS_MAX,
            upload_turn_timeout: UPLOAD_TURN_TIMEOUT,
            body_idle_timeout: BODY_IDLE_TIMEOUT,
            discard_timeout: DISCARD_TIMEOUT,
            sessions_listed_max: SESSIONS_LISTED_MAX,
            shutdown_timeout: SHUTDOWN_TIMEOUT,
        }
    }
}
