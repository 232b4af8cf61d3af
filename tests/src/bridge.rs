//! Bridges for clients that speak nothing but plain HTTP/1.1: what they send reaches the host by
//! another transport, and neither end's frames are touched.

mod head;
mod http2;
#[cfg(test)]
mod tests;
mod tls;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use crate::tls::Authority;
use crate::{TestHost, TestHostBuilder};

/// How a client's bytes reach the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// HTTP/1.1 over TCP.
    Plain,
    /// HTTP/1.1 over TLS.
    Tls,
    /// HTTP/2 over TLS: a stream for each session (RFC 8441), all on one connection, so that what
    /// one session leaves behind is felt by the next.
    Http2,
}

impl Transport {
    /// A host that listens for this transport.
    #[must_use]
    pub fn listener(self, host: TestHostBuilder) -> TestHostBuilder {
        match self {
            Self::Plain => host,
            Self::Tls | Self::Http2 => host.tls(),
        }
    }

    /// A way to such a host for clients that speak nothing but plain HTTP/1.1.
    ///
    /// # Panics
    ///
    /// Where the host does not speak it.
    pub async fn bridge(self, host: &TestHost) -> Bridge {
        match self {
            Self::Plain => Bridge::none(host.address()),
            Self::Tls => Bridge::tls(host.address(), host.authority()).await,
            Self::Http2 => Bridge::http2(host.address(), host.authority()).await,
        }
    }
}

/// A running bridge, or the host's own address where none is needed. All connections through it
/// end when it is dropped.
///
/// What fails in it ends the connection that it fails for, which both ends see.
#[derive(Debug)]
pub struct Bridge {
    address: SocketAddr,
    acceptor: Option<JoinHandle<()>>,
}

impl Bridge {
    /// Where its clients connect to.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    fn none(host: SocketAddr) -> Self {
        Self { address: host, acceptor: None }
    }

    async fn tls(host: SocketAddr, authority: &Authority) -> Self {
        let upstream = tls::Upstream::new(host, authority);
        Self::start(move |client| {
            let upstream = upstream.clone();
            async move { upstream.carry(client).await }
        })
        .await
    }

    async fn http2(host: SocketAddr, authority: &Authority) -> Self {
        let upstream = Arc::new(http2::Upstream::connect(host, authority).await);
        Self::start(move |client| {
            let upstream = Arc::clone(&upstream);
            async move { upstream.carry(client).await }
        })
        .await
    }

    /// Accepts clients, and carries each on a task of its own.
    async fn start<F>(carry: impl Fn(TcpStream) -> F + Send + 'static) -> Self
    where
        F: Future<Output = io::Result<()>> + Send + 'static,
    {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let acceptor = tokio::spawn(async move {
            let mut carried = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                carried.spawn(carry(client));
                while carried.try_join_next().is_some() {}
            }
        });
        Self { address, acceptor: Some(acceptor) }
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        if let Some(acceptor) = &self.acceptor {
            acceptor.abort();
        }
    }
}
