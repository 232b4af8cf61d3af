//! The limits in time of a connection that is open: keep-alive pings and idle limits.
//!
//! One timer a connection, set to the first of its limits. Traffic moves no timer: when it rings,
//! the times at which something last happened are looked at, and it is set anew.

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use sockhop_session::CloseCause;
use sockhop_session::limits::Limits;
use tokio::task::unconstrained;
use tokio::time::{Instant, Sleep, sleep_until};

use super::settings::Settings;
use super::socket::Activity;

/// What a limit asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// Ask the peer whether it is there.
    Ping,
    /// End the session.
    End(CloseCause),
}

/// A connection's limits and its timer.
pub(super) struct Timers {
    settings: Settings,
    /// When the first of the messages that wait has to be sent, where the guest wants that.
    pub(super) send_by: Option<Instant>,
    /// When the ping was sent that is not answered.
    asked: Option<Instant>,
    alarm: Option<Pin<Box<Sleep>>>,
    /// Set to the limit for writing alone, while the guest is busy with something to be written.
    writing: Option<Pin<Box<Sleep>>>,
    /// Who is woken when it rings.
    rings_for: Option<Waker>,
}

impl Timers {
    pub(super) fn new(settings: Settings) -> Self {
        Self { settings, send_by: None, asked: None, alarm: None, writing: None, rings_for: None }
    }

    /// Ready with what is due; until then the task is woken when something may be.
    #[inline]
    pub(super) fn poll(&mut self, activity: &Activity, cx: &mut Context<'_>) -> Poll<Due> {
        // Each turn of a connection asks, and most often it is not time yet.
        if activity.stalled.is_none()
            && self.send_by.is_none()
            && let Some(alarm) = &self.alarm
            && self.rings_for.as_ref().is_some_and(|waker| waker.will_wake(cx.waker()))
            && !alarm.is_elapsed()
        {
            return Poll::Pending;
        }
        self.poll_anew(activity, cx)
    }

    fn poll_anew(&mut self, activity: &Activity, cx: &mut Context<'_>) -> Poll<Due> {
        loop {
            let rings_in_time = match (&self.alarm, self.write_by(activity)) {
                (Some(alarm), Some(until)) => alarm.deadline() <= until,
                (Some(_), None) => true,
                (None, _) => false,
            };
            if rings_in_time
                && let Some(alarm) = &mut self.alarm
                && is_pending(alarm, &mut self.rings_for, cx)
            {
                return Poll::Pending;
            }
            self.rings_for = None;
            match self.due(activity, Instant::now()) {
                Ok(due) => {
                    self.alarm = None;
                    return Poll::Ready(due);
                }
                Err(None) => return Poll::Pending,
                Err(Some(next)) => match &mut self.alarm {
                    Some(alarm) => alarm.as_mut().reset(next),
                    None => self.alarm = Some(Box::pin(sleep_until(next))),
                },
            }
        }
    }

    /// Holds the connection to what its guest has set.
    pub(super) fn hold_to(&mut self, limits: &Limits) {
        self.settings.idle_timeout = limits.idle;
        self.settings.read_idle_timeout = limits.read_idle;
        self.settings.write_idle_timeout = limits.write_idle;
        self.alarm = None;
        self.rings_for = None;
    }

    /// While the guest is busy: ready when something has not been written in time.
    pub(super) fn poll_writing(&mut self, activity: &Activity, cx: &mut Context<'_>) -> Poll<()> {
        let Some(until) = self.write_by(activity) else { return Poll::Pending };
        let alarm = self.writing.get_or_insert_with(|| Box::pin(sleep_until(until)));
        if alarm.deadline() != until {
            alarm.as_mut().reset(until);
        }
        // Outside the task's budget, as the other one is.
        pin!(unconstrained(alarm.as_mut())).poll(cx)
    }

    /// By when something has to be written, if anything has.
    pub(super) fn write_by(&self, activity: &Activity) -> Option<Instant> {
        let stalls = activity.stalled.zip(self.settings.write_idle_timeout);
        let by = stalls.and_then(|(since, limit)| since.checked_add(limit));
        [by, self.send_by].into_iter().flatten().min()
    }

    /// What is due now, or when something may be next, if ever.
    fn due(&mut self, activity: &Activity, now: Instant) -> Result<Due, Option<Instant>> {
        let settings = &self.settings;
        let mut next: Option<Instant> = None;
        let mut passed = |at: Instant| {
            if at <= now {
                return true;
            }
            next = Some(next.map_or(at, |next| next.min(at)));
            false
        };
        if self.write_by(activity).is_some_and(&mut passed) {
            return Ok(Due::End(CloseCause::WriteTimeout));
        }
        let last = activity.received.max(activity.sent);
        if settings.idle_timeout.is_some_and(|limit| passed(last + limit))
            || settings.read_idle_timeout.is_some_and(|limit| passed(activity.received + limit))
        {
            return Ok(Due::End(CloseCause::IdleTimeout));
        }
        // Whatever comes says that the peer is there.
        let asked = self.asked.filter(|asked| activity.heard < *asked);
        self.asked = asked;
        match (asked, settings.ping_interval) {
            (Some(asked), _) => {
                if passed(asked + settings.pong_timeout) {
                    return Ok(Due::End(CloseCause::PongTimeout));
                }
            }
            (None, Some(interval)) => {
                if passed(activity.heard + interval) {
                    self.asked = Some(now);
                    return Ok(Due::Ping);
                }
            }
            (None, None) => {}
        }
        Err(next)
    }
}

/// Polls an alarm that has not been polled for the same task since it was set.
fn is_pending(
    alarm: &mut Pin<Box<Sleep>>,
    rings_for: &mut Option<Waker>,
    cx: &mut Context<'_>,
) -> bool {
    if rings_for.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) && !alarm.is_elapsed() {
        return true;
    }
    // Outside the task's budget: without one left it would say that it is not time yet, and tell
    // nobody when it is.
    let is_pending = pin!(unconstrained(alarm.as_mut())).poll(cx).is_pending();
    *rings_for = is_pending.then(|| cx.waker().clone());
    is_pending
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn settings() -> Settings {
        Settings {
            close_timeout: SECOND,
            ping_interval: None,
            pong_timeout: 2 * SECOND,
            idle_timeout: None,
            read_idle_timeout: None,
            write_idle_timeout: None,
            compression: None,
        }
    }

    fn silent_since(start: Instant) -> Activity {
        Activity { heard: start, received: start, sent: start, stalled: None }
    }

    #[test]
    fn without_limits_nothing_is_ever_due() {
        let start = Instant::now();
        let mut timers = Timers::new(settings());
        assert_eq!(timers.due(&silent_since(start), start + 9999 * SECOND), Err(None));
    }

    #[test]
    fn a_silent_peer_is_asked_and_given_up_when_it_does_not_answer() {
        let start = Instant::now();
        let mut timers = Timers::new(Settings { ping_interval: Some(5 * SECOND), ..settings() });
        let mut activity = silent_since(start);
        assert_eq!(timers.due(&activity, start + 4 * SECOND), Err(Some(start + 5 * SECOND)));
        assert_eq!(timers.due(&activity, start + 5 * SECOND), Ok(Due::Ping));
        assert_eq!(timers.due(&activity, start + 6 * SECOND), Err(Some(start + 7 * SECOND)));
        activity.heard = start + 6 * SECOND;
        assert_eq!(timers.due(&activity, start + 7 * SECOND), Err(Some(start + 11 * SECOND)));
        assert_eq!(timers.due(&activity, start + 11 * SECOND), Ok(Due::Ping));
        let given_up = Due::End(CloseCause::PongTimeout);
        assert_eq!(timers.due(&activity, start + 13 * SECOND), Ok(given_up));
    }

    #[test]
    fn traffic_in_either_direction_keeps_a_session_and_pongs_do_not() {
        let start = Instant::now();
        let mut timers = Timers::new(Settings { idle_timeout: Some(3 * SECOND), ..settings() });
        let mut activity = silent_since(start);
        activity.sent = start + SECOND;
        activity.heard = start + 2 * SECOND;
        assert_eq!(timers.due(&activity, start + 3 * SECOND), Err(Some(start + 4 * SECOND)));
        let idle = Due::End(CloseCause::IdleTimeout);
        assert_eq!(timers.due(&activity, start + 4 * SECOND), Ok(idle));
    }

    #[test]
    fn each_direction_has_a_limit_of_its_own() {
        let start = Instant::now();
        let one_way = Settings {
            read_idle_timeout: Some(3 * SECOND),
            write_idle_timeout: Some(2 * SECOND),
            ..settings()
        };
        let mut activity = silent_since(start);
        activity.sent = start + 3 * SECOND;
        let ended = |activity, at| Timers::new(one_way.clone()).due(&activity, at);
        let idle = Due::End(CloseCause::IdleTimeout);
        assert_eq!(ended(activity, start + 3 * SECOND), Ok(idle));
        activity.received = start + 3 * SECOND;
        activity.stalled = Some(start + 2 * SECOND);
        assert_eq!(ended(activity, start + 3 * SECOND), Err(Some(start + 4 * SECOND)));
        let stalled = Due::End(CloseCause::WriteTimeout);
        assert_eq!(ended(activity, start + 4 * SECOND), Ok(stalled));
    }
}
