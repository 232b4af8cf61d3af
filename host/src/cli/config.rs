//! `sockhop config`: checks or prints a configuration.

use std::process::ExitCode;

use super::{
    args::{ConfigCheckArgs, ConfigCommand, RunArgs},
    exit,
    output::print,
};
use crate::app::check_files;
use crate::config::{Config, Machine, ProcessEnvironment, Sources};

/// Checks or prints a configuration.
pub(super) fn config(command: &ConfigCommand) -> ExitCode {
    match command {
        ConfigCommand::Check(args) => check(args),
        ConfigCommand::PrintDefault => print(Config::default_document()),
    }
}

/// Says whether the host could run with a configuration, or all that is wrong with it, and then
/// whether the files that it names are there and hold what they should.
fn check(args: &ConfigCheckArgs) -> ExitCode {
    let run = RunArgs { config: args.config.clone(), ..RunArgs::default() };
    let machine = Machine::this();
    let sources = Sources { args: &run, environment: &ProcessEnvironment, machine: &machine };
    let config = match Config::load(sources) {
        Ok(config) => config,
        Err(errors) => return exit::bad_config(&errors),
    };
    match check_files(&config) {
        Ok(()) => print("the configuration is good\n"),
        Err(error) => exit::bad_config(&*error),
    }
}
