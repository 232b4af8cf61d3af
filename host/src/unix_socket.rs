//! Unix sockets: bound without a moment in which others could connect, never in another process's
//! place, and removed in the end.

use std::fs::{self, File, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use tokio::net::{UnixListener, UnixSocket, UnixStream};

/// The most connections that wait to be accepted; what the standard library asks for.
const BACKLOG: u32 = 128;

/// Binds a socket at a path, whose folder has to be there, with these permissions. A socket that a
/// process has left behind, and at which nobody answers, is replaced.
///
/// # Errors
/// [`UnixSocketError`]; what is at the path is then as it was.
pub(crate) async fn bind(
    path: &Path,
    mode: u32,
) -> Result<(UnixListener, SocketFile), UnixSocketError> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    // Two hosts that start at once would both find the old socket without an answer, and the
    // second would remove the new socket of the first. The lock ends with this function.
    let lock = File::open(folder)?;
    match lock.try_lock() {
        Ok(()) => (),
        Err(TryLockError::WouldBlock) => return Err(UnixSocketError::Contended),
        Err(TryLockError::Error(source)) => return Err(source.into()),
    }
    let mut socket = UnixSocket::new_stream()?;
    if let Err(error) = socket.bind(path) {
        if error.kind() != io::ErrorKind::AddrInUse {
            return Err(error.into());
        }
        remove_stale(path).await?;
        socket = UnixSocket::new_stream()?;
        socket.bind(path)?;
    }
    let file = SocketFile::look_at(path)?;
    // Until it listens nobody can connect, so that nobody comes in before the permissions are set.
    fs::set_permissions(path, Permissions::from_mode(mode))?;
    Ok((socket.listen(BACKLOG)?, file))
}

/// Removes a socket at which nobody answers.
async fn remove_stale(path: &Path) -> Result<(), UnixSocketError> {
    let found = fs::symlink_metadata(path)?;
    if !found.file_type().is_socket() {
        return Err(UnixSocketError::NotASocket);
    }
    match UnixStream::connect(path).await {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            Ok(fs::remove_file(path)?)
        }
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Err(error.into()),
        // A full queue of connections is an answer too.
        _ => Err(UnixSocketError::Taken),
    }
}

/// A socket's file. It is removed with this, unless another process has put its own there.
#[derive(Debug)]
pub(crate) struct SocketFile {
    path: PathBuf,
    identity: Identity,
}

/// Device and number of a file, and when it was made: numbers are given again.
type Identity = (u64, u64, Option<SystemTime>);

fn identity(path: &Path) -> io::Result<Identity> {
    let found = fs::symlink_metadata(path)?;
    Ok((found.dev(), found.ino(), found.created().ok()))
}

impl SocketFile {
    fn look_at(path: &Path) -> io::Result<Self> {
        Ok(Self { path: path.to_owned(), identity: identity(path)? })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        let ours = identity(&self.path).is_ok_and(|found| found == self.identity);
        if ours && let Err(error) = fs::remove_file(&self.path) {
            tracing::warn!(%error, socket = %self.path.display(), "cannot remove a socket");
        }
    }
}

/// Why a socket cannot be bound. The operator is to act.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UnixSocketError {
    /// Somebody else is binding a socket in the same folder at this moment.
    #[error("another process holds its folder at this moment; try again")]
    Contended,
    /// The system refuses.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// There is a file of another kind at the path.
    #[error("there is a file that is no socket; remove it or choose another path")]
    NotASocket,
    /// Somebody answers there.
    #[error("another sockhop, or another program, is listening there; stop it or choose another")]
    Taken,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).expect("it is there").permissions().mode() & 0o777
    }

    #[tokio::test]
    async fn a_socket_has_its_permissions_and_goes_with_its_listener() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.sock");
        let (listener, file) = bind(&path, 0o620).await.expect("free");
        assert_eq!((mode(&path), file.path()), (0o620, &*path));
        UnixStream::connect(&path).await.expect("it listens");
        drop((listener, file));
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn what_answers_or_is_no_socket_stays_and_what_is_stale_is_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.sock");
        let (listener, file) = bind(&path, 0o600).await.expect("free");
        assert!(matches!(bind(&path, 0o600).await, Err(UnixSocketError::Taken)));
        // As a process that was killed leaves it.
        drop(listener);
        // Its number is not given to the next one.
        fs::hard_link(&path, folder.path().join("kept")).expect("our own folder");
        let (_listener, _newer) = bind(&path, 0o600).await.expect("nobody answers");
        drop(file);
        assert!(path.exists(), "the newer one is not removed with the older");
        let other = folder.path().join("file");
        fs::write(&other, "kept").expect("our own folder");
        assert!(matches!(bind(&other, 0o600).await, Err(UnixSocketError::NotASocket)));
        assert_eq!(fs::read(&other).expect("still there"), b"kept");
    }
}
