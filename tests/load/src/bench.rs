//! Compares the host with a plain server: the same loads, in turn, in one run.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use crate::fleet::Fleet;
use crate::frame::Kind;
use crate::load::{Outcome, Pace, Timing, Traffic};
use crate::machine::Machine;
use crate::pin::Pins;
use crate::report::{Cell, Report, Window};
use crate::rivals::{self, Instancing};
use crate::server::Server;

/// A load that every server gets.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// What the table calls it.
    pub name: &'static str,
    /// The load.
    pub traffic: Traffic,
}

/// The loads: small and large messages; one at a time, where system calls decide, and many in
/// flight, where batching does.
pub const SCENARIOS: [Scenario; 4] = [
    Scenario { name: "128 B x50, 1 in flight", traffic: small(1) },
    Scenario { name: "128 B x50, 16 in flight", traffic: small(16) },
    Scenario { name: "16 KiB x20, 1 in flight", traffic: large(1) },
    Scenario { name: "16 KiB x20, 16 in flight", traffic: large(16) },
];

const fn small(window: usize) -> Traffic {
    Traffic { kind: Kind::Text, payload_bytes: 128, connections: 50, window }
}

const fn large(window: usize) -> Traffic {
    Traffic { kind: Kind::Binary, payload_bytes: 16 << 10, connections: 20, window }
}

/// What to compare, and how thoroughly.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The host's program.
    pub sockhop: PathBuf,
    /// The echo component; its path in the host is `/echo`.
    pub echo: PathBuf,
    /// The reference server's program; without it there are no ratios.
    pub reference: Option<PathBuf>,
    /// The length of a window.
    pub timing: Timing,
    /// Windows of each server in each scenario.
    pub windows: usize,
    /// The CPUs.
    pub pins: Pins,
}

/// Starts every server, gives each every load in turn, stops them, and reports.
///
/// The calling thread has to be on the generator's CPU. `progress` is told each window's result.
///
/// # Errors
/// A server does not start or stop as it should, a message is lost, or a byte too many comes.
pub fn run(
    settings: &Settings,
    machine: Machine,
    scratch: &Path,
    progress: &mut dyn FnMut(&str),
) -> Result<Report> {
    let versions = versions(settings)?;
    let servers = start(settings, scratch)?;
    let mut cells = Vec::new();
    for scenario in &SCENARIOS {
        let first = cells.len();
        cells.extend(servers.iter().map(|(name, _)| Cell::new(scenario.name, name)));
        for _ in 0..settings.windows {
            // In turn, so that a change of the machine's speed meets all of them.
            for ((name, server), cell) in servers.iter().zip(&mut cells[first..]) {
                let window = measure(server, scenario, settings.timing)
                    .with_context(|| format!("{name}, {}", scenario.name))?;
                progress(&format!("{}, {name}: {}", scenario.name, window.describe()));
                cell.windows.push(window);
            }
        }
    }
    for (_, server) in servers {
        server.stop()?;
    }
    Ok(Report { machine, versions, method: method(settings), cells })
}

fn start(settings: &Settings, scratch: &Path) -> Result<Vec<(String, Server)>> {
    let components = [settings.echo.clone()];
    let sockhop = |instancing| rivals::sockhop(&settings.sockhop, &components, instancing, scratch);
    let mut launches = vec![sockhop(Instancing::Session)?, sockhop(Instancing::Shared)?];
    if let Some(program) = &settings.reference {
        launches.insert(0, rivals::reference(program));
    }
    let start = |launch: &crate::server::Launch| {
        let server = Server::start(launch, "/echo", settings.pins, scratch)?;
        Ok((launch.name.clone(), server))
    };
    launches.iter().map(start).collect()
}

fn versions(settings: &Settings) -> Result<Vec<String>> {
    let mut programs = vec![&settings.sockhop];
    programs.extend(&settings.reference);
    programs.into_iter().map(|program| rivals::version(program)).collect()
}

/// One window: connections of its own, load, the closing handshakes, a check of every byte.
fn measure(server: &Server, scenario: &Scenario, timing: Timing) -> Result<Window> {
    let mut fleet = Fleet::connect(server.target(), &scenario.traffic)?;
    let outcome = fleet.run(Pace::Closed, timing, Some(server.pid()))?;
    check(&outcome)?;
    fleet.close()?;
    Window::of(&outcome)
}

fn check(outcome: &Outcome) -> Result<()> {
    if let Some(failure) = outcome.failures.first() {
        let others = outcome.failures.len() - 1;
        bail!("{} messages lost: {failure} (and {others} connections more)", outcome.lost);
    }
    ensure!(outcome.messages > 0, "no message was answered in the measured time");
    Ok(())
}

fn method(settings: &Settings) -> [String; 2] {
    let Settings { windows, timing, pins, .. } = settings;
    [
        format!(
            "Closed loop, {windows} windows of {:?} after {:?} of warm-up, servers in turn; {}.",
            timing.measured,
            timing.warm_up,
            pins.describe()
        ),
        "CPU is user and system time of the server's process a message, best window and median; \
         the rest are medians; ratio is of the best CPU to the reference's."
            .to_owned(),
    ]
}
