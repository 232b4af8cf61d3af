//! `sockhop run`: the host, until it is told to stop.

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::signal::unix::{SignalKind, signal};

use super::exit;
use super::output::say;
use crate::app::App;
use crate::cli::args::RunArgs;
use crate::config::{Config, Machine, ProcessEnvironment, Sources};
use crate::server::{BoundAddress, StartError};
use crate::telemetry;

/// How long the process waits for threads that compile when it ends: what they make is in nobody's
/// way.
const COMPILERS_TIMEOUT: Duration = Duration::from_millis(100);

/// How many tasks a worker runs before it looks at its sockets again. A handshake is a chain of
/// some ten, each of which wakes the next, and messages that come meanwhile wait for its end
/// otherwise.
const TASKS_BEFORE_IO: u32 = 8;

/// Runs the host.
pub(super) fn run(args: &RunArgs) -> ExitCode {
    let machine = Machine::this();
    let environment = &ProcessEnvironment;
    let config = match Config::load(Sources { args, environment, machine: &machine }) {
        Ok(config) => config,
        Err(errors) => return exit::bad_config(&errors),
    };
    let log = match telemetry::start(&config.log_filter) {
        Ok(log) => log,
        Err(error) => return exit::bad_config(&error),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(config.workers.get())
        .event_interval(TASKS_BEFORE_IO)
        .enable_all()
        .build();
    let ended = runtime.context("the runtime cannot be started").and_then(|runtime| {
        let ended = runtime.block_on(serve(config));
        runtime.shutdown_timeout(COMPILERS_TIMEOUT);
        ended
    });
    if log.dropped_lines() > 0 {
        tracing::warn!(lines = log.dropped_lines(), "nobody read the log in time; lines are lost");
    }
    drop(log);
    match ended {
        Ok(()) => ExitCode::from(exit::DONE),
        Err(error) => match error.downcast::<StartError>() {
            Ok(StartError::Tls(error)) => exit::bad_config(&error),
            Ok(error) => failed(&error.into()),
            Err(error) => failed(&error),
        },
    }
}

fn failed(error: &anyhow::Error) -> ExitCode {
    say(&format!("{error:#}"));
    ExitCode::from(exit::FAILED)
}

async fn serve(config: Config) -> Result<()> {
    // Before anything is bound, so that no signal finds the process unprepared.
    let mut terminate = signal(SignalKind::terminate()).context("SIGTERM cannot be awaited")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("SIGINT cannot be awaited")?;
    let app = tokio::select! {
        app = App::start(config) => app?,
        _ = terminate.recv() => return Ok(()),
        _ = interrupt.recv() => return Ok(()),
    };
    announce(&app).context("cannot write to standard output")?;
    let signal = tokio::select! {
        _ = terminate.recv() => "SIGTERM",
        _ = interrupt.recv() => "SIGINT",
    };
    tracing::info!(signal, "stopping");
    tokio::select! {
        () = app.stop() => {}
        _ = terminate.recv() => tracing::warn!("stopped by a second signal"),
        _ = interrupt.recv() => tracing::warn!("stopped by a second signal"),
    }
    Ok(())
}

/// What a person or a script that starts the host wants to know.
fn announce(app: &App) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let capacity = app.capacity();
    writeln!(
        out,
        "capacity: {} instances (vm.max_map_count = {} allows {})",
        capacity.instances, capacity.max_map_count, capacity.machine
    )?;
    for address in app.addresses() {
        writeln!(out, "listening on {address}")?;
    }
    writeln!(out, "admin API at {}", app.admin())?;
    if app.has_assets() {
        for page in app.addresses().iter().filter_map(BoundAddress::page) {
            writeln!(out, "open {page}")?;
        }
    }
    out.flush()
}
