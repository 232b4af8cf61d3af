//! How a host is to be started.

use std::ffi::OsString;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::Command;
use tokio::sync::oneshot;

use super::{Folder, TestHost, run};
use crate::deadline::within_limit;
use crate::tls::Authority;
use crate::{DEADLINE, Outcome, artefacts, within};

/// What stands before the address in the line that says where the host listens: without TLS, and
/// with it where it was built for that.
const LISTENING: &str = "listening on ws://";
const LISTENING_TLS: &str = "listening on wss://";

/// Where a host listens that speaks TLS.
const LISTEN_TLS: &str = "listen = [\"wss://127.0.0.1:0\"]\n";

/// What it shows there, by the names that [`Pair::write`](crate::tls::Pair::write) gives.
const TLS: &str = "[tls]\ncertificate = \"host.crt\"\nkey = \"host.key\"\n";

/// A host that is about to be started, on a free port and with a folder of its own.
#[derive(Debug)]
pub struct TestHostBuilder {
    folder: Folder,
    arguments: Vec<OsString>,
    variables: Vec<(&'static str, &'static str)>,
    config: String,
    authority: Option<Authority>,
    files: Option<(u32, u32)>,
}

impl TestHostBuilder {
    pub(super) fn new() -> Self {
        let root = TempDir::with_prefix("sockhop-it-").expect("a temporary folder");
        // What the host asks of a runtime folder: that nobody else can look into it.
        fs::set_permissions(root.path(), Permissions::from_mode(0o700)).expect("our own folder");
        let cache = artefacts::target().join("tmp/sockhop-it-cache");
        fs::create_dir_all(&cache).expect("cargo's folder can be written to");
        let admin = format!("unix:{}", root.path().join("admin.sock").display());
        let folder = Folder { root, cache, admin };
        Self {
            folder,
            arguments: Vec::new(),
            variables: Vec::new(),
            config: String::new(),
            authority: None,
            files: None,
        }
    }

    /// The folder that the host will have, to put files into.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.root.path()
    }

    /// Deploys a guest of the zoo or an example at the start, under its own name.
    #[must_use]
    pub fn guest(self, name: &str) -> Self {
        let file = artefacts::guest(name);
        self.args([file])
    }

    /// Adds to the configuration file.
    #[must_use]
    pub fn config(mut self, toml: &str) -> Self {
        self.config.push_str(toml);
        self.config.push('\n');
        self
    }

    /// Serves the admin API elsewhere than at a socket in the host's folder.
    #[must_use]
    pub fn admin(mut self, address: &str) -> Self {
        address.clone_into(&mut self.folder.admin);
        self
    }

    /// Lets all sessions of a deployment share one instance.
    #[must_use]
    pub fn shared(self, deployment: &str) -> Self {
        self.config(&format!("[deployment.{deployment}]\ninstancing = \"shared\"\nshards = 1"))
    }

    /// Listens for TLS instead of plain TCP, with a certificate of an authority of its own.
    #[must_use]
    pub fn tls(mut self) -> Self {
        let authority = Authority::new();
        authority.sign().write(self.folder());
        self.authority = Some(authority);
        self
    }

    /// Adds arguments to the command line.
    #[must_use]
    pub fn args<A: Into<OsString>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// Adds to the environment, of which the host is otherwise given nothing.
    #[must_use]
    pub fn env(mut self, name: &'static str, value: &'static str) -> Self {
        self.variables.push((name, value));
        self
    }

    /// Limits how many files the host may have open: at first, and as far as it may raise that.
    #[must_use]
    pub fn open_files(mut self, soft: u32, hard: u32) -> Self {
        self.files = Some((soft, hard));
        self
    }

    /// Lets the host compile everything anew; otherwise all hosts of the tests share what each has
    /// compiled.
    #[must_use]
    pub fn without_cache(mut self) -> Self {
        self.folder.cache = self.folder().join("cache");
        self
    }

    /// Starts the host and waits until it listens.
    ///
    /// # Panics
    ///
    /// Where it does not come up.
    pub async fn start(self) -> TestHost {
        self.start_within(DEADLINE).await
    }

    /// As [`start`](Self::start), with as long as this until it listens: for a host that has much
    /// to compile before.
    ///
    /// # Panics
    ///
    /// Where it does not come up.
    pub async fn start_within(self, limit: Duration) -> TestHost {
        let mut command = self.command();
        if self.authority.is_none() {
            command.args(["--listen", "127.0.0.1:0"]);
        }
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
        let (found, address) = oneshot::channel();
        let before = if self.authority.is_some() { LISTENING_TLS } else { LISTENING };
        let stderr = collect(child.stderr.take().expect("a pipe"), None);
        let stdout = collect(child.stdout.take().expect("a pipe"), Some((before, found)));
        let Ok(address) = within_limit(limit, "the host to listen", address).await else {
            let status = within("the host to end", child.wait()).await;
            let written = stderr.lock().expect("no reader panics").clone();
            panic!("the host did not come up: {status:?}\n{written}")
        };
        let address = address.parse().unwrap_or_else(|error| panic!("{error}: {address}"));
        TestHost { child, address, authority: self.authority, folder: self.folder, stdout, stderr }
    }

    /// Starts a host that must not come up, and waits until it has ended. It is told to listen
    /// where the arguments say.
    pub async fn fail(self) -> Outcome {
        run(&mut self.command()).await
    }

    fn command(&self) -> Command {
        let mut command = match self.files {
            None => self.folder.command(),
            Some((soft, hard)) => {
                // The shell sets the limits of its own process, which then becomes the host's.
                let mut shell = self.folder.command_of(Path::new("/bin/sh"));
                let script =
                    format!("ulimit -Sn {soft} && ulimit -Hn {hard} && exec \"$0\" \"$@\"");
                shell.arg("-c").arg(script).arg(artefacts::host_binary());
                shell
            }
        };
        command.envs(self.variables.iter().copied());
        command.arg("run").args(&self.arguments).arg("--admin").arg(&self.folder.admin);
        if !self.config.is_empty() || self.authority.is_some() {
            command.arg("--config").arg(self.write_config());
        }
        command
    }

    fn write_config(&self) -> PathBuf {
        let file = self.folder().join("sockhop.toml");
        let mut config = self.config.clone();
        if self.authority.is_some() {
            // What is no table's own stands before all tables.
            config.insert_str(0, LISTEN_TLS);
            config.push_str(TLS);
        }
        fs::write(&file, config).expect("our own folder");
        file
    }
}

/// Keeps what a process prints, and looks in it for the line that says where the host listens.
fn collect(
    stream: impl AsyncRead + Send + Unpin + 'static,
    mut wanted: Option<(&'static str, oneshot::Sender<String>)>,
) -> Arc<Mutex<String>> {
    let collected = Arc::new(Mutex::new(String::new()));
    let kept = Arc::clone(&collected);
    tokio::spawn(async move {
        let mut lines = BufReader::new(stream).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            if let Some((before, _)) = &wanted
                && let Some(address) = line.strip_prefix(before)
                && let Some((_, found)) = wanted.take()
            {
                // The test has ended where nobody waits for it.
                let _unheard = found.send(address.to_owned());
            }
            let mut kept = kept.lock().expect("no reader panics");
            kept.push_str(&line);
            kept.push('\n');
        }
    });
    collected
}
