//! A certificate that nobody vouches for, and clients that trust it alone.

use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::Arc;

use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};

/// Whom the certificate names: where the hosts of the tests listen.
const NAMES: [&str; 2] = ["127.0.0.1", "localhost"];

/// A certificate for this machine's own address, signed by itself, and its key.
#[derive(Debug)]
pub struct Certificate {
    certificate: rcgen::Certificate,
    key: KeyPair,
}

impl Certificate {
    /// Makes one that nobody has used before.
    ///
    /// # Panics
    ///
    /// Where the system has no randomness.
    #[must_use]
    pub fn self_signed() -> Self {
        let names = NAMES.map(str::to_owned);
        let made = generate_simple_self_signed(names).expect("a key can be made");
        let CertifiedKey { cert: certificate, signing_key: key } = made;
        Self { certificate, key }
    }

    /// Writes `cert.pem` and `key.pem` into a folder.
    ///
    /// # Panics
    ///
    /// Where that cannot be written to.
    pub fn write_to(&self, folder: &Path) {
        fs::write(folder.join("cert.pem"), self.certificate.pem()).expect("our own folder");
        fs::write(folder.join("key.pem"), self.key.serialize_pem()).expect("our own folder");
    }

    /// What a client needs that trusts this certificate alone, and speaks one of these protocols
    /// (ALPN, RFC 7301).
    ///
    /// # Panics
    ///
    /// Where TLS cannot be used at all.
    #[must_use]
    pub fn client_config(&self, protocols: &[&str]) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.der().clone()).expect("a certificate");
        let mut config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .expect("the provider has them")
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = alpn(protocols);
        Arc::new(config)
    }

    /// What a server needs that shows this certificate, and speaks one of these protocols.
    ///
    /// # Panics
    ///
    /// Where TLS cannot be used at all.
    #[must_use]
    pub fn server_config(&self, protocols: &[&str]) -> Arc<ServerConfig> {
        let key = self.key.serialize_der().try_into().expect("a key");
        let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .expect("the provider has them")
            .with_no_client_auth()
            .with_single_cert(vec![self.certificate.der().clone()], key)
            .expect("the key is the certificate's");
        config.alpn_protocols = alpn(protocols);
        Arc::new(config)
    }

    /// The name that a client asks for.
    #[must_use]
    pub fn server_name() -> ServerName<'static> {
        ServerName::from(IpAddr::from(Ipv4Addr::LOCALHOST))
    }
}

fn alpn(protocols: &[&str]) -> Vec<Vec<u8>> {
    protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect()
}
