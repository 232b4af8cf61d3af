//! The deploy folder: a file put in is deployed, replaced is a new revision, removed is undeployed.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use notify::event::{AccessKind, AccessMode, ModifyKind};
use notify::{Event, EventKind, RecursiveMode, Watcher};
use sha2::{Digest, Sha256};
use thiserror::Error;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::Deployments;
use crate::config::DeploymentName;

/// The most changes that wait to be carried out; beyond them the whole folder is looked at again.
const CHANGES_MAX: usize = 256;

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

/// A folder that is watched.
pub struct DeployFolder {
    folder: PathBuf,
    deployments: Arc<Deployments>,
    changes: mpsc::Receiver<PathBuf>,
    /// Told when changes were dropped.
    overflow: Arc<tokio::sync::Notify>,
    /// What this folder has deployed: what it may undeploy.
    deployed: BTreeSet<DeploymentName>,
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
        let failed = |source| WatchError::Watch { folder: folder.to_owned(), source };
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            if !pass_on(&sender, event) {
                told.notify_one();
            }
        })
        .map_err(failed)?;
        watcher.watch(folder, RecursiveMode::NonRecursive).map_err(failed)?;
        Ok(Self {
            folder: folder.to_owned(),
            deployments,
            changes,
            overflow,
            deployed: BTreeSet::new(),
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

    /// Follows the folder until the host is told to stop.
    pub async fn run(mut self, stopping: CancellationToken) {
        loop {
            tokio::select! {
                changed = self.changes.recv() => match changed {
                    Some(file) => self.follow(&file).await,
                    None => return,
                },
                () = self.overflow.notified() => self.follow_all().await,
                () = stopping.cancelled() => return,
            }
        }
    }

    async fn follow_all(&mut self) {
        if let Err(error) = self.deploy_all().await {
            tracing::warn!(%error, "the deploy folder cannot be followed");
        }
        let gone = |name: &&DeploymentName| !self.folder.join(format!("{name}.wasm")).exists();
        let gone: Vec<_> = self.deployed.iter().filter(gone).cloned().collect();
        for name in gone {
            self.undeploy(&name);
        }
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
        match tokio::fs::read(file).await {
            Ok(component) => self.deploy(&name, component.into()).await,
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.undeploy(&name),
            Err(error) => tracing::warn!(file = %file.display(), %error, "a file is not deployed"),
        }
    }

    async fn deploy(&mut self, name: &DeploymentName, component: Bytes) {
        let digest: String =
            Sha256::digest(&component).iter().map(|byte| format!("{byte:02x}")).collect();
        // Two events may tell of one change.
        if self.deployments.is_current(name, &digest) {
            self.deployed.insert(name.clone());
            return;
        }
        match self.deployments.deploy(name, component, None).await {
            Ok(report) => {
                tracing::info!(deployment = %name, revision = report.revision, "deployed");
                self.deployed.insert(name.clone());
            }
            Err(error) => {
                let error = anyhow::Error::new(error);
                tracing::warn!(deployment = %name, "not deployed: {error:#}");
            }
        }
    }

    fn undeploy(&mut self, name: &DeploymentName) {
        if self.deployed.remove(name) {
            match self.deployments.undeploy(name) {
                Ok(report) => {
                    tracing::info!(deployment = %name, sessions = report.sessions_closed, "undeployed");
                }
                Err(error) => tracing::warn!(deployment = %name, %error, "not undeployed"),
            }
        }
    }
}

/// Passes on the files that an event says are whole or gone. False where there was no room for one,
/// or where the system itself has lost events.
fn pass_on(changes: &mpsc::Sender<PathBuf>, event: notify::Result<Event>) -> bool {
    let Ok(event) = event else { return false };
    let whole_or_gone = matches!(
        event.kind,
        EventKind::Access(AccessKind::Close(AccessMode::Write))
            | EventKind::Modify(ModifyKind::Name(_))
            | EventKind::Remove(_)
    );
    if event.need_rescan() {
        return false;
    }
    !whole_or_gone || event.paths.into_iter().all(|file| changes.try_send(file).is_ok())
}
