//! Addresses that connections are accepted at.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::net::{TcpListener, UnixListener};

use super::peer::{Peer, PeerAddress, canonical};
use super::stream::Stream;
use super::tls::Tls;
use crate::config::{FileMode, ListenAddress};
use crate::unix_socket::{self, SocketFile};

/// An address that is bound.
pub(super) struct Listener {
    socket: Socket,
    address: BoundAddress,
}

enum Socket {
    Tcp(TcpListener),
    Encrypted(TcpListener, Arc<Tls>),
    /// With the file, which goes with this.
    Unix(UnixListener, #[expect(dead_code, reason = "it is held to be dropped")] SocketFile),
}

/// A connection, as it came.
pub(super) struct Accepted {
    pub(super) stream: Stream,
    /// As the system tells.
    pub(super) peer: Peer,
    /// By what it is encrypted.
    pub(super) tls: Option<Arc<Tls>>,
}

/// Where connections are accepted, with the port that the system picked where it was to. Displayed
/// as the configuration would write it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BoundAddress {
    /// Without encryption.
    Ws(SocketAddr),
    /// Over TLS.
    Wss(SocketAddr),
    /// At a Unix socket.
    Unix(PathBuf),
}

impl BoundAddress {
    /// What a browser opens to see the files that are served here; nothing for a Unix socket.
    #[must_use]
    pub fn page(&self) -> Option<String> {
        match self {
            Self::Ws(address) => Some(format!("http://{address}/")),
            Self::Wss(address) => Some(format!("https://{address}/")),
            Self::Unix(_) => None,
        }
    }
}

impl fmt::Display for BoundAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ws(address) => write!(f, "ws://{address}"),
            Self::Wss(address) => write!(f, "wss://{address}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// An address could not be bound. The operator is to act.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}")]
pub struct BindError {
    address: String,
    #[source]
    source: Box<dyn std::error::Error + Send + Sync>,
}

impl Listener {
    /// Binds an address; `socket_mode` is for the file of a Unix socket, `tls` for what encrypts.
    pub(super) async fn bind(
        address: &ListenAddress,
        socket_mode: FileMode,
        tls: Option<&Arc<Tls>>,
    ) -> Result<Self, BindError> {
        let failed = |source| BindError { address: address.to_string(), source };
        let refused = |error: io::Error| failed(error.into());
        let tcp = async |host_and_port: &str| -> io::Result<(TcpListener, SocketAddr)> {
            let listener = TcpListener::bind(host_and_port).await?;
            let bound = listener.local_addr()?;
            Ok((listener, bound))
        };
        let (socket, address) = match address {
            ListenAddress::Ws(address) => {
                let (listener, bound) = tcp(address).await.map_err(refused)?;
                (Socket::Tcp(listener), BoundAddress::Ws(bound))
            }
            ListenAddress::Wss(address) => {
                let tls = tls.ok_or_else(|| failed("there is no certificate".into()))?;
                let (listener, bound) = tcp(address).await.map_err(refused)?;
                (Socket::Encrypted(listener, Arc::clone(tls)), BoundAddress::Wss(bound))
            }
            ListenAddress::Unix(path) => {
                let bound = unix_socket::bind(path, socket_mode.bits()).await;
                let (listener, file) = bound.map_err(|error| failed(error.into()))?;
                (Socket::Unix(listener, file), BoundAddress::Unix(path.clone()))
            }
        };
        Ok(Self { socket, address })
    }

    pub(super) fn address(&self) -> &BoundAddress {
        &self.address
    }

    /// The next connection, as it came: nothing of it is read yet.
    pub(super) async fn accept(&self) -> io::Result<Accepted> {
        let (stream, peer, tls) = match &self.socket {
            Socket::Tcp(listener) => {
                let (stream, peer) = accept_tcp(listener).await?;
                (stream, peer, None)
            }
            Socket::Encrypted(listener, tls) => {
                let (stream, peer) = accept_tcp(listener).await?;
                (stream, peer, Some(Arc::clone(tls)))
            }
            Socket::Unix(listener, _) => {
                let (stream, _unnamed) = listener.accept().await?;
                let peer = Peer::new(PeerAddress::Unix, self.address.to_string());
                (Stream::from(stream), peer, None)
            }
        };
        Ok(Accepted { stream, peer, tls })
    }
}

async fn accept_tcp(listener: &TcpListener) -> io::Result<(Stream, Peer)> {
    let (stream, peer) = listener.accept().await?;
    // Only latency suffers where this fails.
    let _set = stream.set_nodelay(true);
    let local = canonical(stream.local_addr()?).to_string();
    Ok((Stream::from(stream), Peer::new(PeerAddress::from(peer), local)))
}
