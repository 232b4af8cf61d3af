//! Waits for many connections at once, on epoll.

use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use anyhow::{Context, Result};
use rustix::buffer::spare_capacity;
use rustix::event::{Timespec, epoll};

/// The longest sleep in the poll, in milliseconds: phases end on time even where nothing moves.
const POLL_LIMIT_MILLISECONDS: u64 = 20;

/// Connections that are watched, each under a number.
pub(crate) struct Poll {
    poll: OwnedFd,
    events: Vec<epoll::Event>,
}

impl Poll {
    /// A poll that tells of up to `events` connections at a time.
    pub(crate) fn new(events: usize) -> Result<Self> {
        let poll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        Ok(Self { poll, events: Vec::with_capacity(events) })
    }

    /// Watches for what can be read, until the last descriptor of `source` is closed.
    pub(crate) fn add(&self, source: impl AsFd, number: u64) -> Result<()> {
        let data = epoll::EventData::new_u64(number);
        Ok(epoll::add(&self.poll, source, data, epoll::EventFlags::IN)?)
    }

    /// Watches for room to write as well, or no longer.
    pub(crate) fn watch_room(&self, source: impl AsFd, number: u64, watched: bool) -> Result<()> {
        let room = if watched { epoll::EventFlags::OUT } else { epoll::EventFlags::empty() };
        let data = epoll::EventData::new_u64(number);
        Ok(epoll::modify(&self.poll, source, data, epoll::EventFlags::IN | room)?)
    }

    /// Waits until something is ready, for `left` or 20 ms at the most, and says how many are.
    pub(crate) fn wait(&mut self, left: Duration) -> Result<usize> {
        let limit = left.min(Duration::from_millis(POLL_LIMIT_MILLISECONDS));
        let limit = Timespec { tv_sec: 0, tv_nsec: limit.subsec_nanos().into() };
        self.events.clear();
        match epoll::wait(&self.poll, spare_capacity(&mut self.events), Some(&limit)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(self.events.len()),
            Err(error) => Err(error).context("the poll failed"),
        }
    }

    /// The number of the connection that is ready as the `at`th of those that were told last.
    pub(crate) fn ready(&self, at: usize) -> u64 {
        self.events[at].data.u64()
    }
}
