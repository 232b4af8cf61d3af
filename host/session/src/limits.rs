//! What a guest may set for its session, never beyond what the operator allows.

use std::time::{Duration, Instant};

/// What a session is held to. A guest lowers it, and takes that back; the operator's limits are the
/// ceiling, and where there is none a guest may set one all the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// The largest message that the peer may send, in bytes.
    pub message_bytes: usize,
    /// How long there may be nothing to and nothing from the peer.
    pub idle: Option<Duration>,
    /// How long there may be nothing from the peer.
    pub read_idle: Option<Duration>,
    /// How long the peer may take nothing of what waits for it.
    pub write_idle: Option<Duration>,
    /// How long each message may take from when it was queued until it was handed to the
    /// connection (Jakarta `Async.setSendTimeout`).
    pub send: Option<Duration>,
}

impl Limits {
    /// These, where they are not beyond the ceiling.
    #[must_use]
    pub fn within(self, ceiling: &Self) -> Self {
        let lower = |wanted: Option<Duration>, most: Option<Duration>| match (wanted, most) {
            (Some(wanted), Some(most)) => Some(wanted.min(most)),
            (wanted, most) => wanted.or(most),
        };
        Self {
            message_bytes: self.message_bytes.min(ceiling.message_bytes),
            idle: lower(self.idle, ceiling.idle),
            read_idle: lower(self.read_idle, ceiling.read_idle),
            write_idle: lower(self.write_idle, ceiling.write_idle),
            send: lower(self.send, ceiling.send),
        }
    }
}

/// Whoever can tell the time: the core reads no clock of its own.
pub type Now = fn() -> Instant;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_operators_limits_are_the_ceiling() {
        let second = Some(Duration::from_secs(1));
        let minute = Some(Duration::from_secs(60));
        let ceiling = Limits {
            message_bytes: 10,
            idle: second,
            read_idle: None,
            write_idle: minute,
            send: None,
        };
        let wanted = Limits {
            message_bytes: 11,
            idle: minute,
            read_idle: minute,
            write_idle: second,
            send: second,
        };
        let in_force = Limits {
            message_bytes: 10,
            idle: second,
            read_idle: minute,
            write_idle: second,
            send: second,
        };
        assert_eq!(wanted.within(&ceiling), in_force);
        let none = Limits { message_bytes: 3, ..Limits::default() };
        assert_eq!(none.within(&ceiling), Limits { message_bytes: 3, ..ceiling });
    }
}
