//! A few publish, all receive: every message to every member, counted and compared byte by byte.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::client::{self, Patient, READ_BUFFER_BYTES};
use crate::frame;
use crate::load::{Outcome, Recorder, Target, Timing};
use crate::poll::Poll;
use crate::script::{PAYLOAD_BYTES_MIN, PUBLISHERS_MAX, Script};
use crate::usage::Usage;

/// The payload of the Ping that asks a server whether it serves a connection already.
const HELLO: &[u8] = b"are you there";

/// Who publishes what to how many, through an endpoint that sends each message to everybody, its
/// publisher too.
#[derive(Clone, Copy, Debug)]
pub struct Gathering {
    /// Members that publish, each a message at a time: 1 to 100.
    pub publishers: usize,
    /// Members that only receive.
    pub subscribers: usize,
    /// The payload of a message, in bytes; at least 34.
    pub payload_bytes: usize,
}

/// Members of a fan-out, connected.
pub struct Crowd {
    poll: Poll,
    /// The publishers come first.
    members: Vec<Member>,
    publishers: Vec<Publisher>,
    script: Script,
    buffer: Vec<u8>,
    deliveries: u64,
}

struct Member {
    stream: TcpStream,
    /// The start of a message of which the rest has not come yet.
    begun: Vec<u8>,
    /// The number of the next message of each publisher.
    due: Vec<u64>,
}

struct Publisher {
    sent: u64,
    /// When the last message was sent.
    sent_at: Instant,
}

impl Crowd {
    /// Connects the members one after the other, each once the server serves the one before: a Pong
    /// tells (RFC 6455 section 5.5.3), so no message is published before all are there to get it.
    ///
    /// # Errors
    /// One of them cannot be connected, or the numbers are out of bounds.
    pub fn gather(target: &Target, gathering: &Gathering) -> Result<Self> {
        let &Gathering { publishers, subscribers, payload_bytes } = gathering;
        ensure!((1..=PUBLISHERS_MAX).contains(&publishers), "{publishers} publishers");
        ensure!(payload_bytes >= PAYLOAD_BYTES_MIN, "{payload_bytes} bytes of payload");
        let poll = Poll::new(publishers + subscribers)?;
        let mut members = Vec::with_capacity(publishers + subscribers);
        for index in 0..publishers + subscribers {
            let stream =
                join(target).with_context(|| format!("connection {index} to {}", target.url()))?;
            poll.add(&stream, index as u64)?;
            members.push(Member { stream, begun: Vec::new(), due: vec![0; publishers] });
        }
        let now = Instant::now();
        Ok(Self {
            poll,
            members,
            publishers: (0..publishers).map(|_| Publisher { sent: 0, sent_at: now }).collect(),
            script: Script::new(publishers, payload_bytes),
            buffer: vec![0; READ_BUFFER_BYTES],
            deliveries: 0,
        })
    }

    /// Publishes, each publisher its next message when its last one has come back to it; measures;
    /// and waits until everybody has everything.
    ///
    /// The outcome counts deliveries that were read in the measured time; its latency is that of a
    /// publisher's own copy. After a failure nothing more is published, and what has not been
    /// delivered then is lost.
    ///
    /// # Errors
    /// The poll fails, or the server's process is gone.
    pub fn run(&mut self, timing: Timing, server: Option<u32>) -> Result<Outcome> {
        let mut recorder = Recorder::new()?;
        let mut failure = None;
        for publisher in 0..self.publishers.len() {
            self.publish(publisher)?;
        }
        let end = Instant::now() + timing.warm_up;
        self.turn_until(end, &mut recorder, &mut failure)?;
        let before = Usage::now(server)?;
        let deliveries_before = self.deliveries;
        recorder.begin(before.at);
        self.turn_until(before.at + timing.measured, &mut recorder, &mut failure)?;
        let after = Usage::now(server)?;
        let deliveries = self.deliveries - deliveries_before;
        recorder.end(after.at);
        self.drain(timing.drain_limit, &mut recorder, &mut failure)?;
        let mut outcome = after.outcome_since(&before, deliveries, recorder.finish(), server)?;
        outcome.lost = self.missing();
        if outcome.lost > 0 && failure.is_none() {
            let limit = timing.drain_limit;
            failure = Some(format!("deliveries that did not come within {limit:?}"));
        }
        outcome.failures = failure.into_iter().collect();
        Ok(outcome)
    }

    /// Closes every connection with the closing handshake.
    ///
    /// # Errors
    /// A server sent more than the messages, or did not answer the Close frame.
    pub fn close(self) -> Result<()> {
        for (index, member) in self.members.into_iter().enumerate() {
            let closed = if member.begun.is_empty() {
                client::say_goodbye(member.stream)
            } else {
                Err(anyhow::anyhow!("the last message is cut short"))
            };
            closed.with_context(|| format!("connection {index}"))?;
        }
        Ok(())
    }

    fn turn_until(
        &mut self,
        end: Instant,
        recorder: &mut Recorder,
        failure: &mut Option<String>,
    ) -> Result<()> {
        while failure.is_none() {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            self.turn(left, true, recorder, failure)?;
        }
        Ok(())
    }

    fn drain(
        &mut self,
        limit: Duration,
        recorder: &mut Recorder,
        failure: &mut Option<String>,
    ) -> Result<()> {
        let end = Instant::now() + limit;
        while failure.is_none() && self.missing() > 0 {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            self.turn(left, false, recorder, failure)?;
        }
        Ok(())
    }

    /// Waits for the poll and serves whoever is ready; with `publishing`, whoever has its own
    /// message back publishes the next. A member that fails is named in `failure`.
    fn turn(
        &mut self,
        left: Duration,
        publishing: bool,
        recorder: &mut Recorder,
        failure: &mut Option<String>,
    ) -> Result<()> {
        for at in 0..self.poll.wait(left)? {
            let index = self.poll.ready(at) as usize;
            let served = self.receive(index, recorder).and_then(|is_back| {
                if is_back && publishing { self.publish(index) } else { Ok(()) }
            });
            if let Err(error) = served {
                *failure = Some(format!("connection {index}: {error:#}"));
                break;
            }
        }
        Ok(())
    }

    fn publish(&mut self, index: usize) -> Result<()> {
        let publisher = &mut self.publishers[index];
        let frame = self.script.client_frame(index, publisher.sent);
        publisher.sent += 1;
        publisher.sent_at = Instant::now();
        // The socket is empty: what was sent before has come back.
        Patient(&self.members[index].stream).write_all(&frame).context("cannot send")
    }

    /// Reads once. Whether the member's own message has come back to it.
    fn receive(&mut self, index: usize, recorder: &mut Recorder) -> Result<bool> {
        let member = &mut self.members[index];
        let begun = member.begun.len();
        self.buffer[..begun].copy_from_slice(&member.begun);
        let bytes = match (&member.stream).read(&mut self.buffer[begun..]) {
            Ok(0) => bail!("the server ended the connection"),
            Ok(bytes) => begun + bytes,
            Err(error) if client::is_not_yet(&error) => return Ok(false),
            Err(error) => return Err(error).context("cannot receive"),
        };
        let now = Instant::now();
        let mut is_back = false;
        let frames = self.buffer[..bytes].chunks_exact(self.script.frame_bytes());
        let rest = frames.remainder();
        for frame in frames {
            let publisher = self.script.take(frame, &mut member.due)?;
            ensure!(
                member.due[publisher] <= self.publishers[publisher].sent,
                "a message of publisher {publisher} came before it was sent"
            );
            self.deliveries += 1;
            if publisher == index {
                is_back = true;
                recorder.answered(self.publishers[publisher].sent_at, now);
            }
        }
        self.script.check_start(rest)?;
        member.begun.clear();
        member.begun.extend_from_slice(rest);
        Ok(is_back)
    }

    /// Deliveries that are still to come.
    fn missing(&self) -> u64 {
        let sent: u64 = self.publishers.iter().map(|publisher| publisher.sent).sum();
        let members = self.members.iter();
        members.map(|member| sent - member.due.iter().sum::<u64>()).sum()
    }
}

/// Connects a member, and waits until the server serves it.
fn join(target: &Target) -> Result<TcpStream> {
    let stream = client::shake_hands(target)?;
    let mut socket = Patient(&stream);
    socket.write_all(&frame::client_ping(HELLO)).context("cannot send a Ping")?;
    let wanted = frame::server_pong(HELLO);
    let mut pong = vec![0; wanted.len()];
    match socket.read_exact(&mut pong) {
        Err(error) if error.kind() == ErrorKind::WouldBlock => bail!("no Pong came"),
        read => read.context("no Pong came")?,
    }
    ensure!(pong == wanted, "something else than the Pong came: {pong:?}");
    stream.set_nonblocking(true)?;
    Ok(stream)
}
