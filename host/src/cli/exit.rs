//! The codes that the process ends with.

use std::{error::Error, process::ExitCode};

use super::output::say;
use crate::telemetry::chain;

/// Done.
pub const DONE: u8 = 0;

/// What was asked for has failed; standard error says why.
pub const FAILED: u8 = 1;

/// The command line is wrong; nothing was done.
pub const USAGE: u8 = 2;

/// The configuration is wrong, be it the file or the environment (`EX_CONFIG` of sysexits.h).
pub const BAD_CONFIG: u8 = 78;

/// Prints what is wrong with the configuration, a line for each line of the error.
pub(crate) fn bad_config(error: &dyn Error) -> ExitCode {
    chain(error).lines().for_each(say);
    ExitCode::from(BAD_CONFIG)
}
