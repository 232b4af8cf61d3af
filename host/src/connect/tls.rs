//! TLS for outgoing connections: the one place beside the server's that names the library.

mod material;
#[cfg(test)]
mod tests;

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use thiserror::Error;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_util::either::Either;

pub use self::material::ClientTlsError;

use super::websocket_url::without_brackets;

/// An encrypted stream over an outgoing connection.
type TlsStream = tokio_rustls::client::TlsStream<TcpStream>;

/// What an outgoing connection reads and writes, without TLS or with it, which is boxed: it is ten
/// times as large.
pub type ClientStream = Either<TcpStream, Box<TlsStream>>;

/// Whom to trust, and what to show (Jakarta `ClientEndpointConfig.getSSLContext`).
///
/// # Defaults
/// The system's authorities, no certificate, and the name that the URL has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsProfile {
    /// The authorities that are trusted in place of the system's: a file in PEM.
    pub authorities: Option<PathBuf>,
    /// The certificate to show to a server that asks for one.
    pub identity: Option<TlsIdentity>,
    /// The name that the server's certificate has to be for, in place of the URL's host.
    pub server_name: Option<String>,
}

/// A certificate to show, and its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsIdentity {
    /// The certificate and the intermediate ones, in this order, in PEM.
    pub certificate: PathBuf,
    /// The certificate's private key, not encrypted, in PEM.
    pub key: PathBuf,
}

/// A profile that is in use. Cloning shares what was read of it: files are read once.
#[derive(Clone, Default)]
pub struct ClientTls(Arc<Inner>);

#[derive(Default)]
struct Inner {
    profile: TlsProfile,
    config: OnceLock<Arc<ClientConfig>>,
}

impl ClientTls {
    /// Reads nothing yet.
    #[must_use]
    pub fn new(profile: TlsProfile) -> Self {
        Self(Arc::new(Inner { profile, config: OnceLock::new() }))
    }

    /// Reads what the profile names, which otherwise the first encrypted connection does.
    ///
    /// # Errors
    /// [`ClientTlsError`]; the next call tries again.
    pub fn load(&self) -> Result<(), ClientTlsError> {
        self.config().map(|_config| ())
    }

    fn config(&self) -> Result<Arc<ClientConfig>, ClientTlsError> {
        if let Some(config) = self.0.config.get() {
            return Ok(Arc::clone(config));
        }
        // Where two connections are the first, one of the two is kept.
        let config = material::config(&self.0.profile)?;
        Ok(Arc::clone(self.0.config.get_or_init(|| config)))
    }

    /// Does the client's part of a handshake with this host, an IPv6 address in brackets.
    pub(super) async fn encrypt(
        &self,
        stream: TcpStream,
        host: &str,
    ) -> Result<ClientStream, SecureError> {
        let config = self.config()?;
        let name = self.0.profile.server_name.as_deref().unwrap_or(host);
        let server = ServerName::try_from(without_brackets(name).to_owned())
            .map_err(|_| SecureError::Name { name: name.to_owned() })?;
        let stream = TlsConnector::from(config).connect(server, stream).await;
        stream
            .map(|stream| ClientStream::Right(Box::new(stream)))
            .map_err(|source| SecureError::Handshake { name: name.to_owned(), source })
    }
}

/// Without the keys.
impl std::fmt::Debug for ClientTls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("ClientTls").field(&self.0.profile).finish()
    }
}

/// Why a connection is not encrypted.
#[derive(Debug, Error)]
pub enum SecureError {
    /// The server is not who it should be, or does not speak TLS as it should.
    #[error("no trusted TLS connection to {name}")]
    Handshake {
        /// The name that was asked for.
        name: String,
        /// Why.
        source: io::Error,
    },
    /// The name is none that a certificate can have. Whoever chose it is to act.
    #[error("{name:?} is no name that a certificate can have")]
    Name {
        /// The name.
        name: String,
    },
    /// The profile cannot be used.
    #[error(transparent)]
    Profile(#[from] ClientTlsError),
}
