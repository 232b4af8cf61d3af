//! Plain TCP in, TLS out.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::tls::{Authority, TlsClient};

/// How much is carried at once, in bytes: a TLS record's payload at most (RFC 8446 §5.1).
const CHUNK_BYTES: usize = 16 * 1024;

/// Where the bytes go.
#[derive(Clone)]
pub(super) struct Upstream {
    host: SocketAddr,
    client: TlsClient,
}

impl Upstream {
    pub(super) fn new(host: SocketAddr, authority: &Authority) -> Self {
        Self { host, client: TlsClient::trusting(authority).speaking(&["http/1.1"]) }
    }

    /// Carries one client's bytes on a connection of its own, until both directions have ended.
    pub(super) async fn carry(&self, client: TcpStream) -> io::Result<()> {
        client.set_nodelay(true)?;
        let host = self.client.connect(self.host).await?;
        let (client_reads, client_writes) = client.into_split();
        let (host_reads, host_writes) = tokio::io::split(host);
        let up = pump(client_reads, host_writes);
        let down = pump(host_reads, client_writes);
        tokio::try_join!(up, down)?;
        Ok(())
    }
}

/// Carries one direction to its end. What was read before a failure is written before the failure
/// is told, as a client has to see the last words of a host that then drops the connection.
async fn pump(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) -> io::Result<()> {
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let read = from.read(&mut chunk).await?;
        if read == 0 {
            return to.shutdown().await;
        }
        to.write_all(&chunk[..read]).await?;
        to.flush().await?;
    }
}
