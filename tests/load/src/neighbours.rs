//! An echo alone, and then beside a guest that misbehaves, in one host.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::fleet::Fleet;
use crate::frame::Kind;
use crate::hostile::{Mob, Provocation, Tally};
use crate::load::{Pace, Timing, Traffic};
use crate::machine::Machine;
use crate::pin::Pins;
use crate::process;
use crate::rivals::{self, Instancing};
use crate::server::Server;
use crate::verdict::{Report, Row};

/// The load of the healthy echo. It is a small part of what the host can do, so that a long wait
/// is its neighbour's doing.
const HEALTHY: Traffic =
    Traffic { kind: Kind::Text, payload_bytes: 128, connections: 50, window: 1 };

/// How long the hostile clients may take until the first of them has sent something, in seconds.
const PROVOKED_LIMIT_SECONDS: u64 = 20;

/// For how long the host has to do next to nothing until the echo is alone again, in milliseconds.
const QUIET_MILLISECONDS: u64 = 200;

/// What is next to nothing: the least that the kernel counts.
const QUIET_CPU_TIME: Duration = Duration::from_millis(10);

/// How long the host may be at work for hostile clients that have left, in seconds.
const QUIET_LIMIT_SECONDS: u64 = 30;

/// A guest that misbehaves, and the client that makes it.
#[derive(Clone, Copy, Debug)]
pub struct Specimen {
    /// What the table calls the pair.
    pub name: &'static str,
    /// The component is `STEM.wasm`; its path in the host is `/STEM` with `-` for `_`.
    pub stem: &'static str,
    /// The text on which it misbehaves.
    pub text: &'static str,
    /// What its client does.
    pub client: Provocation,
}

impl Specimen {
    /// Its component in the zoo's folder.
    pub fn component(&self, zoo: &Path) -> PathBuf {
        zoo.join(format!("{}.wasm", self.stem))
    }

    fn path(&self) -> String {
        format!("/{}", self.stem.replace('_', "-"))
    }
}

const fn specimen(
    name: &'static str,
    stem: &'static str,
    text: &'static str,
    client: Provocation,
) -> Specimen {
    Specimen { name, stem, text, client }
}

/// The zoo.
pub const ZOO: [Specimen; 16] = [
    specimen("fails in open", "fails_in_open", "hello", Provocation::Insist),
    specimen("traps in open", "traps_in_open", "hello", Provocation::Insist),
    specimen("errs in message", "errs_in_message", "err", Provocation::Insist),
    specimen("traps in message", "traps_in_message", "trap", Provocation::Insist),
    specimen("traps in error", "traps_in_error", "err", Provocation::Insist),
    specimen("errs in close", "errs_in_close", "hello", Provocation::Leave),
    specimen("traps in close", "traps_in_close", "hello", Provocation::Leave),
    specimen("loops forever", "loops_forever", "loop", Provocation::Insist),
    specimen("asks forever", "asks_forever", "ask", Provocation::Insist),
    specimen("sleeps", "sleeps", "sleep", Provocation::Insist),
    specimen("allocates forever", "allocates_forever", "eat", Provocation::Insist),
    specimen("fills the queue", "floods", "flood", Provocation::Insist),
    specimen("fills it, nobody reads", "floods", "flood", Provocation::Ignore),
    specimen("floods forever", "floods", "flood-forever", Provocation::Insist),
    specimen("closes in open", "closes_in_open", "hello", Provocation::Insist),
    specimen("sends after close", "sends_after_close", "close", Provocation::Insist),
];

/// What to measure, and for how long.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The host's program.
    pub sockhop: PathBuf,
    /// The healthy component; its path in the host is `/echo`.
    pub echo: PathBuf,
    /// The folder with the zoo's components.
    pub zoo: PathBuf,
    /// The guests to measure it beside; all of [`ZOO`] where none is named.
    pub guests: Vec<&'static Specimen>,
    /// How long a window is, of the echo alone or beside the guest.
    pub timing: Timing,
    /// Windows of each of the two, in turn.
    pub windows: usize,
    /// Messages a second that are due on the healthy echo.
    pub rate: u32,
    /// Hostile clients.
    pub hostile: usize,
    /// The CPUs.
    pub pins: Pins,
}

/// Starts a host for each specimen and measures the echo in it.
///
/// The calling thread has to be on the generator's CPU. `progress` is told each row's result.
///
/// # Errors
/// The host does not start, ends early or does not stop as it should, or the hostile clients could
/// not do anything. A lost message is no error here: it is in the report.
pub fn run(
    settings: &Settings,
    machine: Machine,
    scratch: &Path,
    progress: &mut dyn FnMut(&str),
) -> Result<Report> {
    let version = rivals::version(&settings.sockhop)?;
    let mut rows = Vec::new();
    let all =
        if settings.guests.is_empty() { ZOO.iter().collect() } else { settings.guests.clone() };
    for specimen in all {
        let row = measure(settings, specimen, scratch).with_context(|| specimen.name)?;
        progress(&row.describe());
        rows.push(row);
    }
    Ok(Report { machine, version, method: method(settings), rows })
}

fn measure(settings: &Settings, specimen: &Specimen, scratch: &Path) -> Result<Row> {
    let components = [settings.echo.clone(), specimen.component(&settings.zoo)];
    let launch = rivals::sockhop(&settings.sockhop, &components, Instancing::Session, scratch)?;
    let server = Server::start(&launch, "/echo", settings.pins, scratch)?;
    let pace = Pace::Open { per_second: settings.rate };
    let pid = Some(server.pid());
    let mut fleet = Fleet::connect(server.target(), &HEALTHY)?;
    let hostile = server.target_at(&specimen.path());
    let (mut alone, mut beside, mut tally) = (Vec::new(), Vec::new(), Tally::default());
    // In turn, so that a change of the machine's speed meets both.
    for _ in 0..settings.windows {
        let outcome = fleet.run(pace, settings.timing, pid)?;
        ensure!(outcome.messages > 0, "no message was answered while the echo was alone");
        alone.push(outcome);
        let mob = Mob::start(&hostile, specimen.client, specimen.text, settings.hostile);
        mob.wait_for_first(Duration::from_secs(PROVOKED_LIMIT_SECONDS))?;
        let mut outcome = fleet.run(pace, settings.timing, pid)?;
        tally.add(mob.stop()?);
        if !becomes_quiet(server.pid())? {
            outcome.failures.push(format!(
                "the host was still at work {QUIET_LIMIT_SECONDS} s after its hostile clients left"
            ));
        }
        beside.push(outcome);
    }
    fleet.close()?;
    server.stop()?;
    Row::of(specimen.name, &alone, &beside, tally)
}

/// Waits until the host does next to nothing: a guest computes on for a while after its peer has
/// left, and then the echo would not be alone.
fn becomes_quiet(host: u32) -> Result<bool> {
    let mut before = process::cpu_time(host)?;
    for _ in 0..QUIET_LIMIT_SECONDS * 1000 / QUIET_MILLISECONDS {
        thread::sleep(Duration::from_millis(QUIET_MILLISECONDS));
        let now = process::cpu_time(host)?;
        if now.saturating_sub(before) <= QUIET_CPU_TIME {
            return Ok(true);
        }
        before = now;
    }
    Ok(false)
}

fn method(settings: &Settings) -> String {
    format!(
        "Echo of {} B on {} connections, {} messages/s due at fixed times, in turn alone and \
         beside {} clients of the guest, {} windows of {:?} each after {:?} of warm-up; latency \
         from when a message was due, of the median window; factor of the p99 of each turn, with \
         what it is in 95 of 100 runs (sign test); {}.",
        HEALTHY.payload_bytes,
        HEALTHY.connections,
        settings.rate,
        settings.hostile,
        settings.windows,
        settings.timing.measured,
        settings.timing.warm_up,
        settings.pins.describe()
    )
}
