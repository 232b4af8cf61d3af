//! Drives all connections from one thread: a poll, a read, a write.

use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::client::{Client, READ_BUFFER_BYTES};
use crate::load::{Outcome, Pace, Recorder, Target, Timing, Traffic};
use crate::poll::Poll;
use crate::schedule::Schedule;
use crate::usage::Usage;

/// The poll's word for the timer; connections have their number.
const TIMER: u64 = u64::MAX;

/// Open connections to one echo, which can be put under load several times.
pub struct Fleet {
    poll: Poll,
    /// A connection that failed is gone.
    clients: Vec<Option<Client>>,
    /// Which connections the poll watches for room to write.
    watching_room: Vec<bool>,
    buffer: Vec<u8>,
    failures: Vec<String>,
    lost: u64,
}

impl Fleet {
    /// Opens the connections one after the other.
    ///
    /// # Errors
    /// One of them cannot be opened.
    pub fn connect(target: &Target, traffic: &Traffic) -> Result<Self> {
        let poll = Poll::new(traffic.connections + 1)?;
        let mut clients = Vec::with_capacity(traffic.connections);
        for index in 0..traffic.connections {
            let client = Client::connect(target, traffic, index)
                .with_context(|| format!("connection {index} to {}", target.url()))?;
            poll.add(client.socket(), index as u64)?;
            clients.push(Some(client));
        }
        Ok(Self {
            poll,
            watching_room: vec![false; clients.len()],
            clients,
            buffer: vec![0; READ_BUFFER_BYTES],
            failures: Vec::new(),
            lost: 0,
        })
    }

    /// Puts the connections under load, measures, and waits for the last replies. With `server`,
    /// the id of its process, what that process uses is measured too.
    ///
    /// A connection that fails is named in the outcome and takes no further part; its messages
    /// without a reply, and those that come due on it later, are lost.
    ///
    /// # Errors
    /// The poll fails, or the server's process is gone.
    pub fn run(&mut self, pace: Pace, timing: Timing, server: Option<u32>) -> Result<Outcome> {
        let mut recorder = Recorder::new()?;
        let mut turn = Turn { schedule: None, refill: false };
        match pace {
            Pace::Closed => {
                turn.refill = true;
                self.fill_windows()?;
            }
            Pace::Open { per_second } => {
                let rate = NonZeroU32::new(per_second).context("a rate of 0 messages a second")?;
                let schedule = Schedule::start(rate)?;
                self.poll.add(&schedule, TIMER)?;
                turn.schedule = Some(schedule);
            }
        }
        self.turn_until(Instant::now() + timing.warm_up, &mut turn, &mut recorder)?;
        let before = Usage::now(server)?;
        recorder.begin(before.at);
        self.turn_until(before.at + timing.measured, &mut turn, &mut recorder)?;
        let after = Usage::now(server)?;
        recorder.end(after.at);
        // What came due in the last turn belongs to the measured time like all before.
        if let Some(schedule) = &mut turn.schedule {
            self.hand_out(schedule, after.at)?;
        }
        // Closing the schedule's timer takes it out of the poll.
        drop(turn);
        self.drain(timing.drain_limit, &mut recorder)?;
        let latency = recorder.finish();
        let mut outcome = after.outcome_since(&before, latency.len(), latency, server)?;
        outcome.lost = std::mem::take(&mut self.lost);
        outcome.failures = std::mem::take(&mut self.failures);
        Ok(outcome)
    }

    /// Closes every connection with the closing handshake.
    ///
    /// # Errors
    /// A server sent more than the replies, or did not answer the Close frame.
    pub fn close(self) -> Result<()> {
        for (index, client) in self.clients.into_iter().enumerate() {
            let Some(client) = client else { continue };
            client.close().with_context(|| format!("connection {index}"))?;
        }
        Ok(())
    }

    fn fill_windows(&mut self) -> Result<()> {
        let now = Instant::now();
        for index in 0..self.clients.len() {
            if let Some(client) = &mut self.clients[index] {
                client.fill_window(now);
            }
            self.attempt(index, |_, _| Ok(()))?;
        }
        Ok(())
    }

    fn turn_until(&mut self, end: Instant, turn: &mut Turn, recorder: &mut Recorder) -> Result<()> {
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() || self.clients.iter().all(Option::is_none) {
                return Ok(());
            }
            self.turn(left, turn, recorder)?;
        }
    }

    fn drain(&mut self, limit: Duration, recorder: &mut Recorder) -> Result<()> {
        let mut turn = Turn { schedule: None, refill: false };
        let end = Instant::now() + limit;
        while self.clients.iter().flatten().any(|client| client.unanswered() > 0) {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            self.turn(left, &mut turn, recorder)?;
        }
        for index in 0..self.clients.len() {
            self.attempt(index, |client, _| {
                let missing = client.unanswered();
                anyhow::ensure!(
                    missing == 0,
                    "replies that did not come within {limit:?}: {missing}"
                );
                Ok(())
            })?;
        }
        Ok(())
    }

    /// Hands out what is due, waits for the poll, and serves whoever is ready.
    fn turn(&mut self, left: Duration, turn: &mut Turn, recorder: &mut Recorder) -> Result<()> {
        if let Some(schedule) = &mut turn.schedule {
            self.hand_out(schedule, Instant::now())?;
            schedule.arm()?;
        }
        for at in 0..self.poll.wait(left)? {
            let index = self.poll.ready(at);
            if index == TIMER {
                continue;
            }
            let refill = turn.refill;
            self.attempt(index as usize, |client, buffer| {
                let replies =
                    client.receive(buffer, |intended, now| recorder.answered(intended, now))?;
                if refill && replies > 0 {
                    client.fill_window(Instant::now());
                }
                Ok(())
            })?;
        }
        Ok(())
    }

    /// Makes the messages that are due by `now` due on the connections in turn.
    fn hand_out(&mut self, schedule: &mut Schedule, now: Instant) -> Result<()> {
        while let Some((message, intended)) = schedule.next_due(now) {
            let index = message as usize % self.clients.len();
            match &mut self.clients[index] {
                Some(client) => client.due(intended),
                None => self.lost += 1,
            }
            self.attempt(index, |_, _| Ok(()))?;
        }
        Ok(())
    }

    /// Does something with a connection, then sends what it has to send. If either fails the
    /// connection is taken out, its messages without a reply are lost, and the failure is kept.
    fn attempt(
        &mut self,
        index: usize,
        work: impl FnOnce(&mut Client, &mut [u8]) -> Result<()>,
    ) -> Result<()> {
        let Some(client) = &mut self.clients[index] else { return Ok(()) };
        let full = work(client, &mut self.buffer).and_then(|()| client.send());
        match full {
            Ok(full) if full != self.watching_room[index] => {
                self.poll.watch_room(client.socket(), index as u64, full)?;
                self.watching_room[index] = full;
            }
            Ok(_) => {}
            Err(error) => {
                self.lost += client.unanswered() as u64;
                self.failures.push(format!("connection {index}: {error:#}"));
                // Dropping the socket takes it out of the poll.
                self.clients[index] = None;
            }
        }
        Ok(())
    }
}

/// Where messages come from in this part of a run.
struct Turn {
    /// The clock of an open loop.
    schedule: Option<Schedule>,
    /// Whether a reply makes room for the next message.
    refill: bool,
}
