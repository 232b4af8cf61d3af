//! Connects to a host.

use std::io;

use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, UnixStream},
    time::timeout,
};
use tokio_util::task::TaskTracker;

use super::{CONNECT_TIMEOUT, ClientError};
use crate::config::AdminAddress;

/// The superuser, who may run a host for others.
const ROOT: u32 = 0;

/// Connects, in [`CONNECT_TIMEOUT`]. At a socket it looks who answers before the token is sent.
pub(super) async fn connect(
    address: &AdminAddress,
    tasks: &TaskTracker,
) -> Result<SendRequest<Full<Bytes>>, ClientError> {
    match address {
        AdminAddress::Tcp(tcp) => {
            let stream = in_time(address, TcpStream::connect(tcp)).await?;
            speak(address, stream, tasks).await
        }
        AdminAddress::Unix(path) => {
            let stream = in_time(address, UnixStream::connect(path)).await?;
            let unreachable = |source| ClientError::unreachable(address, source);
            let owner = stream.peer_cred().map_err(unreachable)?.uid();
            if owner != ROOT && owner != rustix::process::geteuid().as_raw() {
                return Err(ClientError::Foreign { address: address.clone(), owner });
            }
            speak(address, stream, tasks).await
        }
    }
}

async fn in_time<T>(
    address: &AdminAddress,
    connecting: impl Future<Output = io::Result<T>>,
) -> Result<T, ClientError> {
    let connected = match timeout(CONNECT_TIMEOUT, connecting).await {
        Ok(connected) => connected,
        Err(_late) => Err(io::ErrorKind::TimedOut.into()),
    };
    connected.map_err(|source| ClientError::unreachable(address, source))
}

async fn speak<S>(
    address: &AdminAddress,
    stream: S,
    tasks: &TaskTracker,
) -> Result<SendRequest<Full<Bytes>>, ClientError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let broken = |error: hyper::Error| ClientError::Broken {
        address: address.clone(),
        source: error.into(),
    };
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
    // Ends with the request or the body of its answer, both of which tell what went wrong.
    tasks.spawn(async move { drop(connection.await) });
    Ok(sender)
}
