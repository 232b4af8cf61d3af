//! Certificates that change: read again at SIGHUP, and when something happens in their folders.

use std::collections::BTreeSet;
use std::io;
use std::path::{self, Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use notify::event::{AccessKind, AccessMode};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Notify;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::Tls;
use crate::telemetry::chain;

/// How long after a change the files are read: certificate and key are written one after the other,
/// and a pair of which one is new and one is old is none.
const SETTLE: Duration = Duration::from_millis(250);

/// Follows the files of [`Tls`], and hears the signal where there is none, which would end the
/// process if nobody did.
pub(in crate::server) struct Reloader {
    tls: Option<Arc<Tls>>,
    changed: Arc<Notify>,
    hang_up: Signal,
    watcher: Option<RecommendedWatcher>,
}

impl Reloader {
    /// Begins to listen for the signal, and to watch. Where the system lets nothing be watched, the
    /// signal is left, and the log says so.
    ///
    /// # Errors
    /// The signal cannot be awaited.
    pub(in crate::server) fn new(tls: Option<Arc<Tls>>) -> io::Result<Self> {
        let hang_up = signal(SignalKind::hangup())?;
        let changed = Arc::new(Notify::new());
        let watcher = tls.as_deref().and_then(|tls| {
            let watched = watch(tls, &changed);
            let unwatched = |error| {
                tracing::warn!(
                    "the certificate's folder cannot be watched, and is read again at SIGHUP \
                     alone: {}",
                    chain(&error)
                );
            };
            watched.map_err(unwatched).ok()
        });
        Ok(Self { tls, changed, hang_up, watcher })
    }

    /// Follows the files until the host is told to stop.
    pub(in crate::server) async fn run(mut self, stopping: CancellationToken) {
        let mut complaint = Complaint::default();
        loop {
            let asked = tokio::select! {
                () = self.changed.notified() => {
                    // Changes meanwhile leave a permit, so that none is overlooked.
                    sleep(SETTLE).await;
                    false
                }
                heard = self.hang_up.recv() => {
                    if heard.is_none() {
                        return;
                    }
                    true
                }
                () = stopping.cancelled() => return,
            };
            let Some(tls) = &self.tls else {
                tracing::info!("SIGHUP: there is no certificate to read again");
                continue;
            };
            // What was watched may be elsewhere by now: links and folders are replaced too. Before
            // the files are read, so that no change falls between. Where it does not go, what is
            // watched already may still tell when it does.
            if let Ok(watcher) = watch(tls, &self.changed) {
                self.watcher = Some(watcher);
            }
            let reloaded = tls.reload();
            let is_news = complaint.is_news(reloaded.as_ref().err().map(|error| chain(error)));
            match reloaded {
                Ok(true) => tracing::info!("the new certificate is used from now on"),
                // Whoever asked wants an answer; a change of something else needs none.
                Ok(false) if asked => tracing::info!("the certificate's files are as they were"),
                Ok(false) => {}
                // A file that is missing would be in the log whenever something happens beside it.
                Err(_) if !(asked || is_news) => {}
                Err(error) => tracing::warn!(
                    "the certificate is not replaced, and the old one stays: {}",
                    chain(&error)
                ),
            }
        }
    }
}

/// What was wrong with the files when they were read last.
#[derive(Default)]
struct Complaint(Option<String>);

impl Complaint {
    /// Whether something is wrong now that was not, or was another thing.
    fn is_news(&mut self, wrong: Option<String>) -> bool {
        let is_news = wrong.is_some() && wrong != self.0;
        self.0 = wrong;
        is_news
    }
}

/// Watches the folders rather than the files: those are replaced, and links to them are. The
/// folders themselves may be as well, which shows in the ones that they are in.
fn watch(tls: &Tls, changed: &Arc<Notify>) -> notify::Result<RecommendedWatcher> {
    let changed = Arc::clone(changed);
    let settings = &tls.settings;
    let files = [&*settings.certificate, &settings.key];
    let files = files.into_iter().chain(settings.client_auth.authorities());
    let folders: BTreeSet<_> = files.flat_map(folders).collect();
    let watched = folders.clone();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        if event.map_or(true, |event| concerns(&event, &watched)) {
            changed.notify_one();
        }
    })?;
    for parent in folders.iter().filter_map(|folder| folder.parent()) {
        // Not all may be listed, and they are not where files usually change.
        let _unwatched = watcher.watch(parent, RecursiveMode::NonRecursive);
    }
    for folder in &folders {
        watcher.watch(folder, RecursiveMode::NonRecursive)?;
    }
    Ok(watcher)
}

/// Whether one of the folders, or something in it, may have changed.
fn concerns(event: &notify::Event, folders: &BTreeSet<PathBuf>) -> bool {
    let is_theirs = |path: &PathBuf| {
        folders.contains(path) || path.parent().is_some_and(|folder| folders.contains(folder))
    };
    may_have_changed(event.kind) && (event.paths.is_empty() || event.paths.iter().any(is_theirs))
}

/// The folder of a file, and where it is a link that of what it leads to; in full, as the paths of
/// changes are.
fn folders(file: &Path) -> impl Iterator<Item = PathBuf> {
    let places = [path::absolute(file).ok(), file.canonicalize().ok()];
    places.into_iter().flatten().filter_map(|file| file.parent().map(Path::to_owned))
}

/// Reading, which the host does itself, changes nothing.
fn may_have_changed(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
        EventKind::Access(_) => false,
        EventKind::Any
        | EventKind::Create(_)
        | EventKind::Modify(_)
        | EventKind::Remove(_)
        | EventKind::Other => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_told_once_until_it_changes() {
        let mut complaint = Complaint::default();
        let mut is_news = |wrong: Option<&str>| complaint.is_news(wrong.map(str::to_owned));
        assert!(!is_news(None));
        assert!(is_news(Some("no certificate")));
        assert!(!is_news(Some("no certificate")));
        assert!(is_news(Some("no key")));
        assert!(!is_news(None));
        assert!(is_news(Some("no key")));
    }
}
