//! What a comparison found, as a Markdown table and as JSON.

use std::fmt;

use anyhow::{Context, Result};
use serde::Serialize;

use crate::bar::{self, Verdict};
use crate::idle::Idle;
use crate::load::Outcome;
use crate::machine::Machine;
use crate::ratio::Ratio;
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
    /// Which of the servers are not ours.
    pub rivals: Vec<String>,
    /// The figures; those of one scenario stand together.
    pub cells: Vec<Cell>,
    /// The memory of idle connections.
    pub idle: Vec<Idle>,
    /// The native server's figures beside the best of the rivals.
    pub bar: Vec<Verdict>,
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

/// One window. What is counted is messages of an echo, deliveries of a fan-out, or connections that
/// come and go.
#[derive(Debug, Serialize)]
pub struct Window {
    /// How many.
    pub count: u64,
    /// CPU time of the server for each, in microseconds.
    pub cpu_us: f64,
    /// How many a second.
    pub per_second: f64,
    /// Latency that half of them stayed below, in milliseconds; of a fan-out, that of the
    /// publishers' own copies; of a connection, its whole life.
    pub p50_ms: f64,
    /// Latency that 99 of 100 stayed below, in milliseconds.
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
    /// It was not, or nothing was counted.
    pub fn of(outcome: &Outcome) -> Result<Self> {
        Ok(Self {
            count: outcome.messages,
            cpu_us: outcome.server_micros_per_message().context("no CPU time")?,
            per_second: outcome.rate(),
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
            "{} µs CPU each, {}/s, p50 {} ms, p99 {} ms, max {} ms, RSS {} MiB, \
             generator {:.0} %, others {:.0} %",
            figure(self.cpu_us),
            rate(self.per_second),
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

    /// The median of a figure of its windows.
    pub(crate) fn median(&self, of: impl Fn(&Window) -> f64) -> f64 {
        median(self.windows.iter().map(of).collect())
    }

    /// The CPU time of the median window, in microseconds.
    pub fn median_cpu(&self) -> f64 {
        self.median(|window| window.cpu_us)
    }

    /// The least CPU time of a window, in microseconds.
    pub fn best_cpu(&self) -> f64 {
        self.windows.iter().map(|window| window.cpu_us).fold(f64::INFINITY, f64::min)
    }
}

impl Report {
    fn loads(&self) -> Table {
        let header = [
            "load", "server", "CPU µs", "median", "ratio", "a second", "p50 ms", "p99 ms",
            "RSS MiB",
        ];
        let mut table = Table::new(2, &header);
        self.cells.iter().for_each(|cell| table.row(self.row(cell)));
        table
    }

    fn memory(&self) -> Table {
        let header = ["idle", "KiB a connection", "connections", "RSS MiB before"];
        let mut table = Table::new(1, &header);
        for idle in &self.idle {
            table.row(vec![
                idle.server.clone(),
                figure(idle.kib_per_connection()),
                idle.connections.to_string(),
                figure(idle.before_kib as f64 / 1024.0),
            ]);
        }
        table
    }

    fn row(&self, cell: &Cell) -> Vec<String> {
        let ratio = bar::best_rival(&self.cells, &cell.scenario, &self.rivals)
            .map_or_else(|| "-".to_owned(), |rival| figure(Ratio::of(cell, rival).median));
        let busy = cell.median(|window| window.generator_share) > BUSY_GENERATOR_SHARE;
        let mark = if busy { "*" } else { "" };
        vec![
            cell.scenario.clone(),
            cell.server.clone(),
            figure(cell.best_cpu()),
            figure(cell.median_cpu()),
            ratio,
            format!("{}{mark}", rate(cell.median(|window| window.per_second))),
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
        if !self.cells.is_empty() {
            writeln!(f, "\n{}", self.loads())?;
            writeln!(
                f,
                "`*`: the generator used over {:.0} % of its CPU, so the rate may be the \
                 generator's; the CPU figure is the server's all the same.",
                BUSY_GENERATOR_SHARE * 100.0
            )?;
        }
        if !self.idle.is_empty() {
            write!(f, "\n{}", self.memory())?;
        }
        if !self.bar.is_empty() {
            write!(f, "\n{}", bar::table(&self.bar))?;
        }
        Ok(())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    fn window(cpu_us: f64, generator_share: f64) -> Window {
        Window {
            count: 1000,
            cpu_us,
            per_second: 50_000.0,
            p50_ms: 0.5,
            p99_ms: 1.25,
            max_ms: 3.0,
            resident_kib: 10_240,
            generator_share,
            others_share: 0.0,
        }
    }

    /// A server's figures under the load `small`.
    pub(crate) fn cell(server: &str, cpu_us: &[f64]) -> Cell {
        let windows = cpu_us.iter().map(|&cpu_us| window(cpu_us, 0.5)).collect();
        Cell { windows, ..Cell::new("small", server) }
    }

    fn report(rivals: &[&str], cells: Vec<Cell>) -> Report {
        let machine = Machine {
            cpu: "a CPU".to_owned(),
            cpus: 2,
            kernel: "6.1".to_owned(),
            load: 0.0,
            date: "2026-01-01".to_owned(),
        };
        let rivals = rivals.iter().map(|&rival| rival.to_owned()).collect();
        let method = ["a".into(), "b".into()];
        let (versions, idle, bar) = (Vec::new(), Vec::new(), Vec::new());
        Report { machine, versions, method, rivals, cells, idle, bar }
    }

    fn rows(text: &str) -> Vec<Vec<&str>> {
        let rows = text.lines().filter(|line| line.starts_with("| small"));
        rows.map(|line| line.split('|').map(str::trim).collect()).collect()
    }

    #[test]
    fn ratios_are_of_windows_of_the_same_turn_to_the_best_rivals() {
        let slow = cell("slow", &[16.0, 18.0, 20.0]);
        let fast = cell("fast", &[12.0, 8.0, 10.0]);
        let ours = cell("sockhop session", &[18.0, 16.0, 12.0]);
        let text = report(&["slow", "fast"], vec![slow, fast, ours]).to_string();
        let rows = rows(&text);
        assert_eq!(rows[0][3..7], ["16.0", "18.0", "2.00", "50.0k"]);
        assert_eq!(rows[1][3..7], ["8.00", "10.0", "1.00", "50.0k"]);
        assert_eq!(rows[2][3..7], ["12.0", "16.0", "1.50", "50.0k"]);
    }

    #[test]
    fn without_a_rival_there_is_no_ratio_and_a_busy_generator_is_marked() {
        let mut ours = cell("sockhop session", &[]);
        ours.windows.push(window(20.0, 0.95));
        let text = report(&[], vec![ours]).to_string();
        assert_eq!(rows(&text)[0][5..7], ["-", "50.0k*"]);
    }

    #[test]
    fn idle_memory_has_a_table_of_its_own() {
        let mut report = report(&[], Vec::new());
        let (before_kib, after_kib) = (2048, 12_048);
        report.idle = vec![Idle { server: "bun".into(), connections: 4000, before_kib, after_kib }];
        let text = report.to_string();
        let row = text.lines().find(|line| line.starts_with("| bun")).expect("a row");
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        assert_eq!(cells[1..5], ["bun", "2.50", "4000", "2.00"]);
    }
}
