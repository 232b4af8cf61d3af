//! Certificates for tests, and clients that hold the host against them.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{
    CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName,
};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::within;

/// The name that clients ask for.
const HOST: &str = "localhost";

/// What the host's certificates are for: that name, and where the hosts of the tests listen.
const NAMES: [&str; 2] = [HOST, "127.0.0.1"];

/// Who signs certificates.
#[derive(Debug)]
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key.
#[derive(Debug)]
pub struct Pair {
    certificate: rcgen::Certificate,
    key: KeyPair,
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

impl Authority {
    /// One that nobody has heard of yet.
    ///
    /// # Panics
    ///
    /// Where none can be made.
    #[must_use]
    pub fn new() -> Self {
        let mut params = CertificateParams::new([]).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        Self(CertifiedIssuer::self_signed(params, key).expect("a certificate"))
    }

    /// Its own certificate, in PEM.
    #[must_use]
    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate for `localhost` and 127.0.0.1, or for a client.
    ///
    /// # Panics
    ///
    /// Where none can be made.
    #[must_use]
    pub fn sign(&self) -> Pair {
        let params = CertificateParams::new(NAMES.map(str::to_owned)).expect("names");
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.0).expect("a certificate");
        Pair { certificate, key }
    }
}

impl Pair {
    /// The certificate, in DER.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        self.certificate.der()
    }

    /// Writes both into a folder as `host.crt` and `host.key`, one after the other.
    ///
    /// # Panics
    ///
    /// Where the folder cannot be written to.
    pub fn write(&self, folder: &Path) {
        for (file, pem) in
            [("host.crt", self.certificate.pem()), ("host.key", self.key.serialize_pem())]
        {
            std::fs::write(folder.join(file), pem).expect("our own folder");
        }
    }

    /// A server that shows this certificate and speaks one protocol.
    #[cfg(test)]
    pub(crate) fn acceptor(&self, protocol: &str) -> tokio_rustls::TlsAcceptor {
        use tokio_rustls::rustls::ServerConfig;

        let key = PrivatePkcs8KeyDer::from(self.key.serialize_der());
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("the provider knows them")
            .with_no_client_auth()
            .with_single_cert(vec![self.certificate.der().clone()], key.into())
            .expect("a pair");
        config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
        Arc::new(config).into()
    }
}

/// A client that trusts one authority.
#[derive(Clone, Debug)]
pub struct TlsClient {
    roots: Arc<RootCertStore>,
    own: Option<(CertificateDer<'static>, Arc<PrivateKeyDer<'static>>)>,
    protocols: Vec<Vec<u8>>,
}

impl TlsClient {
    /// One that trusts this authority, shows no certificate and asks for no protocol.
    ///
    /// # Panics
    ///
    /// Where the authority is none.
    #[must_use]
    pub fn trusting(authority: &Authority) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(authority.0.der().clone()).expect("an authority");
        Self { roots: Arc::new(roots), own: None, protocols: Vec::new() }
    }

    /// Shows this certificate when it is asked for one.
    #[must_use]
    pub fn showing(mut self, pair: &Pair) -> Self {
        let key = PrivatePkcs8KeyDer::from(pair.key.serialize_der());
        self.own = Some((pair.certificate.der().clone(), Arc::new(key.into())));
        self
    }

    /// Asks for these protocols.
    #[must_use]
    pub fn speaking(mut self, protocols: &[&str]) -> Self {
        self.protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        self
    }

    /// Connects.
    ///
    /// # Errors
    ///
    /// The handshake failed.
    ///
    /// # Panics
    ///
    /// Where nobody listens.
    pub async fn connect(&self, address: SocketAddr) -> std::io::Result<TlsStream<TcpStream>> {
        let tcp = TcpStream::connect(address).await.expect("the host listens");
        tcp.set_nodelay(true)?;
        self.over(tcp).await
    }

    /// Does the handshake over a connection.
    ///
    /// # Errors
    ///
    /// The handshake failed.
    ///
    /// # Panics
    ///
    /// Where the client's own certificate is none.
    pub async fn over(&self, tcp: TcpStream) -> std::io::Result<TlsStream<TcpStream>> {
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("the provider knows them")
            .with_root_certificates(Arc::clone(&self.roots));
        let mut config = match &self.own {
            Some((certificate, key)) => config
                .with_client_auth_cert(vec![certificate.clone()], key.clone_key())
                .expect("a pair"),
            None => config.with_no_client_auth(),
        };
        config.alpn_protocols.clone_from(&self.protocols);
        let name = ServerName::try_from(HOST).expect("a name");
        within("the TLS handshake", TlsConnector::from(Arc::new(config)).connect(name, tcp)).await
    }
}

/// The certificate that the host has shown, in DER.
///
/// # Panics
///
/// Where it has shown none.
#[must_use]
pub fn shown(stream: &TlsStream<TcpStream>) -> &[u8] {
    let chain = stream.get_ref().1.peer_certificates().expect("a chain");
    chain.first().expect("a certificate")
}

/// The protocol that was agreed upon.
#[must_use]
pub fn spoken(stream: &TlsStream<TcpStream>) -> Option<&str> {
    stream.get_ref().1.alpn_protocol().and_then(|name| str::from_utf8(name).ok())
}
