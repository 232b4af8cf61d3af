//! The deploy folder: a file put in is deployed, replaced is a new revision, removed is undeployed.

mod event;

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io;
use std::path::{self, Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use notify::{RecursiveMode, Watcher};
use sockhop_engine::{DescribeError, Program, SeatError};
use thiserror::Error;
use tokio::sync::mpsc;
use tokio::time::{self, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::{DeployError, Deployments, UndeployError, component_file};
use crate::config::DeploymentName;

/// The most changes that wait to be carried out; beyond them the whole folder is looked at again.
const CHANGES_MAX: usize = 256;

/// How long after a change that could not be carried out yet it is tried again.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);

/// The most deployments that are tried again; a change of one more is logged and given up.
const RETRIES_MAX: usize = 1024;

/// Why a folder is not watched. The operator is to act.
#[derive(Debug, Error)]
pub enum WatchError {
    /// The folder cannot be watched.
    #[error("cannot watch the deploy folder {folder}")]
    Watch {
        /// The folder.
        folder: PathBuf,
        /// Why.
        #[source]
        source: notify::Error,
    },
    /// The folder cannot be read.
    #[error("cannot read the deploy folder {folder}")]
    Read {
        /// The folder.
        folder: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// A folder that is watched. It is no longer so where it is itself removed or moved, which is
/// logged. Of an unmount the system does not tell.
pub struct DeployFolder {
    folder: PathBuf,
    deployments: Arc<Deployments>,
    changes: mpsc::Receiver<PathBuf>,
    /// Told when changes were dropped.
    overflow: Arc<tokio::sync::Notify>,
    /// What this folder has deployed: what it may undeploy.
    deployed: BTreeSet<DeploymentName>,
    /// Those that do not follow their files yet: at most [`RETRIES_MAX`].
    behind: BTreeSet<DeploymentName>,
    _watcher: notify::RecommendedWatcher,
}

impl DeployFolder {
    /// Begins to watch a folder. What is in it already is deployed by [`run`](Self::run).
    ///
    /// # Errors
    /// [`WatchError`] where the folder is not there or cannot be watched.
    pub fn watch(folder: &Path, deployments: Arc<Deployments>) -> Result<Self, WatchError> {
        let (sender, changes) = mpsc::channel(CHANGES_MAX);
        let overflow = Arc::new(tokio::sync::Notify::new());
        let told = Arc::clone(&overflow);
        let failed = |source| WatchError::Read { folder: folder.to_owned(), source };
        // As events name it.
        let folder = &path::absolute(folder).map_err(failed)?;
        let failed = |source| WatchError::Watch { folder: folder.clone(), source };
        let mut watcher = notify::recommended_watcher(move |event| {
            if !event::pass_on(&sender, event) {
                told.notify_one();
            }
        })
        .map_err(failed)?;
        watcher.watch(folder, RecursiveMode::NonRecursive).map_err(failed)?;
        Ok(Self {
            folder: folder.clone(),
            deployments,
            changes,
            overflow,
            deployed: BTreeSet::new(),
            behind: BTreeSet::new(),
            _watcher: watcher,
        })
    }

    /// Deploys what is in the folder.
    ///
    /// # Errors
    /// [`WatchError::Read`] where the folder cannot be read. A component that is refused is only
    /// logged.
    pub async fn deploy_all(&mut self) -> Result<(), WatchError> {
        let failed = |source| WatchError::Read { folder: self.folder.clone(), source };
        let entries =
            std::fs::read_dir(&self.folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        let mut files: Vec<_> =
            entries.map_err(failed)?.iter().map(std::fs::DirEntry::path).collect();
        files.sort();
        for file in files {
            self.follow(&file).await;
        }
        Ok(())
    }

    /// Follows the folder until the host is told to stop, or until the folder itself is removed or
    /// moved.
    pub async fn run(mut self, stopping: CancellationToken) {
        let mut retry = time::interval(RETRY_INTERVAL);
        retry.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                changed = self.changes.recv() => match changed {
                    Some(path) if path == self.folder => return self.log_lost(),
                    Some(file) => self.follow(&file).await,
                    None => return,
                },
                () = self.overflow.notified() => match self.follow_all().await {
                    Ok(()) => {}
                    Err(WatchError::Read { source, .. }) if is_not_found(&source) => {
                        return self.log_lost();
                    }
                    Err(error) => {
                        let error = anyhow::Error::new(error);
                        tracing::warn!("the deploy folder is not followed now: {error:#}");
                    }
                },
                _now = retry.tick(), if !self.behind.is_empty() => self.catch_up().await,
                () = stopping.cancelled() => return,
            }
        }
    }

    fn log_lost(&self) {
        tracing::warn!(
            "the deploy folder {} was removed or moved, and is no longer followed; put it back and \
             restart the host",
            self.folder.display()
        );
    }

    async fn follow_all(&mut self) -> Result<(), WatchError> {
        self.deploy_all().await?;
        let is_gone = |name: &&DeploymentName| {
            let found = std::fs::symlink_metadata(self.file_of(name));
            found.is_err_and(|error| is_not_found(&error))
        };
        let gone: Vec<_> = self.deployed.iter().filter(is_gone).cloned().collect();
        for name in gone {
            self.follow(&self.file_of(&name)).await;
        }
        Ok(())
    }

    /// Tries again what could not be done yet.
    async fn catch_up(&mut self) {
        for name in self.behind.clone() {
            self.follow(&self.file_of(&name)).await;
        }
    }

    fn file_of(&self, name: &DeploymentName) -> PathBuf {
        self.folder.join(format!("{name}.wasm"))
    }

    /// Makes the deployment follow its file.
    async fn follow(&mut self, file: &Path) {
        if file.extension() != Some(OsStr::new("wasm")) {
            return;
        }
        let name = match DeploymentName::from_file(file) {
            Ok(name) => name,
            Err(error) => {
                tracing::warn!(file = %file.display(), %error, "a file is not deployed");
                return;
            }
        };
        let was_behind = self.behind.remove(&name);
        let done = match component_file::read(file).await {
            Ok(component) => self.deploy(&name, component).await,
            Err(error) if error.is_gone() => self.undeploy(&name),
            Err(error) => {
                let error = anyhow::Error::new(error);
                tracing::warn!("not deployed: {error:#}");
                Ok(())
            }
        };
        if let Err(reason) = done {
            self.put_off(name, was_behind, &reason);
        }
    }

    /// Notes that a deployment does not follow its file yet. That is logged once.
    fn put_off(&mut self, name: DeploymentName, was_behind: bool, reason: &anyhow::Error) {
        if self.behind.len() >= RETRIES_MAX {
            tracing::warn!(
                deployment = %name,
                "given up, as {RETRIES_MAX} others wait already; touch its file later: {reason:#}"
            );
            return;
        }
        if !was_behind {
            let seconds = RETRY_INTERVAL.as_secs();
            tracing::warn!(
                deployment = %name, "put off, and tried again every {seconds} s: {reason:#}"
            );
        }
        self.behind.insert(name);
    }

    /// Deploys the content of a file. The error is why that is to be tried again.
    async fn deploy(&mut self, name: &DeploymentName, component: Bytes) -> anyhow::Result<()> {
        let digest = Program::digest_of(&component);
        // Two events may tell of one change.
        if self.deployments.is_current(name, &digest) {
            self.deployed.insert(name.clone());
            return Ok(());
        }
        match self.deployments.deploy(name, component, None).await {
            Ok(_report) => {
                self.deployed.insert(name.clone());
            }
            Err(error) if passes(&error) => return Err(error.into()),
            // The deployment's log says why.
            Err(_) => {}
        }
        Ok(())
    }

    /// Undeploys what this folder has deployed. The error is why that is to be tried again.
    fn undeploy(&mut self, name: &DeploymentName) -> anyhow::Result<()> {
        if !self.deployed.contains(name) {
            return Ok(());
        }
        match self.deployments.undeploy(name) {
            Ok(_report) => {}
            // Somebody else was faster.
            Err(error @ UndeployError::Unknown(_)) => {
                tracing::info!(deployment = %name, %error, "not undeployed");
            }
            Err(error @ UndeployError::Busy(_)) => return Err(error.into()),
        }
        self.deployed.remove(name);
        Ok(())
    }
}

/// Whether a failed deploy may succeed later though its file stays as it is.
fn passes(error: &DeployError) -> bool {
    matches!(
        error,
        DeployError::Busy(_)
            | DeployError::Describe(DescribeError::Seat(
                SeatError::AtCapacity | SeatError::PoolFull(_),
            ))
    )
}

fn is_not_found(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound
}
