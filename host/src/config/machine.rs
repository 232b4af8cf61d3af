//! What the configuration has to know about the machine, apart from the environment.

use std::{num::NonZeroUsize, path::PathBuf};

/// The machine and the user that the process runs as.
#[derive(Clone, Debug)]
pub struct Machine {
    /// The effective user's number.
    pub user: u32,
    /// The cores that this process may use: what "one for each core" means.
    pub cores: NonZeroUsize,
    /// The folder where the system keeps a folder for each user who is logged in.
    pub run_user: PathBuf,
    /// A folder in which every user may make one. Not `$TMPDIR`: the host and the verbs have to
    /// agree, and a service manager gives the host another one.
    pub temp: PathBuf,
}

impl Machine {
    /// This machine and this process's user.
    pub fn this() -> Self {
        Self {
            user: rustix::process::geteuid().as_raw(),
            // Where the system does not say how many there are, one is the only safe answer.
            cores: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
            run_user: PathBuf::from("/run/user"),
            temp: PathBuf::from("/tmp"),
        }
    }
}
