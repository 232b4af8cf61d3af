//! Limits that a guest has set, and the times by which its messages have to be sent.

use std::collections::VecDeque;
use std::time::Instant;

use super::{Entry, Mark, Outbound};
use crate::limits::{Limits, Now};

/// What there is of a session whose guest has set something. Most have not.
#[derive(Debug)]
pub(super) struct Tuned {
    limits: Limits,
    now: Now,
    /// The times by which marks have to be passed, the earliest first: one that is not earlier than
    /// a later one's says nothing that the later one does not.
    deadlines: VecDeque<(u64, Instant)>,
    stamped: u64,
    /// Whether a message was queued behind the last of them.
    is_unstamped: bool,
}

impl Outbound {
    /// Sets what the session is held to; the connection is told. `now` is asked for the time when
    /// a message is queued that may take only so long.
    pub fn tune(&mut self, limits: Limits, now: Now) {
        match &mut self.tuned {
            Some(tuned) => tuned.limits = limits,
            None => {
                self.tuned = Some(Box::new(Tuned {
                    limits,
                    now,
                    deadlines: VecDeque::new(),
                    stamped: 0,
                    is_unstamped: false,
                }));
            }
        }
        self.is_retuned = true;
        self.wake();
    }

    /// What was set, if anything was.
    #[must_use]
    pub fn tuned(&self) -> Option<Limits> {
        self.tuned.as_ref().map(|tuned| tuned.limits)
    }

    /// What was set since this was asked last, for the connection.
    pub fn take_tuned(&mut self) -> Option<Limits> {
        std::mem::take(&mut self.is_retuned).then(|| self.tuned()).flatten()
    }

    /// When the first of the messages that wait has to be sent.
    #[must_use]
    pub fn send_by(&self) -> Option<Instant> {
        self.tuned.as_ref()?.deadlines.front().map(|(_, at)| *at)
    }

    /// The times up to this mark have been kept.
    pub fn kept_time(&mut self, mark: u64) {
        if let Some(tuned) = &mut self.tuned {
            while tuned.deadlines.pop_front_if(|(kept, _)| *kept <= mark).is_some() {}
        }
    }

    /// Whether messages may take only so long.
    pub(super) fn is_timed(&self) -> bool {
        self.tuned.as_ref().is_some_and(|tuned| tuned.limits.send.is_some())
    }

    /// A message was queued, and is perhaps held back.
    pub(super) fn note_message(&mut self) {
        if let Some(tuned) = &mut self.tuned {
            tuned.is_unstamped = tuned.limits.send.is_some();
        }
    }

    /// The time of the messages that are let go now begins.
    pub(super) fn begin_time(&mut self) {
        let Some(tuned) = &mut self.tuned else { return };
        if !std::mem::take(&mut tuned.is_unstamped) {
            return;
        }
        let now = (tuned.now)();
        let Some(at) = tuned.limits.send.and_then(|limit| now.checked_add(limit)) else { return };
        tuned.stamped += 1;
        while tuned.deadlines.pop_back_if(|(_, known)| *known >= at).is_some() {}
        tuned.deadlines.push_back((tuned.stamped, at));
        self.entries.push_back(Entry::Mark(Mark::Timed(tuned.stamped)));
    }
}
