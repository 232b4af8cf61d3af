//! What a session is held to, as far as guest code has a say in it.

use std::time::Duration;

use super::Session;

impl Session {
    /// The largest message that the peer may send, in bytes; a larger one closes the session
    /// with 1009.
    #[must_use]
    pub fn max_message_size(&self) -> u64 {
        self.0.max_message_size()
    }

    /// Sets the largest message that the peer may send, from the next one on. The operator's limit
    /// is the most. Where messages are taken piece by piece it has no effect.
    pub fn set_max_message_size(&self, bytes: u64) {
        self.0.set_max_message_size(bytes);
    }

    /// For how long there may be nothing to and nothing from the peer before the session is closed
    /// with 1001; nothing for no limit (Jakarta `getMaxIdleTimeout`).
    #[must_use]
    pub fn idle_timeout(&self) -> Option<Duration> {
        self.0.idle_timeout().map(Duration::from_millis)
    }

    /// Sets how long that may be (Jakarta `setMaxIdleTimeout`), in whole milliseconds, at least
    /// one. The operator's limit holds where it is lower, and where this is `None`.
    pub fn set_idle_timeout(&self, limit: Option<Duration>) {
        self.0.set_idle_timeout(limit.map(milliseconds));
    }

    /// As [`idle_timeout`](Self::idle_timeout), of what comes from the peer alone.
    #[must_use]
    pub fn read_idle_timeout(&self) -> Option<Duration> {
        self.0.read_idle_timeout().map(Duration::from_millis)
    }

    /// As [`set_idle_timeout`](Self::set_idle_timeout), of what comes from the peer alone.
    pub fn set_read_idle_timeout(&self, limit: Option<Duration>) {
        self.0.set_read_idle_timeout(limit.map(milliseconds));
    }

    /// For how long the peer may take nothing of what waits for it before its connection is
    /// dropped; nothing for no limit.
    #[must_use]
    pub fn write_idle_timeout(&self) -> Option<Duration> {
        self.0.write_idle_timeout().map(Duration::from_millis)
    }

    /// Sets how long that may be, as [`set_idle_timeout`](Self::set_idle_timeout) does.
    pub fn set_write_idle_timeout(&self, limit: Option<Duration>) {
        self.0.set_write_idle_timeout(limit.map(milliseconds));
    }

    /// How long a message may take from when it is queued until it has been handed to the
    /// connection; nothing for no limit (Jakarta `Async.getSendTimeout`).
    #[must_use]
    pub fn send_timeout(&self) -> Option<Duration> {
        self.0.send_timeout().map(Duration::from_millis)
    }

    /// Sets how long each message may take that is queued from now on (Jakarta
    /// `Async.setSendTimeout`), in whole milliseconds, at least one. When it has passed the session
    /// ends by `CloseCause::WriteTimeout`. `None`, as at first, for no such limit.
    pub fn set_send_timeout(&self, limit: Option<Duration>) {
        self.0.set_send_timeout(limit.map(milliseconds));
    }
}

/// What the contract says it in. Less than one would be none.
fn milliseconds(limit: Duration) -> u64 {
    u64::try_from(limit.as_millis()).unwrap_or(u64::MAX).max(1)
}
