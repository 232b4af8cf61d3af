//! What a peer is told that is not let in, and when it should come back.

use std::time::Duration;

use hyper::StatusCode;

use crate::telemetry::Seldom;

/// How long a peer is asked to wait where nobody knows when there will be room.
const UNKNOWN_WAIT: Duration = Duration::from_secs(5);

/// Which limit was reached. The text is for the peer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::server) enum OverLimit {
    /// `limits.connections`.
    #[error("the host has no connection left; try again later")]
    Connections,
    /// `limits.connections_per_address`.
    #[error("there are too many connections from your address; close one, or try again later")]
    ConnectionsOfAddress,
    /// `limits.handshakes_per_second`.
    #[error("the host is asked for too many sessions at once; try again later")]
    Handshakes {
        /// The time until there is room for one.
        wait: Duration,
    },
    /// `limits.handshakes_per_second_per_address`.
    #[error("your address asks for too many sessions at once; try again later")]
    HandshakesOfAddress {
        /// The time until it may ask for one.
        wait: Duration,
    },
    /// `sessions` of the endpoint.
    #[error("the endpoint has no session left; try again later")]
    Sessions,
}

impl OverLimit {
    /// The status of the answer: 429 where it is the peer's address that has too many (RFC 6585
    /// §4), 503 where it is all peers together.
    pub(in crate::server) fn status(&self) -> StatusCode {
        match self {
            Self::ConnectionsOfAddress | Self::HandshakesOfAddress { .. } => {
                StatusCode::TOO_MANY_REQUESTS
            }
            Self::Connections | Self::Handshakes { .. } | Self::Sessions => {
                StatusCode::SERVICE_UNAVAILABLE
            }
        }
    }

    /// The value of `Retry-After` (RFC 9110 §10.2.3), in whole seconds, at least one.
    pub(in crate::server) fn retry_after_seconds(&self) -> u64 {
        let wait = match self {
            Self::Handshakes { wait } | Self::HandshakesOfAddress { wait } => *wait,
            Self::Connections | Self::ConnectionsOfAddress | Self::Sessions => UNKNOWN_WAIT,
        };
        let started = u64::from(wait.subsec_nanos() > 0);
        wait.as_secs().saturating_add(started).max(1)
    }

    /// The key of the configuration that sets the limit.
    pub(in crate::server) fn key(&self) -> &'static str {
        match self {
            Self::Connections => "limits.connections",
            Self::ConnectionsOfAddress => "limits.connections_per_address",
            Self::Handshakes { .. } => "limits.handshakes_per_second",
            Self::HandshakesOfAddress { .. } => "limits.handshakes_per_second_per_address",
            Self::Sessions => "sessions",
        }
    }
}

/// When the log was last told of each limit.
#[derive(Debug, Default)]
pub(super) struct Told {
    connections: Seldom,
    connections_of_address: Seldom,
    handshakes: Seldom,
    handshakes_of_address: Seldom,
    sessions: Seldom,
}

impl Told {
    pub(super) fn of(&self, over: &OverLimit) -> &Seldom {
        match over {
            OverLimit::Connections => &self.connections,
            OverLimit::ConnectionsOfAddress => &self.connections_of_address,
            OverLimit::Handshakes { .. } => &self.handshakes,
            OverLimit::HandshakesOfAddress { .. } => &self.handshakes_of_address,
            OverLimit::Sessions => &self.sessions,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_begun_second_is_waited_for() {
        for (millis, seconds) in [(0, 1), (1, 1), (1000, 1), (1001, 2), (59_999, 60)] {
            let over = OverLimit::Handshakes { wait: Duration::from_millis(millis) };
            assert_eq!(over.retry_after_seconds(), seconds, "{millis}");
        }
    }
}
