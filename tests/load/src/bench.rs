//! Compares the host, and its connections without a guest, with plain servers: the same loads, in
//! turn, in one run.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use crate::churn::{self, Coming};
use crate::fan_out::{Crowd, Gathering};
use crate::fleet::Fleet;
use crate::frame::Kind;
use crate::idle::{self, Idle};
use crate::load::{Outcome, Pace, Timing, Traffic};
use crate::machine::Machine;
use crate::pin::Pins;
use crate::report::{Cell, Report, Window};
use crate::rivals::{self, Instancing, Rivals};
use crate::serve::{BROADCAST_PATH, ECHO_PATH};
use crate::server::{Launch, Server};
use crate::{bar, table};

/// A load that every server gets.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// What the table calls it; ends with what is counted where that is no message.
    pub name: &'static str,
    /// The load.
    pub load: Load,
}

/// The kinds of load.
#[derive(Clone, Copy, Debug)]
pub enum Load {
    /// A closed loop of messages that come back; a message is counted.
    Echo(Traffic),
    /// A few publish, all receive; a delivery is counted.
    FanOut(Gathering),
    /// Connections come and go, each with one message; a connection is counted.
    Churn(Coming),
}

impl Load {
    /// Where the servers of the comparison take it.
    fn path(&self) -> &'static str {
        match self {
            Self::Echo(_) | Self::Churn(_) => ECHO_PATH,
            Self::FanOut(_) => BROADCAST_PATH,
        }
    }
}

/// The loads: small messages one at a time, where system calls decide, and many in flight, where
/// batching does; large ones, where copies do; one for many; and the life of a connection.
pub const SCENARIOS: [Scenario; 5] = [
    Scenario { name: "echo 128 B x50, 1 in flight", load: small(1) },
    Scenario { name: "echo 128 B x50, 16 in flight", load: small(16) },
    Scenario {
        name: "echo 16 KiB x20, 1 in flight",
        load: Load::Echo(Traffic {
            kind: Kind::Binary,
            payload_bytes: 16 << 10,
            connections: 20,
            window: 1,
        }),
    },
    Scenario {
        name: "fan-out 64 B to 200, a delivery",
        load: Load::FanOut(Gathering { publishers: 4, subscribers: 200, payload_bytes: 64 }),
    },
    Scenario {
        name: "connect, echo, close, a connection",
        load: Load::Churn(Coming { at_once: 16, payload_bytes: 128 }),
    },
];

/// What the memory of idle connections is called where loads are chosen by name.
pub const IDLE: &str = "idle";

const fn small(window: usize) -> Load {
    Load::Echo(Traffic { kind: Kind::Text, payload_bytes: 128, connections: 50, window })
}

/// What to compare, and how thoroughly.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The host's program.
    pub sockhop: PathBuf,
    /// The echo component; its path in the host is `/echo`.
    pub echo: PathBuf,
    /// The component that sends each message to everybody; its path in the host is `/broadcast`.
    pub broadcast: PathBuf,
    /// The host's connections without a guest; without it nothing is held against the bar.
    pub native: Option<PathBuf>,
    /// What they are compared with; without any there are no ratios.
    pub rivals: Rivals,
    /// The length of a window. Its warm-up is also how long idle connections are left alone.
    pub timing: Timing,
    /// Windows of each server in each scenario.
    pub windows: usize,
    /// Idle connections of which the memory is measured.
    pub idle_connections: usize,
    /// Words of which the name of a load has to hold one; without any, all loads are measured.
    pub loads: Vec<String>,
    /// The same for the names of servers.
    pub servers: Vec<String>,
    /// The CPUs.
    pub pins: Pins,
}

/// Starts every server, gives each every load in turn, stops them, measures the memory of idle
/// connections on servers started anew, and reports.
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
    let rivals = settings.rivals.launches(scratch)?;
    let names: Vec<_> = rivals.iter().map(|launch| launch.name.clone()).collect();
    let launches = launches(settings, rivals, scratch)?;
    let versions = versions(&launches)?;
    let cells = loads(settings, &launches, scratch, progress)?;
    let mut idle = Vec::new();
    if chosen(IDLE, &settings.loads) {
        for launch in &launches {
            idle.push(memory(settings, launch, scratch, progress)?);
        }
    }
    ensure!(!(cells.is_empty() && idle.is_empty()), "no load has such a name");
    let bar = bar::verdicts(&cells, &idle, &names);
    let method = method(settings);
    Ok(Report { machine, versions, method, rivals: names, cells, idle, bar })
}

/// The servers that are asked for: the rivals, the native one, and the host in both modes.
fn launches(settings: &Settings, rivals: Vec<Launch>, scratch: &Path) -> Result<Vec<Launch>> {
    let components = [settings.echo.clone(), settings.broadcast.clone()];
    let mut launches = rivals;
    launches.extend(settings.native.as_deref().map(rivals::native));
    for instancing in [Instancing::Session, Instancing::Shared] {
        launches.push(rivals::sockhop(&settings.sockhop, &components, instancing, scratch)?);
    }
    launches.retain(|launch| chosen(&launch.name, &settings.servers));
    ensure!(!launches.is_empty(), "no server has such a name");
    Ok(launches)
}

fn chosen(name: &str, words: &[String]) -> bool {
    words.is_empty() || words.iter().any(|word| name.contains(word.as_str()))
}

/// Each program once, whichever way it is started.
fn versions(launches: &[Launch]) -> Result<Vec<String>> {
    let mut versions = Vec::new();
    for (index, launch) in launches.iter().enumerate() {
        if launches[..index].iter().all(|other| other.program != launch.program) {
            versions.push(rivals::version_of(launch)?);
        }
    }
    Ok(versions)
}

fn loads(
    settings: &Settings,
    launches: &[Launch],
    scratch: &Path,
    progress: &mut dyn FnMut(&str),
) -> Result<Vec<Cell>> {
    let scenarios = SCENARIOS.iter().filter(|scenario| chosen(scenario.name, &settings.loads));
    let scenarios: Vec<_> = scenarios.collect();
    if scenarios.is_empty() {
        return Ok(Vec::new());
    }
    let start = |launch| Server::start(launch, ECHO_PATH, settings.pins, scratch);
    let servers: Vec<Server> = launches.iter().map(start).collect::<Result<_>>()?;
    let mut cells = Vec::new();
    for scenario in scenarios {
        let first = cells.len();
        cells.extend(launches.iter().map(|launch| Cell::new(scenario.name, &launch.name)));
        for _ in 0..settings.windows {
            // In turn, so that a change of the machine's speed meets all of them.
            for (server, cell) in servers.iter().zip(&mut cells[first..]) {
                let path = scenario.load.path();
                let window = measure(server, path, &scenario.load, settings.timing)
                    .with_context(|| format!("{}, {}", cell.server, scenario.name))?;
                progress(&format!("{}, {}: {}", scenario.name, cell.server, window.describe()));
                cell.windows.push(window);
            }
        }
    }
    servers.into_iter().try_for_each(Server::stop)?;
    Ok(cells)
}

/// One window at a path: connections of its own, load, the closing handshakes, a check of every
/// byte.
pub(crate) fn measure(server: &Server, path: &str, load: &Load, timing: Timing) -> Result<Window> {
    let (pid, target) = (Some(server.pid()), server.target_at(path));
    let outcome = match load {
        Load::Echo(traffic) => {
            let mut fleet = Fleet::connect(&target, traffic)?;
            let outcome = fleet.run(Pace::Closed, timing, pid)?;
            check(&outcome)?;
            fleet.close()?;
            outcome
        }
        Load::FanOut(gathering) => {
            let mut crowd = Crowd::gather(&target, gathering)?;
            let outcome = crowd.run(timing, pid)?;
            check(&outcome)?;
            crowd.close()?;
            outcome
        }
        Load::Churn(coming) => {
            let outcome = churn::run(&target, coming, timing, pid)?;
            check(&outcome)?;
            outcome
        }
    };
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

/// A server of its own, so that no memory is left over from load.
fn memory(
    settings: &Settings,
    launch: &Launch,
    scratch: &Path,
    progress: &mut dyn FnMut(&str),
) -> Result<Idle> {
    let server = Server::start(launch, ECHO_PATH, settings.pins, scratch)?;
    let idle = idle::measure(&launch.name, &server, settings.idle_connections, settings.timing)
        .with_context(|| format!("{}, {IDLE}", launch.name))?;
    server.stop()?;
    let each = table::figure(idle.kib_per_connection());
    progress(&format!("{IDLE}, {}: {each} KiB a connection", launch.name));
    Ok(idle)
}

fn method(settings: &Settings) -> [String; 2] {
    let Settings { windows, timing, pins, .. } = settings;
    [
        format!(
            "Closed loops, {windows} windows of {:?} after {:?} of warm-up, servers in turn; {}.",
            timing.measured,
            timing.warm_up,
            pins.describe()
        ),
        "CPU is user and system time of the server's process for each message, delivery or \
         connection, best window and median; the rest are medians; ratio is the median of what \
         each window takes beside the best rival's of the same turn. Idle is the growth of \
         resident memory, without the kernel's part."
            .to_owned(),
    ]
}
