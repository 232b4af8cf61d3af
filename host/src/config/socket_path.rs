//! Paths that a Unix socket can have.

use std::path::PathBuf;

/// The longest path of a Unix socket, in bytes: `sockaddr_un` holds 108 with the final NUL.
pub const SOCKET_PATH_MAX_BYTES: usize = 107;

/// What stands before the path of a Unix socket.
pub(super) const UNIX_PREFIX: &str = "unix:";

/// Checks a path that a socket is to have. It has to be absolute: the host and whoever connects
/// have to mean the same one, whatever folder each was started in.
pub(super) fn check(path: PathBuf) -> Result<PathBuf, SocketPathError> {
    let bytes = path.as_os_str().len();
    if !path.is_absolute() {
        return Err(SocketPathError::Relative(path));
    }
    if bytes > SOCKET_PATH_MAX_BYTES {
        return Err(SocketPathError::TooLong { path, bytes });
    }
    if path.as_os_str().as_encoded_bytes().contains(&0) {
        return Err(SocketPathError::Nul(path));
    }
    Ok(path)
}

/// Why a path is not that of a Unix socket.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SocketPathError {
    /// No file has such a name.
    #[error("the socket's path {0:?} contains a NUL")]
    Nul(PathBuf),
    /// The path depends on the folder that a process runs in.
    #[error("the socket's path {0:?} is not absolute")]
    Relative(PathBuf),
    /// The system has no room for the path.
    #[error("the socket's path {path:?} has {bytes} bytes; at most {SOCKET_PATH_MAX_BYTES} fit")]
    TooLong {
        /// The path.
        path: PathBuf,
        /// Its length.
        bytes: usize,
    },
}
