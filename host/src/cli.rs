//! The command line: one file for each verb. A verb prints what it has to say and ends with one of
//! the codes in [`exit`].

use std::process::ExitCode;

use clap::Parser as _;

use self::args::{Command, CommandLine};

pub mod args;
mod check;
mod config;
pub mod connect;
mod deploy;
pub mod exit;
mod list;
mod logs;
mod output;
mod remote;
mod run;
mod sessions;
mod table;
mod undeploy;

/// Reads the command line and does what it says. A wrong one ends the process with
/// [`exit::USAGE`].
pub fn main() -> ExitCode {
    perform(&CommandLine::parse().command)
}

/// Does what a command says.
pub fn perform(command: &Command) -> ExitCode {
    match command {
        Command::Run(args) => run::run(args),
        Command::Check(args) => check::check(args),
        Command::Deploy(args) => deploy::deploy(args),
        Command::Undeploy(args) => undeploy::undeploy(args),
        Command::List(args) => list::list(args),
        Command::Sessions(args) => sessions::sessions(args),
        Command::Logs(args) => logs::logs(args),
        Command::Connect(args) => connect::connect(args),
        Command::Config(command) => config::config(command),
    }
}
