//! Takes the admin API's address, and gives it back.

use std::{
    fs::{self, DirBuilder, File, Permissions, TryLockError},
    io,
    net::SocketAddr,
    os::unix::fs::{DirBuilderExt as _, FileTypeExt as _, MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

use crate::config::AdminAddress;

/// Permissions of the socket: its owner's alone.
const SOCKET_MODE: u32 = 0o600;

/// Permissions of folders that are made for the socket: their owner's alone.
const FOLDER_MODE: u32 = 0o700;

/// A bound address.
#[derive(Debug)]
pub(super) enum Listener {
    Tcp(TcpListener, SocketAddr),
    Unix(UnixListener, SocketFile),
}

/// A connection that has come in.
pub(super) enum Accepted {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Listener {
    /// Binds an address. A socket's folder is made where it does not exist, and a socket that a
    /// host has left behind, and at which nobody answers, is replaced.
    pub(super) async fn bind(address: &AdminAddress) -> Result<Self, BindError> {
        match address {
            AdminAddress::Tcp(address) => {
                let failed = |source| BindError::of_tcp(*address, source);
                let listener = TcpListener::bind(address).await.map_err(failed)?;
                let bound = listener.local_addr().map_err(failed)?;
                Ok(Self::Tcp(listener, bound))
            }
            AdminAddress::Unix(path) => {
                let listener = bind_socket(path).await?;
                Ok(Self::Unix(listener, SocketFile::look_at(path)?))
            }
        }
    }

    pub(super) fn address(&self) -> AdminAddress {
        match self {
            Self::Tcp(_, address) => AdminAddress::Tcp(*address),
            Self::Unix(_, file) => AdminAddress::Unix(file.path.clone()),
        }
    }

    pub(super) async fn accept(&self) -> io::Result<Accepted> {
        match self {
            Self::Tcp(listener, _) => Ok(Accepted::Tcp(listener.accept().await?.0)),
            Self::Unix(listener, _) => Ok(Accepted::Unix(listener.accept().await?.0)),
        }
    }
}

/// The socket's file. It is removed with this, unless another host has put its own there.
#[derive(Debug)]
pub(super) struct SocketFile {
    path: PathBuf,
    identity: (u64, u64),
}

impl SocketFile {
    fn look_at(path: &Path) -> Result<Self, BindError> {
        let found =
            fs::symlink_metadata(path).map_err(|source| BindError::of_socket(path, source))?;
        Ok(Self { path: path.to_owned(), identity: (found.dev(), found.ino()) })
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        let ours = fs::symlink_metadata(&self.path)
            .is_ok_and(|found| (found.dev(), found.ino()) == self.identity);
        if ours && let Err(error) = fs::remove_file(&self.path) {
            tracing::warn!(%error, socket = %self.path.display(), "cannot remove the admin socket");
        }
    }
}

async fn bind_socket(path: &Path) -> Result<UnixListener, BindError> {
    let failed = |source| BindError::of_socket(path, source);
    let folder = path.parent().unwrap_or(Path::new("/"));
    DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(folder).map_err(failed)?;
    // Two hosts that start at once would both find the old socket without an answer, and the
    // second would remove the new socket of the first. The lock ends with this function.
    let lock = File::open(folder).map_err(failed)?;
    match lock.try_lock() {
        Ok(()) => (),
        Err(TryLockError::WouldBlock) => return Err(BindError::Contended(path.to_owned())),
        Err(TryLockError::Error(source)) => return Err(failed(source)),
    }
    let listener = match UnixListener::bind(path) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            remove_stale(path).await?;
            UnixListener::bind(path).map_err(failed)?
        }
        bound => bound.map_err(failed)?,
    };
    // Whoever connects before this line is turned away by the check of the peer's user.
    fs::set_permissions(path, Permissions::from_mode(SOCKET_MODE)).map_err(failed)?;
    Ok(listener)
}

/// Removes a socket at which nobody answers.
async fn remove_stale(path: &Path) -> Result<(), BindError> {
    let failed = |source| BindError::of_socket(path, source);
    let found = fs::symlink_metadata(path).map_err(failed)?;
    if !found.file_type().is_socket() {
        return Err(BindError::NotASocket(path.to_owned()));
    }
    match UnixStream::connect(path).await {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            fs::remove_file(path).map_err(failed)
        }
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Err(failed(error)),
        // A full queue of connections is an answer too.
        _ => Err(BindError::Taken(AdminAddress::Unix(path.to_owned()))),
    }
}

/// Why the admin API cannot be served at an address.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Somebody else is binding a socket in the same folder at this moment.
    #[error("another process holds the folder of the admin socket {}; try again", .0.display())]
    Contended(PathBuf),
    /// The system refuses.
    #[error("cannot serve the admin API at {address}")]
    Io {
        /// The address.
        address: AdminAddress,
        /// Why.
        source: io::Error,
    },
    /// There is a file of another kind at the socket's path.
    #[error("{} is there and is no socket; remove it or choose another --admin", .0.display())]
    NotASocket(PathBuf),
    /// The address is in use.
    #[error(
        "another sockhop, or another program, is listening at {0}; stop it or choose another \
         --admin"
    )]
    Taken(AdminAddress),
}

impl BindError {
    fn of_tcp(address: SocketAddr, source: io::Error) -> Self {
        let address = AdminAddress::Tcp(address);
        match source.kind() {
            io::ErrorKind::AddrInUse => Self::Taken(address),
            _ => Self::Io { address, source },
        }
    }

    fn of_socket(path: &Path, source: io::Error) -> Self {
        Self::Io { address: AdminAddress::Unix(path.to_owned()), source }
    }
}
