//! A server under test as a child process: started on its CPU, found, stopped, its exit checked.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};

use crate::load::Target;
use crate::pin::Pins;

/// How long a server may take until it says where it listens, in seconds. Compiling a component
/// for the first time is part of it.
const START_LIMIT_SECONDS: u64 = 60;

/// How long a server may take to end after SIGTERM, in seconds.
const STOP_LIMIT_SECONDS: i64 = 60;

/// What a server prints in front of its address, on a line of its own.
const LISTENING: &str = "listening on ws://";

/// The lines of a server's log that an error shows.
const LOG_TAIL_LINES: usize = 20;

/// How to start a server.
#[derive(Clone, Debug)]
pub struct Launch {
    /// What tables and errors call it.
    pub name: String,
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// Variables added to its environment.
    pub env: Vec<(&'static str, &'static str)>,
}

/// A running server. Dropped without [`Server::stop`], it is killed.
#[derive(Debug)]
pub struct Server {
    name: String,
    child: Child,
    target: Target,
    log: PathBuf,
}

impl Server {
    /// Starts a server on the CPU that `pins` names and waits until it says where it listens. Its
    /// standard error goes to a file in `folder`. Load on it goes to `path`.
    ///
    /// # Errors
    /// It cannot be started, ends, or says nothing for a minute; the end of its log is in the
    /// error.
    pub fn start(launch: &Launch, path: &str, pins: Pins, folder: &Path) -> Result<Self> {
        let name = launch.name.clone();
        let log = folder.join(format!("{}.log", name.replace(' ', "-")));
        let errors = File::create(&log).with_context(|| format!("cannot create {log:?}"))?;
        let mut command = Command::new(&launch.program);
        command.args(&launch.args).envs(launch.env.iter().copied());
        // Where it is set, each error of the server's takes a stack: no server is run so.
        command.env_remove("RUST_BACKTRACE").env_remove("RUST_LIB_BACKTRACE");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(errors);
        let mut child = pins
            .on_server(|| command.spawn())?
            .with_context(|| format!("cannot start {:?}", launch.program))?;
        let stdout = child.stdout.take().context("no standard output")?;
        let addresses = watch(stdout);
        // From here on an early return kills the child.
        let address = ([127, 0, 0, 1], 0).into();
        let target = Target { address, path: path.to_owned() };
        let mut server = Self { name, child, target, log };
        let found = addresses.recv_timeout(Duration::from_secs(START_LIMIT_SECONDS));
        server.target.address = match found {
            Ok(address) => address
                .trim_end_matches('/')
                .parse()
                .with_context(|| format!("{} listens on `{address}`", server.name))?,
            Err(RecvTimeoutError::Timeout) => {
                bail!("{} says nothing for {START_LIMIT_SECONDS} s{}", server.name, server.tail())
            }
            Err(RecvTimeoutError::Disconnected) => {
                let status = server.wait_for_end()?;
                bail!("{} ended at start: {status}{}", server.name, server.tail())
            }
        };
        Ok(server)
    }

    /// The endpoint to put under load.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Another endpoint of the same server.
    pub fn target_at(&self, path: &str) -> Target {
        Target { path: path.to_owned(), ..self.target.clone() }
    }

    /// The id of the process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends SIGTERM and waits for the end.
    ///
    /// # Errors
    /// The server had ended before, does not end, or ends with another code than 0; the end of its
    /// log is in the error.
    pub fn stop(mut self) -> Result<()> {
        if let Some(status) = self.child.try_wait()? {
            bail!("{} ended on its own: {status}{}", self.name, self.tail());
        }
        kill_process(Pid::from_child(&self.child), Signal::TERM)?;
        let status = self.wait_for_end()?;
        ensure!(status.success(), "{} stopped with {status}{}", self.name, self.tail());
        Ok(())
    }

    fn wait_for_end(&mut self) -> Result<ExitStatus> {
        let process = pidfd_open(Pid::from_child(&self.child), PidfdFlags::empty())?;
        let limit = Timespec { tv_sec: STOP_LIMIT_SECONDS, tv_nsec: 0 };
        let ended = rustix::io::retry_on_intr(|| {
            poll(&mut [PollFd::new(&process, PollFlags::IN)], Some(&limit))
        })?;
        ensure!(
            ended == 1,
            "{} does not end within {STOP_LIMIT_SECONDS} s{}",
            self.name,
            self.tail()
        );
        Ok(self.child.wait()?)
    }

    /// The end of the server's log, to be put behind an error's sentence.
    fn tail(&self) -> String {
        let log = match fs::read(&self.log) {
            Ok(log) => String::from_utf8_lossy(&log).into_owned(),
            Err(error) => return format!("; its log cannot be read: {error}"),
        };
        let lines: Vec<&str> = log.lines().collect();
        if lines.is_empty() {
            return "; it logged nothing".to_owned();
        }
        let tail = &lines[lines.len().saturating_sub(LOG_TAIL_LINES)..];
        format!("; its log ends with:\n{}", tail.join("\n"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail only where the process has ended and been waited for, as after `stop`.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Hands on the first address that a server prints, and goes on reading, so that the server never
/// waits for room in the pipe.
fn watch(stdout: ChildStdout) -> Receiver<String> {
    let (found, addresses) = sync_channel(1);
    thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            if let Some(address) = line.strip_prefix(LISTENING) {
                // Only the first fits; nobody waits for another.
                let _ = found.try_send(address.trim().to_owned());
            }
        }
    });
    addresses
}

/// A folder for sockets, configurations and logs that only this user can enter; removed at the end.
#[derive(Debug)]
pub struct Scratch {
    folder: PathBuf,
}

impl Scratch {
    /// Makes the folder in `parent`.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn new(parent: &Path) -> Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = parent.join(format!("sockhop-load-{}-{count}", std::process::id()));
        fs::DirBuilder::new()
            .mode(0o700)
            .create(&folder)
            .with_context(|| format!("cannot create {folder:?}"))?;
        Ok(Self { folder })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What is left behind in a temporary folder harms nobody.
        let _ = fs::remove_dir_all(&self.folder);
    }
}
