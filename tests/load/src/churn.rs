//! Connections that come and go: connect, upgrade, one echo, the closing handshake, and the next.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::client::{self, Patient};
use crate::frame::{self, Kind};
use crate::load::{Outcome, Recorder, Target, Timing};
use crate::poll::Poll;
use crate::usage::Usage;

/// The key of the example in RFC 6455 section 1.3. Section 4.1 wants another one each time; here
/// the request is built once.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// What a server has to answer to that key.
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// The most bytes that a server's answer to the handshake may have.
const HEAD_BYTES_MAX: usize = 4 << 10;

/// Bytes read at a time.
const READ_BYTES: usize = 8 << 10;

/// Who comes and goes.
#[derive(Clone, Copy, Debug)]
pub struct Coming {
    /// Connections open at once; where one has ended, the next begins.
    pub at_once: usize,
    /// The payload of the one message on each, in bytes; at least 1.
    pub payload_bytes: usize,
}

/// Lets connections come and go, measures, and waits for the last of them to end.
///
/// The outcome counts connections that ended in the measured time, and its latency is that of a
/// connection's whole life. After a failure no connection takes the failed one's place.
///
/// # Errors
/// The poll fails, or the server's process is gone.
pub fn run(
    target: &Target,
    coming: &Coming,
    timing: Timing,
    server: Option<u32>,
) -> Result<Outcome> {
    let mut churn = Churn::new(target, coming)?;
    for slot in 0..coming.at_once {
        churn.begin(slot);
    }
    churn.turn_until(Instant::now() + timing.warm_up)?;
    let before = Usage::now(server)?;
    let ended_before = churn.ended;
    churn.recorder.begin(before.at);
    churn.turn_until(before.at + timing.measured)?;
    let after = Usage::now(server)?;
    let ended = churn.ended - ended_before;
    churn.recorder.end(after.at);
    churn.coming = false;
    churn.drain(timing.drain_limit)?;
    let latency = churn.recorder.finish();
    let mut outcome = after.outcome_since(&before, ended, latency, server)?;
    outcome.lost = churn.failures.len() as u64;
    outcome.failures = churn.failures;
    Ok(outcome)
}

/// How far a connection has come: what it waits for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Stage {
    /// The answer to its handshake.
    Upgrade,
    /// The echo of its message.
    Echo,
    /// The server's Close frame, and the end of the connection behind it.
    Goodbye,
}

struct Visit {
    stream: TcpStream,
    stage: Stage,
    received: Vec<u8>,
    began: Instant,
}

struct Churn<'a> {
    target: &'a Target,
    poll: Poll,
    visits: Vec<Option<Visit>>,
    /// Whether the next connection takes the place of one that has ended.
    coming: bool,
    request: String,
    message: Vec<u8>,
    reply: Vec<u8>,
    goodbye: Vec<u8>,
    buffer: Vec<u8>,
    recorder: Recorder,
    ended: u64,
    failures: Vec<String>,
}

impl<'a> Churn<'a> {
    fn new(target: &'a Target, coming: &Coming) -> Result<Self> {
        let payload = frame::payload(Kind::Text, coming.payload_bytes, 0);
        let request = format!(
            "GET {} HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n\r\n",
            target.path, target.address
        );
        Ok(Self {
            target,
            poll: Poll::new(coming.at_once)?,
            visits: (0..coming.at_once).map(|_| None).collect(),
            coming: true,
            request,
            message: frame::client_frame(Kind::Text, &payload),
            reply: frame::server_frame(Kind::Text, &payload),
            goodbye: frame::client_close(),
            buffer: vec![0; READ_BYTES],
            recorder: Recorder::new()?,
            ended: 0,
            failures: Vec::new(),
        })
    }

    fn turn_until(&mut self, end: Instant) -> Result<()> {
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() || self.visits.iter().all(Option::is_none) {
                return Ok(());
            }
            self.turn(left)?;
        }
    }

    fn drain(&mut self, limit: Duration) -> Result<()> {
        self.turn_until(Instant::now() + limit)?;
        let late = self.visits.iter().flatten();
        self.failures.extend(late.map(|visit| {
            format!("a connection did not end within {limit:?}: it waited for {:?}", visit.stage)
        }));
        Ok(())
    }

    fn turn(&mut self, left: Duration) -> Result<()> {
        for at in 0..self.poll.wait(left)? {
            let slot = self.poll.ready(at) as usize;
            let Some(mut visit) = self.visits[slot].take() else { continue };
            match self.go_on(&mut visit) {
                Ok(false) => self.visits[slot] = Some(visit),
                Ok(true) => {
                    self.ended += 1;
                    self.recorder.answered(visit.began, Instant::now());
                    // Dropping the socket takes it out of the poll.
                    drop(visit);
                    if self.coming {
                        self.begin(slot);
                    }
                }
                Err(error) => self.failures.push(format!("{error:#}")),
            }
        }
        Ok(())
    }

    fn begin(&mut self, slot: usize) {
        match self.connect(slot) {
            Ok(visit) => self.visits[slot] = Some(visit),
            Err(error) => self.failures.push(format!("{error:#}")),
        }
    }

    /// On one machine a connection is there at once, so nothing is gained by not waiting for it.
    fn connect(&self, slot: usize) -> Result<Visit> {
        let began = Instant::now();
        let stream = TcpStream::connect(self.target.address)
            .with_context(|| format!("cannot connect to {}", self.target.address))?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        self.poll.add(&stream, slot as u64)?;
        send(&stream, self.request.as_bytes())?;
        Ok(Visit { stream, stage: Stage::Upgrade, received: Vec::new(), began })
    }

    /// Reads once, and takes the next step when all that is waited for is there. Whether the
    /// connection has come to its end.
    fn go_on(&mut self, visit: &mut Visit) -> Result<bool> {
        let bytes = match (&visit.stream).read(&mut self.buffer) {
            Ok(bytes) => bytes,
            Err(error) if client::is_not_yet(&error) => return Ok(false),
            Err(error) => return Err(error).context("cannot receive"),
        };
        visit.received.extend_from_slice(&self.buffer[..bytes]);
        if bytes == 0 {
            ensure!(
                visit.stage == Stage::Goodbye,
                "the server ended a connection that waited for {:?}",
                visit.stage
            );
            ensure!(
                frame::is_close(&visit.received),
                "something else than a Close frame came after the echo: {:?}",
                visit.received
            );
            return Ok(true);
        }
        match visit.stage {
            Stage::Upgrade if is_upgraded(&visit.received)? => {
                visit.stage = Stage::Echo;
                send(&visit.stream, &self.message)?;
            }
            Stage::Echo if visit.received.len() >= self.reply.len() => {
                ensure!(visit.received == self.reply, "the echo is not what was sent");
                visit.stage = Stage::Goodbye;
                send(&visit.stream, &self.goodbye)?;
            }
            _ => return Ok(false),
        }
        visit.received.clear();
        Ok(false)
    }
}

/// Whether the whole answer to a handshake has come, and nothing behind it.
fn is_upgraded(head: &[u8]) -> Result<bool> {
    if !head.ends_with(b"\r\n\r\n") {
        ensure!(head.len() <= HEAD_BYTES_MAX, "the answer to a handshake does not end");
        return Ok(false);
    }
    let head = String::from_utf8_lossy(head);
    let has_accept = head.lines().any(|line| {
        line.split_once(':').is_some_and(|(name, value)| {
            name.eq_ignore_ascii_case("sec-websocket-accept") && value.trim() == ACCEPT
        })
    });
    if !head.starts_with("HTTP/1.1 101 ") || !has_accept {
        bail!("a handshake was refused: {}", head.lines().next().unwrap_or_default());
    }
    Ok(true)
}

/// A few bytes always find room in a socket in which nothing waits.
fn send(stream: &TcpStream, bytes: &[u8]) -> Result<()> {
    Patient(stream).write_all(bytes).context("cannot send")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_whole_at_its_empty_line() {
        let whole = format!("HTTP/1.1 101 x\r\nsec-websocket-accept: {ACCEPT}\r\n\r\n");
        assert!(is_upgraded(whole.as_bytes()).expect("upgraded"));
        for cut in 0..whole.len() {
            assert!(!is_upgraded(&whole.as_bytes()[..cut]).expect("not yet"), "{cut}");
        }
    }

    #[test]
    fn another_status_or_key_is_a_refusal() {
        let refused = |head: &str| is_upgraded(head.as_bytes()).expect_err("refused").to_string();
        let busy = format!("HTTP/1.1 503 busy\r\nSec-WebSocket-Accept: {ACCEPT}\r\n\r\n");
        assert_eq!(refused(&busy), "a handshake was refused: HTTP/1.1 503 busy");
        refused("HTTP/1.1 101 x\r\nSec-WebSocket-Accept: wrong\r\n\r\n");
        assert!(is_upgraded(&[b'x'; HEAD_BYTES_MAX + 1]).is_err());
    }
}
