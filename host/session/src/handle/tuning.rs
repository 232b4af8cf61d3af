//! What a guest sets for its session.

use std::time::Instant;

use super::Handle;
use crate::limits::{Limits, Now};

impl Handle {
    /// The same under the operator's limits: what no guest sets anything beyond.
    #[must_use]
    pub fn with_ceiling(self, ceiling: Limits) -> Self {
        Self { ceiling, ..self }
    }

    /// What the session is held to.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.lock_outbound().tuned().unwrap_or_else(|| self.initial_limits())
    }

    /// Changes what the session is held to, as far as the operator's limits let it. The connection
    /// hears of it. On a session that is not open it changes nothing for anybody.
    pub fn tune(&self, now: Now, change: impl FnOnce(&mut Limits)) {
        let mut outbound = self.outbound();
        let mut limits = outbound.tuned().unwrap_or_else(|| self.initial_limits());
        change(&mut limits);
        outbound.tune(limits.within(&self.ceiling), now);
    }

    /// For the connection while it cannot write: what was set and it has not seen.
    #[must_use]
    pub fn take_tuned(&self) -> Option<Limits> {
        self.lock_outbound().take_tuned()
    }

    /// For the connection: when the first of the messages that wait has to be sent.
    #[must_use]
    pub fn send_by(&self) -> Option<Instant> {
        self.lock_outbound().send_by()
    }

    /// For the connection: the times up to this mark have been kept.
    pub fn kept_time(&self, mark: u64) {
        self.lock_outbound().kept_time(mark);
    }

    fn initial_limits(&self) -> Limits {
        let message_bytes = self.identity.max_message_bytes;
        Limits { message_bytes, ..self.ceiling }
    }
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Waker};
    use std::time::Duration;

    use crate::handle::tests::session;
    use crate::outbound::Next;

    use super::*;

    const MINUTE: Option<Duration> = Some(Duration::from_secs(60));
    const SECOND: Option<Duration> = Some(Duration::from_secs(1));

    #[test]
    fn a_guest_lowers_limits_and_takes_that_back() {
        let ceiling = Limits { message_bytes: 100, idle: MINUTE, ..Limits::default() };
        let session = session().with_ceiling(ceiling);
        let initial = Limits { message_bytes: 1, ..ceiling };
        assert_eq!(session.limits(), initial);
        session.tune(Instant::now, |limits| limits.idle = SECOND);
        assert_eq!(session.limits(), Limits { idle: SECOND, ..initial });
        session.tune(Instant::now, |limits| limits.message_bytes = 1000);
        session.tune(Instant::now, |limits| limits.idle = None);
        assert_eq!(session.limits(), Limits { message_bytes: 100, idle: MINUTE, ..initial });
    }

    #[test]
    fn the_connection_hears_of_a_change_once_and_before_messages() {
        let session = session().with_ceiling(Limits { message_bytes: 9, ..Limits::default() });
        let next = || session.poll_next(&mut Context::from_waker(Waker::noop()));
        assert!(matches!(next(), Next::Idle) && session.is_quiet());
        session.send(crate::Message::Text("m".into())).expect("room");
        session.tune(Instant::now, |limits| limits.message_bytes = 5);
        assert!(!session.is_quiet(), "the connection looks");
        assert!(matches!(next(), Next::Limits(limits) if limits.message_bytes == 5));
        assert!(matches!(next(), Next::Write(_)));
        assert!(matches!(next(), Next::Idle));
    }
}
