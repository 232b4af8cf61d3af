//! Says on what machine and when a benchmark ran.

use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use serde::Serialize;

/// The machine and the day.
#[derive(Debug, Serialize)]
pub struct Machine {
    /// The CPU's model, as the kernel names it.
    pub cpu: String,
    /// CPUs, whether this process may use them or not.
    pub cpus: usize,
    /// The kernel's release.
    pub kernel: String,
    /// Processes that were running or waiting for a CPU, averaged over the last minute.
    pub load: f64,
    /// The day, in UTC, as `YYYY-MM-DD`.
    pub date: String,
}

impl Machine {
    /// Asks the kernel. Call it before any load, or `load` is the benchmark's own.
    ///
    /// # Errors
    /// `/proc` is not there or not as expected.
    pub fn read() -> Result<Self> {
        let load = read("/proc/loadavg")?;
        let load = load.split_ascii_whitespace().next().and_then(|load| load.parse().ok());
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let cpuinfo = read("/proc/cpuinfo")?;
        Ok(Self {
            cpu: cpu_model(&cpuinfo).unwrap_or("CPU of unknown model").to_owned(),
            cpus: cpuinfo.lines().filter(|line| line.starts_with("processor")).count(),
            kernel: read("/proc/sys/kernel/osrelease")?.trim().to_owned(),
            load: load.context("/proc/loadavg does not begin with a number")?,
            date: date(seconds / 86_400),
        })
    }

    /// The machine in one line.
    pub fn describe(&self) -> String {
        let Self { cpu, cpus, kernel, load, date } = self;
        format!("{date}, {cpu}, {cpus} CPUs, Linux {kernel}, load before the start {load}")
    }
}

fn read(path: &str) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {path}"))
}

fn cpu_model(cpuinfo: &str) -> Option<&str> {
    let line = cpuinfo.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim())
}

/// The date that lies so many days after 1970-01-01.
fn date(mut days: u64) -> String {
    let is_leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let mut year = 1970;
    while days >= 365 + u64::from(is_leap(year)) {
        days -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let february = 28 + u64::from(is_leap(year));
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    format!("{year}-{month:02}-{:02}", days + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_know_leap_years() {
        assert_eq!(date(0), "1970-01-01");
        assert_eq!(date(789), "1972-02-29");
        assert_eq!(date(790), "1972-03-01");
        assert_eq!(date(11_016), "2000-02-29");
        assert_eq!(date(20_453), "2025-12-31");
        assert_eq!(date(20_454), "2026-01-01");
    }

    #[test]
    fn the_cpu_model_is_what_stands_behind_the_colon() {
        let cpuinfo = "processor\t: 0\nmodel\t\t: 2\nmodel name\t: AMD EPYC\n";
        assert_eq!(cpu_model(cpuinfo), Some("AMD EPYC"));
    }

    #[test]
    fn this_machine_can_be_described() {
        assert!(Machine::read().expect("a machine").cpus > 0);
    }
}
