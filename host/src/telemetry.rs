//! The host's own log, on standard error, and how text that others chose is shown.

mod escape;
mod seldom;

use std::error::Error;
use std::io::IsTerminal as _;

use tracing_appender::non_blocking::{ErrorCounter, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;

pub(crate) use self::escape::{escaped, escaped_json};
pub(crate) use self::seldom::Seldom;

/// The most lines that wait to be written. Guests make lines as fast as they compute, and whoever
/// reads standard error may not read at all: beyond this, lines are dropped and counted, and nobody
/// waits.
const WAITING_LINES_MAX: usize = 8192;

/// The filter is not one. The operator is to act.
#[derive(Debug, thiserror::Error)]
#[error("SOCKHOP_LOG is not a log filter")]
pub struct FilterError(#[from] ParseError);

/// The log, for as long as it is held; dropping it writes what waits.
pub struct Log {
    dropped: ErrorCounter,
    _writer: WorkerGuard,
}

impl Log {
    /// How many lines were dropped because standard error was not read fast enough.
    #[must_use]
    pub fn dropped_lines(&self) -> usize {
        self.dropped.dropped_lines()
    }
}

/// Sends the log to standard error, as far as the filter lets it, by a thread of its own.
///
/// # Errors
/// [`FilterError`]; nothing is logged then.
pub fn start(filter: &str) -> Result<Log, FilterError> {
    let filter = EnvFilter::builder().parse(filter)?;
    let (writer, guard) = NonBlockingBuilder::default()
        .lossy(true)
        .buffered_lines_limit(WAITING_LINES_MAX)
        .thread_name("log")
        .finish(std::io::stderr());
    let dropped = writer.error_counter();
    let terminal = std::io::stderr().is_terminal();
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(terminal);
    // Only a process that runs two hosts has one already, and then that one serves both.
    let _set = log.with_writer(writer).try_init();
    Ok(Log { dropped, _writer: guard })
}

/// An error and its causes, in one line.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
