//! What an optional export costs: echoes that export one each, beside one that exports none, in
//! one host and in turn.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Serialize;

use crate::bench::{self, SCENARIOS, Scenario};
use crate::load::Timing;
use crate::machine::Machine;
use crate::pin::Pins;
use crate::ratio::Ratio;
use crate::report::Cell;
use crate::rivals::{self, Instancing};
use crate::server::Server;
use crate::table::{Table, figure};

/// What the echoes of the zoo export beyond what every guest does, each in `exports_NAME`. The
/// first is what the others are compared with.
pub const EXPORTS: [&str; 8] =
    ["nothing", "configurator", "parts", "pongs", "batches", "completions", "keys", "timers"];

/// The loads: the two in which a call into a guest weighs most, and one in which an instance does.
const LOADS: [&Scenario; 3] = [&SCENARIOS[0], &SCENARIOS[1], &SCENARIOS[4]];

/// What to measure, and how thoroughly.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The host's program.
    pub sockhop: PathBuf,
    /// The folder with the zoo's components.
    pub zoo: PathBuf,
    /// The length of a window.
    pub timing: Timing,
    /// Windows of each echo under each load.
    pub windows: usize,
    /// The CPUs.
    pub pins: Pins,
}

/// The findings of one run.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Where and when.
    pub machine: Machine,
    /// The host's version.
    pub version: String,
    /// How it was measured.
    pub method: String,
    /// The figures; those of one load stand together, and `server` is the export.
    pub cells: Vec<Cell>,
}

/// Starts one host with all the echoes, and puts each under each load in turn.
///
/// The calling thread has to be on the generator's CPU. `progress` is told each window's result.
///
/// # Errors
/// The host does not start or stop as it should, or a message is lost.
pub fn run(
    settings: &Settings,
    machine: Machine,
    scratch: &Path,
    progress: &mut dyn FnMut(&str),
) -> Result<Report> {
    let Settings { sockhop, zoo, timing, windows, pins } = settings;
    let components = EXPORTS.map(|export| zoo.join(format!("exports_{export}.wasm")));
    let launch = rivals::sockhop(sockhop, &components, Instancing::Session, scratch)?;
    let version = rivals::version_of(&launch)?;
    let server = Server::start(&launch, "/", *pins, scratch)?;
    let mut cells = Vec::new();
    for Scenario { name, load } in LOADS {
        let first = cells.len();
        cells.extend(EXPORTS.map(|export| Cell::new(name, export)));
        for _ in 0..*windows {
            // In turn, so that a change of the machine's speed meets all of them.
            for cell in &mut cells[first..] {
                let path = format!("/exports-{}", cell.server);
                let window = bench::measure(&server, &path, load, *timing)
                    .with_context(|| format!("{}, {name}", cell.server))?;
                progress(&format!("{name}, {}: {}", cell.server, window.describe()));
                cell.windows.push(window);
            }
        }
    }
    server.stop()?;
    let method = format!(
        "Closed loops, {windows} windows of {:?} after {:?} of warm-up, echoes in turn; {}. CPU is \
         user and system time of the host for each message or connection, best window and median; \
         ratio is the median of what each window takes beside that of the echo that exports \
         nothing, of the same turn.",
        timing.measured,
        timing.warm_up,
        pins.describe()
    );
    Ok(Report { machine, version, method, cells })
}

impl Report {
    /// What a cell takes beside the echo that exports nothing.
    fn ratio(&self, cell: &Cell) -> Option<Ratio> {
        let same = |other: &&Cell| other.scenario == cell.scenario && other.server == EXPORTS[0];
        self.cells.iter().find(same).map(|plain| Ratio::of(cell, plain))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.machine.describe())?;
        writeln!(f, "Versions: {}\n{}\n", self.version, self.method)?;
        let header = ["load", "exports", "CPU µs", "median", "ratio", "at least", "at most"];
        let mut table = Table::new(2, &header);
        for cell in &self.cells {
            let mut row = vec![
                cell.scenario.clone(),
                cell.server.clone(),
                figure(cell.best_cpu()),
                figure(cell.median_cpu()),
            ];
            if let Some(Ratio { median, low, high }) = self.ratio(cell) {
                row.extend([median, low, high].map(figure));
            }
            table.row(row);
        }
        write!(f, "{table}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::cell;

    #[test]
    fn each_is_compared_with_the_echo_that_exports_nothing() {
        let cells = vec![cell("nothing", &[4.0, 5.0, 8.0]), cell("pongs", &[5.0, 5.0, 12.0])];
        let machine = Machine {
            cpu: "a CPU".to_owned(),
            cpus: 2,
            kernel: "6.1".to_owned(),
            load: 0.0,
            date: "2026-01-01".to_owned(),
        };
        let (version, method) = ("sockhop".into(), "How".into());
        let text = Report { machine, version, method, cells }.to_string();
        let rows = text.lines().filter(|line| line.starts_with("| small"));
        let rows: Vec<Vec<&str>> =
            rows.map(|line| line.split('|').map(str::trim).collect()).collect();
        assert_eq!(rows[0][2..8], ["nothing", "4.00", "5.00", "1.00", "1.00", "1.00"]);
        assert_eq!(rows[1][2..8], ["pongs", "5.00", "5.00", "1.25", "1.00", "1.50"]);
    }
}
