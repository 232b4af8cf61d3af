//! The command line: what each verb takes. Structs only; `crate::config` and the verbs give them
//! meaning.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::config::{AdminAddress, DeploymentName, ListenAddress, Strategy};

/// WebSocket endpoints in WebAssembly, deployed without dropping a connection.
///
/// A wrong command line ends the process with code 2, before anything is read.
#[derive(Debug, Parser)]
#[command(name = "sockhop", version, about)]
pub struct CommandLine {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the host until it is told to stop.
    Run(RunArgs),
    /// Say whether a component could be deployed, and what it holds.
    Check(CheckArgs),
    /// Deploy a component to the running host, as a new revision where the name is taken.
    Deploy(DeployArgs),
    /// End a deployment of the running host.
    Undeploy(UndeployArgs),
    /// List the deployments of the running host.
    List(ListArgs),
    /// List the open sessions of the running host.
    Sessions(SessionsArgs),
    /// Print the log of a deployment.
    Logs(LogsArgs),
    /// Check or print a configuration.
    #[command(subcommand)]
    Config(ConfigCommand),
}

/// `sockhop run`.
#[derive(Args, Clone, Debug, Default)]
pub struct RunArgs {
    /// Components to deploy, each under the stem of its file's name.
    #[arg(value_name = "FILE.wasm")]
    pub components: Vec<PathBuf>,
    /// Read the configuration from FILE.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Accept WebSocket connections at HOST:PORT, wss://HOST:PORT or unix:PATH; may be given
    /// several times.
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Vec<ListenAddress>,
    /// Serve the admin API at a loopback HOST:PORT or at unix:PATH.
    #[arg(long, value_name = "ADDRESS")]
    pub admin: Option<AdminAddress>,
    /// Deploy what is put into the folder DIR.
    #[arg(long, value_name = "DIR")]
    pub deploy_dir: Option<PathBuf>,
    /// Serve the files of the folder DIR over HTTP.
    #[arg(long, value_name = "DIR")]
    pub assets: Option<PathBuf>,
}

/// `sockhop check`.
#[derive(Args, Clone, Debug)]
pub struct CheckArgs {
    /// The component.
    #[arg(value_name = "FILE.wasm")]
    pub component: PathBuf,
}

/// How a verb finds the running host.
#[derive(Args, Clone, Debug, Default)]
pub struct AdminArgs {
    /// The address of the host's admin API: a loopback HOST:PORT or unix:PATH.
    #[arg(long, value_name = "ADDRESS")]
    pub admin: Option<AdminAddress>,
}

/// `sockhop deploy`.
#[derive(Args, Clone, Debug)]
pub struct DeployArgs {
    /// The deployment's name.
    pub name: DeploymentName,
    /// The component.
    #[arg(value_name = "FILE.wasm")]
    pub component: PathBuf,
    /// What becomes of open sessions: drain or restart; else what the deployment's settings say.
    #[arg(long, value_name = "STRATEGY")]
    pub strategy: Option<Strategy>,
    /// Where the host is.
    #[command(flatten)]
    pub admin: AdminArgs,
}

/// `sockhop undeploy`.
#[derive(Args, Clone, Debug)]
pub struct UndeployArgs {
    /// The deployment's name.
    pub name: DeploymentName,
    /// Where the host is.
    #[command(flatten)]
    pub admin: AdminArgs,
}

/// `sockhop list`.
#[derive(Args, Clone, Debug)]
pub struct ListArgs {
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
    /// Where the host is.
    #[command(flatten)]
    pub admin: AdminArgs,
}

/// `sockhop sessions`.
#[derive(Args, Clone, Debug)]
pub struct SessionsArgs {
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
    /// Only the sessions of this deployment.
    #[arg(long, value_name = "NAME")]
    pub deployment: Option<DeploymentName>,
    /// Where the host is.
    #[command(flatten)]
    pub admin: AdminArgs,
}

/// `sockhop logs`.
#[derive(Args, Clone, Debug)]
pub struct LogsArgs {
    /// The deployment's name.
    pub name: DeploymentName,
    /// Go on with what is written from now on.
    #[arg(short, long)]
    pub follow: bool,
    /// Where the host is.
    #[command(flatten)]
    pub admin: AdminArgs,
}

/// `sockhop config`.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Say whether the host could run with a configuration; all that is wrong is named at once.
    Check(ConfigCheckArgs),
    /// Print a configuration with every key, its meaning and its default.
    PrintDefault,
}

/// `sockhop config check`.
#[derive(Args, Clone, Debug)]
pub struct ConfigCheckArgs {
    /// Check FILE; else the file that SOCKHOP_CONFIG names.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory as _, Parser as _};

    use super::*;

    #[test]
    fn verify_cli() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn run_takes_files_and_repeated_listen() {
        let line = "sockhop run a.wasm b.wasm --listen 127.0.0.1:0 --listen [::1]:0 --assets web";
        let parsed = CommandLine::try_parse_from(line.split(' ')).unwrap();
        let Command::Run(run) = parsed.command else { panic!("{parsed:?}") };
        assert_eq!(run.components, [PathBuf::from("a.wasm"), PathBuf::from("b.wasm")]);
        let listen: Vec<_> = run.listen.iter().map(ToString::to_string).collect();
        assert_eq!(listen, ["ws://127.0.0.1:0", "ws://[::1]:0"]);
        assert_eq!(run.assets, Some(PathBuf::from("web")));
    }

    #[test]
    fn deploy_takes_a_strategy_and_an_address() {
        let line = "sockhop deploy chat c.wasm --strategy restart --admin 127.0.0.1:9000";
        let parsed = CommandLine::try_parse_from(line.split(' ')).unwrap();
        let Command::Deploy(deploy) = parsed.command else { panic!("{parsed:?}") };
        assert_eq!(deploy.name.as_str(), "chat");
        assert_eq!(deploy.strategy, Some(Strategy::Restart));
        assert_eq!(deploy.admin.admin.unwrap().to_string(), "127.0.0.1:9000");
    }

    #[test]
    fn wrong_values_are_usage_errors_with_exit_code_2() {
        for line in [
            "sockhop",
            "sockhop serve",
            "sockhop run --listen 8080",
            "sockhop run --admin 0.0.0.0:9000",
            "sockhop deploy Chat c.wasm",
            "sockhop deploy chat c.wasm --strategy hop",
            "sockhop logs",
            "sockhop config",
        ] {
            let error = CommandLine::try_parse_from(line.split(' ')).unwrap_err();
            assert_eq!(error.exit_code(), 2, "{line}");
        }
    }
}
