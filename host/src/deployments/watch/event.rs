//! Which of the system's events say that a file may be deployed, or is gone.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use notify::event::{AccessKind, AccessMode, ModifyKind};
use notify::{Event, EventKind};
use tokio::sync::mpsc;

/// Passes on the paths that an event says are whole or gone; the folder's own where it is itself
/// gone. False where there was no room for one, or where the system itself has lost events.
pub(super) fn pass_on(changes: &mpsc::Sender<PathBuf>, event: notify::Result<Event>) -> bool {
    let Ok(event) = event else { return false };
    if event.need_rescan() {
        return false;
    }
    let concerns = |path: &PathBuf| match event.kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write))
        | EventKind::Modify(ModifyKind::Name(_))
        | EventKind::Remove(_) => true,
        EventKind::Create(_) => is_made_whole(path),
        _ => false,
    };
    let mut concerned = event.paths.iter().filter(|path| concerns(path));
    concerned.all(|path| changes.try_send(path.clone()).is_ok())
}

/// Whether what was just made is not going to be written. A new file is: its end is told of. A
/// link is not; neither is what is no file, which is then refused.
fn is_made_whole(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| !metadata.is_file() || metadata.nlink() > 1)
}
