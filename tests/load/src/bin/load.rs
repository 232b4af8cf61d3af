//! The command line of the load room: `load bench`, `load neighbours`, `load exports`, `load run`.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::{Args, Parser, Subcommand};
use serde::Serialize;
use sockhop_load::fleet::Fleet;
use sockhop_load::frame::Kind;
use sockhop_load::limits::make_room;
use sockhop_load::load::{Pace, Target, Timing, Traffic};
use sockhop_load::machine::Machine;
use sockhop_load::neighbours::{Specimen, ZOO};
use sockhop_load::pin::Pins;
use sockhop_load::report::Report;
use sockhop_load::rivals::Rivals;
use sockhop_load::server::Scratch;
use sockhop_load::table::{figure, rate};
use sockhop_load::verdict::Report as Verdict;
use sockhop_load::{bench, exports, neighbours};

/// Load for WebSocket echoes, and the benchmarks that are made of it.
#[derive(Debug, Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Compare the host with plain servers.
    Bench(BenchArgs),
    /// Measure an echo beside guests that misbehave.
    Neighbours(NeighbourArgs),
    /// Measure echoes that export one optional thing each beside one that exports none.
    Exports(ExportsArgs),
    /// Put any echo under load.
    Run(RunArgs),
}

#[derive(Args, Debug)]
struct Common {
    /// Seconds that a measurement takes.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,
    /// Seconds of load before each measurement.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(0..=3600))]
    warm_up: u64,
    /// Leave the choice of CPUs to the scheduler.
    #[arg(long)]
    no_pin: bool,
}

/// How many windows of each server are measured, where nothing else is asked for.
const WINDOWS: u8 = 5;

/// How many windows of an echo are, alone and beside each guest.
const NEIGHBOUR_WINDOWS: u8 = 9;

/// What every benchmark is told.
#[derive(Args, Debug)]
struct Benchmark {
    /// The `sockhop` program.
    #[arg(long, value_name = "PATH")]
    sockhop: PathBuf,
    /// Windows of each server under each load, 5 where nothing is said, and of an echo alone and
    /// beside each guest, 9 where nothing is said: fewer than 6 give no verdict.
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=100))]
    windows: Option<u8>,
    /// Where sockets, configurations and logs go for the time of the run.
    #[arg(long, default_value = "/tmp", value_name = "DIR")]
    scratch: PathBuf,
    /// Write all figures to this file as JSON too.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
}

#[derive(Args, Debug)]
struct Host {
    /// The echo component, served at `/echo`.
    #[arg(long, value_name = "ECHO.wasm")]
    echo: PathBuf,
    /// Messages a second that are due on the healthy echo beside the zoo.
    #[arg(long, default_value_t = 2000)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    rate: u32,
    /// Beside this guest of the zoo only, by its name in the table; may be given more than once.
    #[arg(long, value_name = "NAME", value_parser = specimen)]
    guest: Vec<&'static Specimen>,
    /// Hostile clients beside it.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=1000))]
    hostile: u16,
    #[command(flatten)]
    benchmark: Benchmark,
}

#[derive(Args, Debug)]
struct BenchArgs {
    /// The component that sends each message to everybody, served at `/broadcast`.
    #[arg(long, value_name = "BROADCAST.wasm")]
    broadcast: PathBuf,
    /// The host's connections without a guest.
    #[arg(long, value_name = "PATH")]
    native: Option<PathBuf>,
    /// The tokio-tungstenite server of this package.
    #[arg(long, value_name = "PATH")]
    reference: Option<PathBuf>,
    /// The fastwebsockets server of this package.
    #[arg(long, value_name = "PATH")]
    fastwebsockets: Option<PathBuf>,
    /// The `bun` program.
    #[arg(long, value_name = "PATH")]
    bun: Option<PathBuf>,
    /// The folder with the zoo's components: measure the neighbours too.
    #[arg(long, value_name = "DIR")]
    zoo: Option<PathBuf>,
    /// Idle connections of which the memory is measured.
    #[arg(long, default_value_t = 4000, value_parser = clap::value_parser!(u16).range(1..=20_000))]
    idle: u16,
    /// Only loads whose name holds this word, such as `16 KiB` or `idle`; may be repeated.
    #[arg(long, value_name = "WORD")]
    load: Vec<String>,
    /// Only servers whose name holds this word; may be repeated.
    #[arg(long, value_name = "WORD")]
    server: Vec<String>,
    #[command(flatten)]
    host: Host,
}

#[derive(Args, Debug)]
struct NeighbourArgs {
    /// The folder with the zoo's components.
    #[arg(long, value_name = "DIR")]
    zoo: PathBuf,
    #[command(flatten)]
    host: Host,
}

#[derive(Args, Debug)]
struct ExportsArgs {
    /// The folder with the zoo's components.
    #[arg(long, value_name = "DIR")]
    zoo: PathBuf,
    #[command(flatten)]
    benchmark: Benchmark,
}

#[derive(Args, Debug)]
struct RunArgs {
    /// The endpoint, as ws://ADDRESS:PORT/PATH.
    url: String,
    /// The type of the messages.
    #[arg(long, default_value_t = Kind::Text)]
    kind: Kind,
    /// The payload of a message.
    #[arg(long, default_value_t = 128, value_parser = clap::value_parser!(u32).range(1..=16 << 20))]
    bytes: u32,
    /// Connections.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=20_000))]
    connections: u16,
    /// Messages in flight on each.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1000))]
    window: u16,
    /// Messages a second at fixed times, instead of as fast as replies come.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    rate: Option<u32>,
    /// The id of the server's process, to measure what it uses.
    #[arg(long)]
    pid: Option<u32>,
    #[command(flatten)]
    common: Common,
}

/// All that `--json` writes; a part that was not asked for is `null`.
#[derive(Default, Serialize)]
struct Findings {
    bench: Option<Report>,
    neighbours: Option<Verdict>,
}

fn main() -> ExitCode {
    let done = match Cli::parse().verb {
        Verb::Bench(args) => compare(&args),
        Verb::Neighbours(args) => beside(&args),
        Verb::Exports(args) => each_export(&args),
        Verb::Run(args) => run(&args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            note(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn compare(args: &BenchArgs) -> Result<()> {
    let host = &args.host;
    make_room(args.idle.into())?;
    let pins = host.benchmark.common.pins()?;
    let scratch = Scratch::new(&host.benchmark.scratch)?;
    let settings = bench::Settings {
        sockhop: host.benchmark.sockhop.clone(),
        echo: host.echo.clone(),
        broadcast: args.broadcast.clone(),
        native: args.native.clone(),
        rivals: Rivals {
            reference: args.reference.clone(),
            fastwebsockets: args.fastwebsockets.clone(),
            bun: args.bun.clone(),
        },
        timing: host.benchmark.common.timing(),
        windows: host.benchmark.windows.unwrap_or(WINDOWS).into(),
        idle_connections: args.idle.into(),
        loads: args.load.clone(),
        servers: args.server.clone(),
        pins,
    };
    let report = bench::run(&settings, Machine::read()?, scratch.path(), &mut note)?;
    say(&report)?;
    let mut findings = Findings { bench: Some(report), neighbours: None };
    if let Some(zoo) = &args.zoo {
        say(&"")?;
        findings.neighbours = Some(measure_zoo(host, zoo, pins, scratch.path())?);
    }
    finish(host, &findings)
}

fn beside(args: &NeighbourArgs) -> Result<()> {
    let host = &args.host;
    let scratch = Scratch::new(&host.benchmark.scratch)?;
    let report = measure_zoo(host, &args.zoo, host.benchmark.common.pins()?, scratch.path())?;
    finish(host, &Findings { bench: None, neighbours: Some(report) })
}

fn each_export(args: &ExportsArgs) -> Result<()> {
    let scratch = Scratch::new(&args.benchmark.scratch)?;
    let settings = exports::Settings {
        sockhop: args.benchmark.sockhop.clone(),
        zoo: args.zoo.clone(),
        timing: args.benchmark.common.timing(),
        windows: args.benchmark.windows.unwrap_or(WINDOWS).into(),
        pins: args.benchmark.common.pins()?,
    };
    let report = exports::run(&settings, Machine::read()?, scratch.path(), &mut note)?;
    say(&report)?;
    args.benchmark.json.as_deref().map_or(Ok(()), |file| write_json(file, &report))
}

fn measure_zoo(host: &Host, zoo: &Path, pins: Pins, scratch: &Path) -> Result<Verdict> {
    let settings = neighbours::Settings {
        sockhop: host.benchmark.sockhop.clone(),
        echo: host.echo.clone(),
        zoo: zoo.to_owned(),
        timing: host.benchmark.common.timing(),
        windows: host.benchmark.windows.unwrap_or(NEIGHBOUR_WINDOWS).into(),
        guests: host.guest.clone(),
        rate: host.rate,
        hostile: host.hostile.into(),
        pins,
    };
    let report = neighbours::run(&settings, Machine::read()?, scratch, &mut note)?;
    say(&report)?;
    Ok(report)
}

fn specimen(name: &str) -> Result<&'static Specimen, String> {
    ZOO.iter().find(|specimen| specimen.name == name).ok_or_else(|| {
        let names: Vec<_> = ZOO.iter().map(|specimen| specimen.name).collect();
        format!("the zoo has: {}", names.join("; "))
    })
}

/// Writes the JSON before a lost message makes the run fail.
fn finish(host: &Host, findings: &Findings) -> Result<()> {
    if let Some(file) = &host.benchmark.json {
        write_json(file, findings)?;
    }
    findings.neighbours.as_ref().map_or(Ok(()), Verdict::check)
}

fn write_json(file: &Path, findings: &impl Serialize) -> Result<()> {
    let text = serde_json::to_string_pretty(findings)? + "\n";
    fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
}

fn run(args: &RunArgs) -> Result<()> {
    make_room(args.connections.into())?;
    args.common.pins()?;
    let traffic = Traffic {
        kind: args.kind,
        payload_bytes: args.bytes as usize,
        connections: args.connections.into(),
        window: args.window.into(),
    };
    let pace = args.rate.map_or(Pace::Closed, |per_second| Pace::Open { per_second });
    let mut fleet = Fleet::connect(&Target::parse(&args.url)?, &traffic)?;
    let outcome = fleet.run(pace, args.common.timing(), args.pid)?;
    say(&format!(
        "{} {} messages, {}/s, p50 {} ms, p99 {} ms, max {} ms, generator {:.0} % of its CPU",
        outcome.messages,
        args.kind,
        rate(outcome.rate()),
        figure(outcome.latency_ms(0.5)),
        figure(outcome.latency_ms(0.99)),
        figure(outcome.latency_ms(1.0)),
        outcome.generator_share() * 100.0,
    ))?;
    if let Some(micros) = outcome.server_micros_per_message() {
        say(&format!("server: {} µs CPU a message", figure(micros)))?;
    }
    outcome.failures.iter().for_each(|failure| note(failure));
    ensure!(outcome.failures.is_empty(), "{} messages lost", outcome.lost);
    fleet.close()
}

impl Common {
    fn timing(&self) -> Timing {
        Timing::new(Duration::from_secs(self.warm_up), Duration::from_secs(self.seconds))
    }

    /// Chooses the CPUs and moves this thread to the generator's.
    fn pins(&self) -> Result<Pins> {
        let pins = if self.no_pin { Pins::none() } else { Pins::split()? };
        pins.enter_generator()?;
        Ok(pins)
    }
}

/// A report ends with a line break, a sentence does not: one of them is written either way.
fn say(text: &impl std::fmt::Display) -> Result<()> {
    let text = text.to_string();
    writeln!(io::stdout(), "{}", text.trim_end()).context("cannot write to standard output")
}

/// Progress and errors. A standard error that is gone is no reason to stop.
fn note(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}
