//! The command line: what each verb takes. Structs only; `crate::config` and the verbs give them
//! meaning.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use hyper::header::HeaderValue;

use super::connect::HeaderField;
use crate::config::{AdminAddress, DeploymentName, ListenAddress, Strategy, TimeSpan};
use crate::connect::{Proxy, WebSocketUrl};

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

/// The variables that `sockhop run` reads, where no option says otherwise.
const ENVIRONMENT: &str = "\
Environment, for what no option says:
  SOCKHOP_CONFIG       The configuration file
  SOCKHOP_LISTEN       Where to accept connections; several with commas between them
  SOCKHOP_ADMIN        Where the admin API is, for the other verbs as well
  SOCKHOP_ADMIN_TOKEN  The admin API's token, for the other verbs as well
  SOCKHOP_DEPLOY_DIR   The folder to deploy from
  SOCKHOP_ASSETS       The folder of files to serve
  SOCKHOP_LOG          What is logged: info, or a filter such as sockhop=debug,warn";

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the host until it is told to stop.
    #[command(after_help = ENVIRONMENT)]
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
    /// Open a WebSocket anywhere: what is typed or piped in is sent, what comes is printed.
    ///
    /// Each line of standard input is a message, and each message that comes a line of standard
    /// output; a line break in one is written as a space there. Binary messages are written as
    /// they are, and in hexadecimal to a terminal. Where standard input is a terminal, lines that
    /// begin with a slash are commands, which /help lists.
    Connect(ConnectArgs),
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

/// `sockhop connect`.
#[derive(Args, Clone, Debug)]
pub struct ConnectArgs {
    /// Where to: ws://HOST or wss://HOST, with port, path and query.
    #[arg(value_name = "URL")]
    pub url: WebSocketUrl,
    /// Offer this subprotocol; may be given several times, the preferred one first.
    #[arg(long = "subprotocol", value_name = "NAME")]
    pub subprotocols: Vec<String>,
    /// Send this header field too; may be given several times.
    #[arg(long = "header", value_name = "NAME: VALUE")]
    pub headers: Vec<HeaderField>,
    /// Send this origin, as a page of it would.
    #[arg(long, value_name = "ORIGIN")]
    pub origin: Option<HeaderValue>,
    /// Do not offer permessage-deflate.
    #[arg(long)]
    pub no_compression: bool,
    /// Send binary messages: lines of a terminal, else what comes as it comes.
    #[arg(long)]
    pub binary: bool,
    /// Trust the authorities in FILE (PEM) in place of the system's.
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// Go through the proxy at `http://HOST:PORT` or `http://USER:PASSWORD@HOST:PORT`, by CONNECT.
    #[arg(long, value_name = "URL")]
    pub proxy: Option<Proxy>,
    /// Give up when there is no connection after TIME.
    #[arg(long, value_name = "TIME", default_value = "10s")]
    pub timeout: TimeSpan,
    /// At the end of what is piped in, close when nothing has come for TIME.
    #[arg(long, value_name = "TIME", default_value = "1s")]
    pub wait: TimeSpan,
    /// Show the handshake.
    #[arg(short, long)]
    pub verbose: bool,
}

/// `sockhop config`.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Say whether the host could run with a configuration; all that is wrong is named at once.
    /// Components are not looked at: that is what `sockhop check` is for.
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
    fn connect_takes_what_a_handshake_is_made_of() {
        let line = [
            "sockhop",
            "connect",
            "wss://a.example/chat",
            "--subprotocol=a",
            "--subprotocol=b",
            "--header",
            "X-Y: z",
            "--proxy=http://p:1",
            "--timeout=500ms",
        ];
        let parsed = CommandLine::try_parse_from(line).unwrap();
        let Command::Connect(connect) = parsed.command else { panic!("{parsed:?}") };
        assert_eq!(connect.url.to_string(), "wss://a.example/chat");
        assert_eq!(connect.subprotocols, ["a", "b"]);
        assert_eq!(connect.headers, ["X-Y: z".parse().unwrap()]);
        assert_eq!(connect.proxy.unwrap().to_string(), "p:1");
        assert_eq!(connect.timeout.0.as_millis(), 500);
        assert_eq!(connect.wait.0.as_millis(), 1000);
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
            "sockhop connect",
            "sockhop connect a.example",
            "sockhop connect http://a.example",
            "sockhop connect ws://a --header x",
            "sockhop connect ws://a --proxy https://p",
            "sockhop connect ws://a --timeout 1",
        ] {
            let error = CommandLine::try_parse_from(line.split(' ')).unwrap_err();
            assert_eq!(error.exit_code(), 2, "{line}");
        }
    }
}
