//! The host's own log, on standard error.

use thiserror::Error;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;

/// The filter is not one. The operator is to act.
#[derive(Debug, Error)]
#[error("SOCKHOP_LOG is not a log filter")]
pub struct FilterError(#[from] ParseError);

/// Sends the log to standard error, as far as the filter lets it.
///
/// # Errors
/// [`FilterError`]; nothing is logged then.
pub fn start(filter: &str) -> Result<(), FilterError> {
    let filter = EnvFilter::builder().parse(filter)?;
    let terminal = std::io::IsTerminal::is_terminal(&std::io::stderr());
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(terminal);
    // Only a process that runs two hosts has one already, and then that one serves both.
    let _set = log.with_writer(std::io::stderr).try_init();
    Ok(())
}
