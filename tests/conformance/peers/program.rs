//! The peers as programs: how each is started, and where its server listens.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sockhop_tests::{artefacts, within_limit};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::Notify;

/// How long a server may take for a line. Tomcat starts in five seconds where nothing else runs.
const LINE_DEADLINE: Duration = Duration::from_secs(2 * 60);

/// Whose server and client it is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Peer {
    Tomcat,
    Bun,
    Python,
}

impl Peer {
    /// Its client, which takes `ws://HOST:PORT`.
    pub(crate) fn client(self) -> Command {
        match self {
            Self::Tomcat => {
                let tomcat = artefacts::tomcat();
                let home = tomcat.join("usr/share/tomcat10");
                let paths = [tomcat.join("client"), home.join("lib/*"), home.join("bin/*")];
                let mut command = java(&paths);
                command.arg("Talk");
                command
            }
            Self::Bun => bun("client.js"),
            Self::Python => python("client.py"),
        }
    }

    /// Its server, which may keep files in this folder.
    fn server(self, folder: &Path) -> Command {
        match self {
            Self::Tomcat => catalina(folder),
            Self::Bun => bun("server.js"),
            Self::Python => python("server.py"),
        }
    }

    /// Where its server listens, if this line of it says so.
    fn listening(self, line: &str) -> Option<SocketAddr> {
        if let Self::Tomcat = self {
            let (_, name) =
                line.split_once("Starting ProtocolHandler [\"http-nio-127.0.0.1-auto-")?;
            let (_, port) = name.strip_suffix("\"]")?.split_once('-')?;
            return Some(SocketAddr::from(([127, 0, 0, 1], port.parse().ok()?)));
        }
        line.strip_prefix("listening on ")?.parse().ok()
    }
}

fn script(name: &str) -> PathBuf {
    artefacts::workspace().join("tests/conformance/peers").join(name)
}

fn python(name: &str) -> Command {
    let mut command = Command::new(artefacts::python());
    command.arg(script(name));
    command
}

fn bun(name: &str) -> Command {
    let mut command = Command::new(artefacts::bun());
    command.arg(script(name));
    command
}

fn java(paths: &[PathBuf]) -> Command {
    let mut command = Command::new("java");
    command.arg("-cp").arg(std::env::join_paths(paths).expect("no colon in a path"));
    command
}

/// Tomcat as its own script starts it, with a base in this folder.
fn catalina(base: &Path) -> Command {
    let tomcat = artefacts::tomcat();
    for name in ["conf", "logs", "temp", "work"] {
        fs::create_dir(base.join(name)).expect("a folder of our own");
    }
    let config = Path::new("conf/server.xml");
    fs::copy(tomcat.join(config), base.join(config)).expect("`make conformance` has made it");
    let home = tomcat.join("usr/share/tomcat10");
    let mut command = java(&[home.join("bin/bootstrap.jar"), home.join("bin/tomcat-juli.jar")]);
    for (property, path) in [
        ("catalina.home", &home),
        ("catalina.base", &base.to_owned()),
        ("java.io.tmpdir", &base.join("temp")),
        ("sockhop.applications", &tomcat.join("applications")),
    ] {
        command.arg(format!("-D{property}={}", path.display()));
    }
    command.args(["org.apache.catalina.startup.Bootstrap", "start"]);
    command
}

/// A peer's server; it ends when it is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    _child: Child,
    _folder: TempDir,
    address: SocketAddr,
    said: Arc<Said>,
}

/// What a server has said so far, on either of its outputs.
#[derive(Debug, Default)]
struct Said {
    lines: Mutex<Vec<String>>,
    more: Notify,
}

impl Server {
    pub(crate) async fn start(peer: Peer) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut command = peer.server(folder.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let spawned = command.kill_on_drop(true).spawn();
        let mut child = spawned.unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let said = Arc::<Said>::default();
        tokio::spawn(listen(child.stdout.take().expect("piped"), Arc::clone(&said)));
        tokio::spawn(listen(child.stderr.take().expect("piped"), Arc::clone(&said)));
        let address = said.find("where the server listens", |line| peer.listening(line)).await;
        Self { _child: child, _folder: folder, address, said }
    }

    /// Where it accepts connections.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until it has said this.
    pub(crate) async fn line(&self, wanted: &str) {
        self.said.find(wanted, |line| (line == wanted).then_some(())).await;
    }
}

impl Said {
    async fn find<T>(&self, what: &str, mut wanted: impl FnMut(&str) -> Option<T>) -> T {
        let found = async {
            loop {
                // Who waits before it looks misses nothing.
                let more = self.more.notified();
                let lines = self.lines.lock().expect("nobody panics").clone();
                if let Some(found) = lines.iter().find_map(|line| wanted(line)) {
                    return found;
                }
                assert!(!lines.iter().any(|line| line == END), "no {what}: {lines:#?}");
                more.await;
            }
        };
        within_limit(LINE_DEADLINE, what, found).await
    }
}

/// Stands behind what a server has said, and no server says it.
const END: &str = "\u{4}";

async fn listen(output: impl AsyncRead + Unpin, said: Arc<Said>) {
    let mut lines = BufReader::new(output).lines();
    loop {
        let line = lines.next_line().await.expect("UTF-8");
        let last = line.is_none();
        said.lines.lock().expect("nobody panics").push(line.unwrap_or_else(|| END.to_owned()));
        said.more.notify_one();
        if last {
            return;
        }
    }
}
