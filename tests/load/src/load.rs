//! What to send where, how fast and for how long, and what came of it.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use hdrhistogram::Histogram;

use crate::frame::Kind;

/// The longest latency that is told apart from longer ones, in seconds.
const LATENCY_LIMIT_SECONDS: u64 = 60;

/// How long the replies that are missing at the end of a run are waited for, in seconds.
const DRAIN_LIMIT_SECONDS: u64 = 15;

/// An echo endpoint.
#[derive(Clone, Debug)]
pub struct Target {
    /// Where the server listens.
    pub address: SocketAddr,
    /// The path of the endpoint, with its leading slash.
    pub path: String,
}

impl Target {
    /// The endpoint that a `ws://ADDRESS:PORT/PATH` names.
    ///
    /// # Errors
    /// It is not such a URL, or the host is a name: names are not looked up.
    pub fn parse(url: &str) -> Result<Self> {
        let rest = url.strip_prefix("ws://").context("a URL has to begin with ws://")?;
        let (address, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let address = address
            .parse()
            .with_context(|| format!("`{address}` is not an IP address with a port"))?;
        let path = if path.is_empty() { "/" } else { path };
        Ok(Self { address, path: path.to_owned() })
    }

    /// The endpoint as a URL.
    pub fn url(&self) -> String {
        format!("ws://{}{}", self.address, self.path)
    }
}

/// What the connections are and send.
#[derive(Clone, Copy, Debug)]
pub struct Traffic {
    /// The type of the messages.
    pub kind: Kind,
    /// The payload of a message, in bytes; at least 1.
    pub payload_bytes: usize,
    /// How many connections; at least 1.
    pub connections: usize,
    /// The most messages without a reply on one connection; at least 1.
    pub window: usize,
}

/// When a message is due.
#[derive(Clone, Copy, Debug)]
pub enum Pace {
    /// As soon as the window has room for it: the server sets the rate.
    Closed,
    /// At fixed times, whatever the server does, over the connections in turn. Latency counts from
    /// the time at which the message was due, so a stall is felt by all that it held up.
    Open {
        /// Messages a second over all connections; at least 1.
        per_second: u32,
    },
}

/// How long a run takes.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// Load that is not measured, at the start.
    pub warm_up: Duration,
    /// The measured part.
    pub measured: Duration,
    /// How long the replies that are missing at the end are waited for, before they count as lost.
    pub drain_limit: Duration,
}

impl Timing {
    /// A run whose last replies are waited for 15 seconds.
    pub fn new(warm_up: Duration, measured: Duration) -> Self {
        Self { warm_up, measured, drain_limit: Duration::from_secs(DRAIN_LIMIT_SECONDS) }
    }
}

/// What a run measured. A message belongs to it if it was due in the measured time, whenever its
/// reply came.
#[derive(Debug)]
pub struct Outcome {
    /// Messages that were answered.
    pub messages: u64,
    /// The measured time.
    pub elapsed: Duration,
    /// From the moment a message was due until its reply was read, in nanoseconds.
    pub latency: Histogram<u64>,
    /// CPU time of the server's process in the measured time, where the process is known.
    pub server_cpu: Option<Duration>,
    /// Resident memory of the server at the end of the measured time, in KiB, with the connections
    /// open.
    pub server_resident_kib: Option<u64>,
    /// CPU time of the generator's thread in the measured time.
    pub generator_cpu: Duration,
    /// CPU time of everything else on the machine in the measured time, where the server's process
    /// is known: what disturbed the measurement.
    pub others_cpu: Option<Duration>,
    /// Messages of the whole run, warm-up included, that never got a reply.
    pub lost: u64,
    /// What went wrong, a line each; empty when all is well.
    pub failures: Vec<String>,
}

impl Outcome {
    /// Messages a second.
    pub fn rate(&self) -> f64 {
        self.messages as f64 / self.elapsed.as_secs_f64()
    }

    /// CPU time of the server for each message, in microseconds.
    pub fn server_micros_per_message(&self) -> Option<f64> {
        let cpu = self.server_cpu?;
        (self.messages > 0).then(|| cpu.as_secs_f64() * 1e6 / self.messages as f64)
    }

    /// The share of its CPU that the generator used, from 0 to 1.
    pub fn generator_share(&self) -> f64 {
        self.generator_cpu.as_secs_f64() / self.elapsed.as_secs_f64()
    }

    /// The share of one CPU that everything else on the machine used.
    pub fn others_share(&self) -> Option<f64> {
        Some(self.others_cpu?.as_secs_f64() / self.elapsed.as_secs_f64())
    }

    /// The latency below which a share of the messages stayed, in milliseconds.
    pub fn latency_ms(&self, quantile: f64) -> f64 {
        self.latency.value_at_quantile(quantile) as f64 / 1e6
    }
}

/// Collects latencies of the measured part of a run.
pub(crate) struct Recorder {
    latency: Histogram<u64>,
    from: Option<Instant>,
    until: Option<Instant>,
}

impl Recorder {
    pub(crate) fn new() -> Result<Self> {
        let limit = Duration::from_secs(LATENCY_LIMIT_SECONDS).as_nanos() as u64;
        let latency = Histogram::new_with_bounds(1_000, limit, 3)?;
        Ok(Self { latency, from: None, until: None })
    }

    /// The measured part begins.
    pub(crate) fn begin(&mut self, now: Instant) {
        self.from = Some(now);
    }

    /// The measured part is over.
    pub(crate) fn end(&mut self, now: Instant) {
        self.until = Some(now);
    }

    /// A message that was due at `intended` was answered at `now`.
    pub(crate) fn answered(&mut self, intended: Instant, now: Instant) {
        let measured = self.from.is_some_and(|from| from <= intended)
            && self.until.is_none_or(|until| intended < until);
        if measured {
            self.latency.saturating_record((now - intended).as_nanos() as u64);
        }
    }

    pub(crate) fn finish(self) -> Histogram<u64> {
        self.latency
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_an_address_and_a_path() {
        let target = Target::parse("ws://127.0.0.1:8080/echo").expect("a target");
        assert_eq!((target.address.port(), target.path.as_str()), (8080, "/echo"));
        assert_eq!(target.url(), "ws://127.0.0.1:8080/echo");
        assert_eq!(Target::parse("ws://127.0.0.1:8080").expect("a target").path, "/");
    }

    #[test]
    fn a_name_or_another_scheme_is_refused() {
        let refused = |url| Target::parse(url).expect_err("refused").to_string();
        assert_eq!(refused("wss://127.0.0.1:1/"), "a URL has to begin with ws://");
        assert_eq!(refused("ws://host:1/"), "`host:1` is not an IP address with a port");
    }

    #[test]
    fn only_messages_that_were_due_in_the_measured_time_count() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut recorder = Recorder::new().expect("a recorder");
        recorder.answered(at(0), at(1));
        recorder.begin(at(10));
        recorder.answered(at(9), at(11));
        recorder.answered(at(10), at(14));
        recorder.end(at(20));
        recorder.answered(at(19), at(25));
        recorder.answered(at(20), at(21));
        let latency = recorder.finish();
        assert_eq!((latency.len(), latency.max() / 1_000_000), (2, 6));
    }
}
