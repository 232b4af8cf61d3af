//! The host as a process.

mod builder;

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex};

use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process, prlimit};
use tempfile::TempDir;
use tokio::net::UnixStream;
use tokio::process::{Child, Command};

pub use builder::TestHostBuilder;

use crate::http::{self, Answer};
use crate::tls::Authority;
use crate::{Client, Deployment, LogFollower, Outcome, SessionRow, artefacts, eventually, within};

/// A running host. It is killed when it is dropped; where that happens in a panic, what it wrote
/// to standard error is printed.
#[derive(Debug)]
pub struct TestHost {
    child: Child,
    address: SocketAddr,
    authority: Option<Authority>,
    folder: Folder,
    stdout: Arc<Mutex<String>>,
    stderr: Arc<Mutex<String>>,
}

/// A host's own folder, with all that it would otherwise share with others of this user.
#[derive(Debug)]
struct Folder {
    root: TempDir,
    cache: PathBuf,
    admin: String,
}

impl TestHost {
    /// Begins to describe a host.
    #[must_use]
    pub fn builder() -> TestHostBuilder {
        TestHostBuilder::new()
    }

    /// A host with default settings that serves these guests.
    pub async fn with_guests<const N: usize>(guests: [&str; N]) -> Self {
        guests.into_iter().fold(Self::builder(), TestHostBuilder::guest).start().await
    }

    /// Where it accepts connections.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it listens besides: what stands behind `prefix`, such as `wss://`, in the first such
    /// line that it prints.
    pub async fn listening(&self, prefix: &str) -> String {
        let begin = format!("listening on {prefix}");
        eventually(&begin, async || {
            self.stdout().lines().find_map(|line| line.strip_prefix(&begin)).map(str::to_owned)
        })
        .await
    }

    /// Where it accepts connections over TLS.
    ///
    /// # Panics
    ///
    /// Where it does not.
    pub async fn encrypted(&self) -> SocketAddr {
        self.listening("wss://").await.parse().expect("an address")
    }

    /// Who has signed the certificate that it shows.
    ///
    /// # Panics
    ///
    /// Where it was not built with [`tls`](TestHostBuilder::tls).
    #[must_use]
    pub fn authority(&self) -> &Authority {
        self.authority.as_ref().expect("the host was built with `tls`")
    }

    /// The address of its admin API, as `--admin` takes it.
    #[must_use]
    pub fn admin(&self) -> &str {
        &self.folder.admin
    }

    /// A folder for the test's own files, which goes with the host.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.root.path()
    }

    /// What it has printed so far.
    #[must_use]
    pub fn stdout(&self) -> String {
        self.stdout.lock().expect("no reader panics").clone()
    }

    /// What it has written to standard error so far.
    #[must_use]
    pub fn stderr(&self) -> String {
        self.stderr.lock().expect("no reader panics").clone()
    }

    /// Connects a WebSocket client to this path, with or without a query.
    pub async fn connect(&self, path: &str) -> Client {
        self.connect_with(path, &[]).await
    }

    /// Connects a WebSocket client that sends these header fields too.
    pub async fn connect_with(&self, path: &str, headers: &[(&'static str, &str)]) -> Client {
        Client::connect(self.address, path, headers).await
    }

    /// A command that runs the binary and finds this host without being told.
    #[must_use]
    pub fn command(&self) -> Command {
        self.folder.command()
    }

    /// Runs the binary with these arguments, as the host's own user would in the host's own
    /// environment.
    pub async fn cli(&self, arguments: &[&str]) -> Outcome {
        let mut command = self.command();
        run(command.args(arguments)).await
    }

    /// Deploys a guest under this name, and asserts that it was done; gives what was printed.
    pub async fn deploy(&self, name: &str, guest: &str, options: &[&str]) -> String {
        let file = artefacts::guest(guest);
        let mut command = self.command();
        run(command.args(["deploy", name]).arg(file).args(options)).await.succeeded()
    }

    /// Tries to deploy a file that the host must refuse; gives the one line that says why.
    pub async fn deploy_refused(&self, name: &str, file: &Path) -> String {
        let mut command = self.command();
        run(command.args(["deploy", name]).arg(file)).await.failed_in_one_line(1)
    }

    /// The deployments, as `sockhop list --json` prints them.
    pub async fn list(&self) -> Vec<Deployment> {
        Deployment::all(self.cli(&["list", "--json"]).await.json())
    }

    /// The one deployment of this name.
    ///
    /// # Panics
    ///
    /// Where there is none.
    pub async fn deployment(&self, name: &str) -> Deployment {
        let all = self.list().await;
        let found = all.iter().find(|deployment| deployment.name == name);
        found.unwrap_or_else(|| panic!("no deployment {name} in {all:#?}")).clone()
    }

    /// The open sessions, as `sockhop sessions --json` prints them.
    pub async fn sessions(&self) -> Vec<SessionRow> {
        SessionRow::all(self.cli(&["sessions", "--json"]).await.json())
    }

    /// How many connections it has, upgraded or not: what the admin API says, and no verb prints.
    ///
    /// # Panics
    ///
    /// Where the admin API is not at a Unix socket.
    pub async fn connections(&self) -> usize {
        self.count("/connections").await
    }

    /// How many instances live in it, which no verb prints either.
    ///
    /// # Panics
    ///
    /// Where the admin API is not at a Unix socket.
    pub async fn instances(&self) -> usize {
        self.count("/instances/live").await
    }

    /// A number in what the admin API says of the host.
    async fn count(&self, pointer: &str) -> usize {
        let socket = self.admin().strip_prefix("unix:").expect("the default of a test's host");
        let answer = self.folder.ask("/v1/host", socket.as_ref()).await;
        let told: serde_json::Value = serde_json::from_str(&answer.body).expect("JSON");
        let count = told.pointer(pointer).and_then(serde_json::Value::as_u64);
        let count = count.and_then(|count| count.try_into().ok());
        count.unwrap_or_else(|| panic!("no count at {pointer}: {answer:?}"))
    }

    /// Follows the log of a deployment, from its first line that is kept.
    #[must_use]
    pub fn follow(&self, deployment: &str) -> LogFollower {
        LogFollower::spawn(self.command(), deployment)
    }

    /// Waits for a line in the log of a deployment.
    pub async fn log_line(&self, deployment: &str, mut wanted: impl FnMut(&str) -> bool) -> String {
        self.follow(deployment).line(&mut wanted).await
    }

    /// The memory that it has resident now, in bytes.
    ///
    /// # Panics
    ///
    /// Where the process is gone.
    #[must_use]
    pub fn resident_bytes(&self) -> u64 {
        let size = self.status("VmRSS:");
        let kib = size.strip_suffix(" kB").expect("a size in kB");
        kib.parse::<u64>().expect("a number") * 1024
    }

    /// How many threads it has now.
    ///
    /// # Panics
    ///
    /// Where the process is gone.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.status("Threads:").parse().expect("a number")
    }

    /// What the system says of the process behind this word.
    fn status(&self, word: &str) -> String {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid().as_raw_nonzero()))
            .expect("the host runs");
        let line = status.lines().find_map(|line| line.strip_prefix(word));
        line.expect("the system says so").trim().to_owned()
    }

    /// Limits how many files it may have open from now on, those that are open notwithstanding, and
    /// gives the limit before.
    ///
    /// # Panics
    ///
    /// Where the process is gone.
    pub fn limit_open_files(&self, files: Option<u64>) -> Option<u64> {
        // It has inherited the hard limit, which must stay for the other to be raised again.
        let maximum = getrlimit(Resource::Nofile).maximum;
        let limit = Rlimit { current: files, maximum };
        prlimit(Some(self.pid()), Resource::Nofile, limit).expect("the host runs").current
    }

    /// Sends it a signal.
    ///
    /// # Panics
    ///
    /// Where the process is gone.
    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("the host runs");
    }

    /// Waits until it has ended by itself, asserts exit code 0 and gives what it wrote to standard
    /// error.
    ///
    /// # Panics
    ///
    /// Where it ended otherwise.
    pub async fn ended(mut self) -> String {
        let status = within("the host to end", self.child.wait()).await.expect("it was started");
        assert_eq!(status.code(), Some(0), "the host ended with {status}");
        self.stderr()
    }

    /// Tells it to stop by SIGTERM, and waits until it has.
    pub async fn stop(self) -> String {
        self.signal(Signal::TERM);
        self.ended().await
    }

    fn pid(&self) -> Pid {
        let id = self.child.id().expect("the host runs");
        Pid::from_raw(id.cast_signed()).expect("a process id")
    }
}

impl Drop for TestHost {
    #[expect(
        clippy::print_stderr,
        reason = "the test is failing, and its reader wants to know why"
    )]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the host wrote:\n{}", self.stderr());
        }
    }
}

impl Folder {
    /// A command that runs the binary with nothing of the environment but what is meant for it.
    fn command(&self) -> Command {
        self.command_of(&artefacts::host_binary())
    }

    /// The same for another program.
    fn command_of(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("XDG_RUNTIME_DIR", self.root.path())
            .env("XDG_CACHE_HOME", &self.cache)
            .env("SOCKHOP_ADMIN", &self.admin)
            .current_dir(self.root.path())
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    /// Asks the admin API at a socket, with the token that the host has left for its own user.
    async fn ask(&self, path: &str, socket: &Path) -> Answer {
        let files = fs::read_dir(self.root.path().join("sockhop")).expect("the host runs");
        let mut files = files.map(|file| file.expect("our own folder").path());
        let token = files.find(|file| file.extension().is_some_and(|found| found == "token"));
        let token = fs::read_to_string(token.expect("the host runs")).expect("it is ours");
        let socket = UnixStream::connect(socket).await.expect("the host listens");
        let asking = http::get(path).with("authorization", &format!("Bearer {}", token.trim()));
        asking.over(socket).await
    }
}

/// Runs a command to its end.
async fn run(command: &mut Command) -> Outcome {
    let what = format!("{:?} to end", command.as_std());
    within(&what, command.output()).await.expect("the binary runs").into()
}
