//! `sockhop config`: checks or prints a configuration.

use std::process::ExitCode;

use super::{
    args::{ConfigCheckArgs, ConfigCommand, RunArgs},
    exit,
    output::print,
};
use crate::config::{Config, Machine, ProcessEnvironment, Sources};

/// Checks or prints a configuration.
pub(super) fn config(command: &ConfigCommand) -> ExitCode {
    match command {
        ConfigCommand::Check(args) => check(args),
        ConfigCommand::PrintDefault => print(Config::default_document()),
    }
}

/// Says whether the host could run with a configuration, or all that is wrong with it.
fn check(args: &ConfigCheckArgs) -> ExitCode {
    let run = RunArgs { config: args.config.clone(), ..RunArgs::default() };
    let machine = Machine::this();
    match Config::load(Sources { args: &run, environment: &ProcessEnvironment, machine: &machine })
    {
        Ok(_) => print("the configuration is good\n"),
        Err(errors) => exit::bad_config(&errors),
    }
}
