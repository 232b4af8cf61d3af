//! What the server, the generator and everything else on the machine have used.

use std::time::{Duration, Instant};

use anyhow::Result;
use hdrhistogram::Histogram;
use rustix::time::{ClockId, clock_gettime};

use crate::load::Outcome;
use crate::process;

/// What was used up to a moment.
pub(crate) struct Usage {
    pub(crate) at: Instant,
    machine: Duration,
    generator: Duration,
    server: Option<Duration>,
}

impl Usage {
    /// Up to now, by the server with this process id and by the calling thread.
    pub(crate) fn now(server: Option<u32>) -> Result<Self> {
        let server = server.map(process::cpu_time).transpose()?;
        let machine = process::machine_busy_time()?;
        let generator = Duration::try_from(clock_gettime(ClockId::ThreadCPUTime))?;
        Ok(Self { at: Instant::now(), machine, generator, server })
    }

    /// The outcome of the time from `before` until this moment, in which so many `messages` were
    /// answered. Nothing is lost in it yet.
    pub(crate) fn outcome_since(
        &self,
        before: &Self,
        messages: u64,
        latency: Histogram<u64>,
        server: Option<u32>,
    ) -> Result<Outcome> {
        let server_cpu = self.server.zip(before.server).map(|(after, before)| after - before);
        let generator_cpu = self.generator - before.generator;
        let busy = self.machine.saturating_sub(before.machine);
        Ok(Outcome {
            messages,
            elapsed: self.at - before.at,
            latency,
            server_cpu,
            server_resident_kib: server.map(process::resident_kib).transpose()?,
            generator_cpu,
            others_cpu: server_cpu.map(|server| busy.saturating_sub(server + generator_cpu)),
            lost: 0,
            failures: Vec::new(),
        })
    }
}
