//! What a comparison found, as a Markdown table and as JSON.

use std::fmt;

use anyhow::{Context, Result};
use serde::Serialize;

use crate::load::Outcome;
use crate::machine::Machine;
use crate::table::{Table, figure, median, rate};

/// The share of its CPU from which on the generator, not the server, may set the rate.
const BUSY_GENERATOR_SHARE: f64 = 0.9;

/// The findings of one run.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Where and when.
    pub machine: Machine,
    /// The servers' versions, a line each.
    pub versions: Vec<String>,
    /// How it was measured.
    pub method: [String; 2],
    /// The figures; those of one scenario stand together, and the reference is the first of them.
    pub cells: Vec<Cell>,
}

/// One server under one load.
#[derive(Debug, Serialize)]
pub struct Cell {
    /// The load.
    pub scenario: String,
    /// The server.
    pub server: String,
    /// What each window measured, in the order of time.
    pub windows: Vec<Window>,
}

/// One window.
#[derive(Debug, Serialize)]
pub struct Window {
    /// Messages answered.
    pub messages: u64,
    /// CPU time of the server for each, in microseconds.
    pub cpu_us_per_message: f64,
    /// Messages a second.
    pub messages_per_second: f64,
    /// Latency that half of the messages stayed below, in milliseconds.
    pub p50_ms: f64,
    /// Latency that 99 of 100 messages stayed below, in milliseconds.
    pub p99_ms: f64,
    /// The longest latency, in milliseconds.
    pub max_ms: f64,
    /// Resident memory of the server under load, in KiB.
    pub resident_kib: u64,
    /// The share of its CPU that the generator used, from 0 to 1.
    pub generator_share: f64,
    /// The share of one CPU that everything else on the machine used.
    pub others_share: f64,
}

impl Window {
    /// The figures of an outcome in which the server's process was watched.
    ///
    /// # Errors
    /// It was not, or no message was answered.
    pub fn of(outcome: &Outcome) -> Result<Self> {
        Ok(Self {
            messages: outcome.messages,
            cpu_us_per_message: outcome.server_micros_per_message().context("no CPU time")?,
            messages_per_second: outcome.rate(),
            p50_ms: outcome.latency_ms(0.5),
            p99_ms: outcome.latency_ms(0.99),
            max_ms: outcome.latency.max() as f64 / 1e6,
            resident_kib: outcome.server_resident_kib.context("no resident memory")?,
            generator_share: outcome.generator_share(),
            others_share: outcome.others_share().context("no CPU time")?,
        })
    }

    /// The window in one line.
    pub fn describe(&self) -> String {
        format!(
            "{} µs CPU a message, {}/s, p50 {} ms, p99 {} ms, max {} ms, RSS {} MiB, \
             generator {:.0} %, others {:.0} %",
            figure(self.cpu_us_per_message),
            rate(self.messages_per_second),
            figure(self.p50_ms),
            figure(self.p99_ms),
            figure(self.max_ms),
            figure(self.resident_kib as f64 / 1024.0),
            self.generator_share * 100.0,
            self.others_share * 100.0,
        )
    }
}

impl Cell {
    /// A cell without windows yet.
    pub fn new(scenario: &str, server: &str) -> Self {
        Self { scenario: scenario.to_owned(), server: server.to_owned(), windows: Vec::new() }
    }

    fn median(&self, of: impl Fn(&Window) -> f64) -> f64 {
        median(self.windows.iter().map(of).collect())
    }

    fn best_cpu(&self) -> f64 {
        self.windows.iter().map(|window| window.cpu_us_per_message).fold(f64::INFINITY, f64::min)
    }
}

impl Report {
    /// The reference in the scenario of a cell: the first server, where its name is not ours.
    fn reference(&self, scenario: &str) -> Option<&Cell> {
        let first = self.cells.iter().find(|cell| cell.scenario == scenario)?;
        (!first.server.starts_with("sockhop")).then_some(first)
    }

    fn row(&self, cell: &Cell) -> Vec<String> {
        let ratio = self.reference(&cell.scenario).map_or_else(
            || "-".to_owned(),
            |reference| figure(cell.best_cpu() / reference.best_cpu()),
        );
        let busy = cell.median(|window| window.generator_share) > BUSY_GENERATOR_SHARE;
        let mark = if busy { "*" } else { "" };
        vec![
            cell.scenario.clone(),
            cell.server.clone(),
            figure(cell.best_cpu()),
            figure(cell.median(|window| window.cpu_us_per_message)),
            ratio,
            format!("{}{mark}", rate(cell.median(|window| window.messages_per_second))),
            figure(cell.median(|window| window.p50_ms)),
            figure(cell.median(|window| window.p99_ms)),
            figure(cell.median(|window| window.resident_kib as f64 / 1024.0)),
        ]
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.machine.describe())?;
        writeln!(f, "Versions: {}", self.versions.join("; "))?;
        self.method.iter().try_for_each(|line| writeln!(f, "{line}"))?;
        let windows = self.cells.iter().flat_map(|cell| &cell.windows);
        let others = median(windows.map(|window| window.others_share).collect());
        writeln!(f, "Other processes took {:.0} % of a CPU at the median window.", others * 100.0)?;
        let header = [
            "echo",
            "server",
            "CPU µs/msg",
            "median",
            "ratio",
            "msg/s",
            "p50 ms",
            "p99 ms",
            "RSS MiB",
        ];
        let mut table = Table::new(2, &header);
        self.cells.iter().for_each(|cell| table.row(self.row(cell)));
        writeln!(f, "\n{table}")?;
        writeln!(
            f,
            "`*`: the generator used over {:.0} % of its CPU, so the rate may be the generator's; \
             the CPU figure is the server's all the same.",
            BUSY_GENERATOR_SHARE * 100.0
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(cpu_us_per_message: f64, generator_share: f64) -> Window {
        Window {
            messages: 1000,
            cpu_us_per_message,
            messages_per_second: 50_000.0,
            p50_ms: 0.5,
            p99_ms: 1.25,
            max_ms: 3.0,
            resident_kib: 10_240,
            generator_share,
            others_share: 0.0,
        }
    }

    fn report(cells: Vec<Cell>) -> Report {
        let machine = Machine {
            cpu: "a CPU".to_owned(),
            cpus: 2,
            kernel: "6.1".to_owned(),
            load: 0.0,
            date: "2026-01-01".to_owned(),
        };
        Report { machine, versions: Vec::new(), method: ["a".into(), "b".into()], cells }
    }

    fn cell(server: &str, windows: Vec<Window>) -> Cell {
        Cell { windows, ..Cell::new("small", server) }
    }

    #[test]
    fn ratios_are_of_the_best_windows() {
        let plain = cell("plain", vec![window(12.0, 0.5), window(8.0, 0.5), window(10.0, 0.5)]);
        let ours = cell("sockhop session", vec![window(20.0, 0.5), window(12.0, 0.95)]);
        let text = report(vec![plain, ours]).to_string();
        let rows: Vec<Vec<&str>> = text
            .lines()
            .filter(|line| line.starts_with("| small"))
            .map(|line| line.split('|').map(str::trim).collect())
            .collect();
        assert_eq!(rows[0][3..7], ["8.00", "10.0", "1.00", "50.0k"]);
        assert_eq!(rows[1][3..7], ["12.0", "12.0", "1.50", "50.0k"]);
    }

    #[test]
    fn without_a_reference_there_is_no_ratio() {
        let ours = cell("sockhop session", vec![window(20.0, 0.95)]);
        let text = report(vec![ours]).to_string();
        let row = text.lines().find(|line| line.starts_with("| small")).expect("a row");
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        assert_eq!(cells[5..7], ["-", "50.0k*"]);
    }
}
