//! TLS: the one place that names the library. Certificates are replaced while connections go on.

mod material;
mod reload;

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::{ServerConfig, ServerConnection};

pub use self::material::TlsError;
pub(super) use self::reload::Reloader;

use self::material::Material;
use super::stream::Stream;
use crate::config::TlsSettings;

/// HTTP/2 over TLS by its name (RFC 9113 §3.2).
const HTTP2: &[u8] = b"h2";

/// What is spoken inside (RFC 7301), in the order of preference.
const PROTOCOLS: [&[u8]; 2] = [HTTP2, b"http/1.1"];

/// An encrypted stream over an accepted connection.
pub(super) type TlsStream = tokio_rustls::server::TlsStream<Stream>;

/// How connections are encrypted from now on.
pub(super) struct Tls {
    settings: TlsSettings,
    protocols: &'static [&'static [u8]],
    /// Replaced as a whole: what a handshake begins with it ends with.
    current: ArcSwap<ServerConfig>,
    /// What was read last, whether it could be used or not.
    last: Mutex<Material>,
}

/// What a TLS handshake has settled.
pub(super) struct Settled {
    /// The connection behind it.
    pub(super) stream: Stream,
    /// The peer's certificates, its own first, in DER.
    pub(super) certificates: Arc<[Vec<u8>]>,
    /// Whether HTTP/2 was agreed upon.
    pub(super) http2: bool,
}

impl Tls {
    /// Reads and checks the files of the settings; `http2` says whether that is offered.
    pub(super) fn load(settings: TlsSettings, http2: bool) -> Result<Self, TlsError> {
        let protocols = if http2 { &PROTOCOLS[..] } else { &PROTOCOLS[1..] };
        let material = Material::read(&settings)?;
        let current = ArcSwap::from_pointee(material.config(&settings, protocols)?);
        Ok(Self { settings, protocols, current, last: Mutex::new(material) })
    }

    /// Does the server's part of a handshake.
    pub(super) async fn accept(&self, stream: Stream) -> io::Result<Settled> {
        let acceptor = TlsAcceptor::from(self.current.load_full());
        let Some(accepted) = self.in_time(acceptor.accept(stream)).await else {
            return Err(io::ErrorKind::TimedOut.into());
        };
        let stream = accepted?;
        let connection = stream.get_ref().1;
        let certificates = certificates(connection);
        let http2 = connection.alpn_protocol() == Some(HTTP2);
        Ok(Settled { stream: Stream::from(stream), certificates, http2 })
    }

    async fn in_time<F: Future>(&self, handshake: F) -> Option<F::Output> {
        let limit: Duration = self.settings.handshake_timeout;
        timeout(limit, handshake).await.ok()
    }

    /// Reads the files again, and uses what is in them from the next handshake on. Whether there
    /// was anything new.
    ///
    /// # Errors
    /// [`TlsError`]; then all stays as it was, and the same files are not complained of again.
    fn reload(&self) -> Result<bool, TlsError> {
        let material = Material::read(&self.settings)?;
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if *last == material {
            return Ok(false);
        }
        let config = material.config(&self.settings, self.protocols);
        *last = material;
        self.current.store(Arc::new(config?));
        Ok(true)
    }
}

fn certificates(connection: &ServerConnection) -> Arc<[Vec<u8>]> {
    let chain = connection.peer_certificates().unwrap_or_default();
    chain.iter().map(|certificate| certificate.to_vec()).collect()
}

#[cfg(test)]
mod tests;
