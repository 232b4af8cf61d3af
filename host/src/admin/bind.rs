//! Takes the admin API's address, and gives it back.

use std::{
    fs::DirBuilder,
    io,
    net::SocketAddr,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
};

use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

use crate::{
    config::AdminAddress,
    unix_socket::{self, SocketFile, UnixSocketError},
};

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
                let (listener, file) = bind_socket(path).await?;
                Ok(Self::Unix(listener, file))
            }
        }
    }

    pub(super) fn address(&self) -> AdminAddress {
        match self {
            Self::Tcp(_, address) => AdminAddress::Tcp(*address),
            Self::Unix(_, file) => AdminAddress::Unix(file.path().to_owned()),
        }
    }

    pub(super) async fn accept(&self) -> io::Result<Accepted> {
        match self {
            Self::Tcp(listener, _) => Ok(Accepted::Tcp(listener.accept().await?.0)),
            Self::Unix(listener, _) => Ok(Accepted::Unix(listener.accept().await?.0)),
        }
    }
}

async fn bind_socket(path: &Path) -> Result<(UnixListener, SocketFile), BindError> {
    let failed = |source| BindError::of_socket(path, source);
    let folder = path.parent().unwrap_or(Path::new("/"));
    let made = DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(folder);
    made.map_err(|source| failed(source.into()))?;
    unix_socket::bind(path, SOCKET_MODE).await.map_err(failed)
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

    fn of_socket(path: &Path, error: UnixSocketError) -> Self {
        let path = path.to_owned();
        match error {
            UnixSocketError::Contended => Self::Contended(path),
            UnixSocketError::Io(source) => Self::Io { address: AdminAddress::Unix(path), source },
            UnixSocketError::NotASocket => Self::NotASocket(path),
            UnixSocketError::Taken => Self::Taken(AdminAddress::Unix(path)),
        }
    }
}
