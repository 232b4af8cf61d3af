//! What an endpoint's settings mean for one of its sessions.

use sockhop_session::limits::Limits;
use sockhop_session::{QueueLimits, SlowReader};

use crate::config::{self, EndpointLimits};
use crate::connection::{Compression, Settings};

/// The limits of a connection, with what was agreed on about compression.
pub(crate) fn connection_settings(
    limits: &EndpointLimits,
    compression: Option<Compression>,
) -> Settings {
    Settings {
        close_timeout: limits.close_timeout,
        ping_interval: limits.ping_interval,
        pong_timeout: limits.pong_timeout,
        idle_timeout: limits.idle_timeout,
        read_idle_timeout: limits.read_idle_timeout,
        write_idle_timeout: limits.write_idle_timeout,
        compression,
    }
}

/// What bounds the queue of a session.
pub(crate) fn queue_limits(limits: &EndpointLimits) -> QueueLimits {
    let slow_reader = match limits.slow_reader {
        config::SlowReader::Wait => SlowReader::Wait,
        config::SlowReader::Drop => SlowReader::Drop,
        config::SlowReader::Close => SlowReader::Close,
    };
    QueueLimits { bytes: limits.outbound_queue.as_usize(), slow_reader }
}

/// The largest message that a session takes, in bytes: what was asked for, below the limit.
pub(crate) fn message_bytes(limits: &EndpointLimits, asked: Option<u64>) -> usize {
    let asked = asked.and_then(|bytes| usize::try_from(bytes).ok());
    asked.unwrap_or(usize::MAX).min(limits.message.as_usize())
}

/// What no guest sets anything beyond.
pub(crate) fn ceiling(limits: &EndpointLimits) -> Limits {
    Limits {
        message_bytes: limits.message.as_usize(),
        idle: limits.idle_timeout,
        read_idle: limits.read_idle_timeout,
        write_idle: limits.write_idle_timeout,
        send: None,
    }
}
