//! The files that TLS needs: read, checked against each other, and made into a configuration.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject as _};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::danger::ClientCertVerifier;
use tokio_rustls::rustls::server::{VerifierBuilderError, WebPkiClientVerifier};
use tokio_rustls::rustls::{self, InconsistentKeys, RootCertStore, ServerConfig};

use crate::config::{ClientAuth, TlsSettings};

/// The most bytes of one of the files. A chain has a few kilobytes, and a bundle of all public
/// authorities a quarter of this.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// What the files hold.
#[derive(PartialEq, Eq)]
pub(super) struct Material {
    certificate: Vec<u8>,
    key: Vec<u8>,
    authorities: Option<Vec<u8>>,
}

impl Material {
    /// Reads the files.
    pub(super) fn read(settings: &TlsSettings) -> Result<Self, TlsError> {
        let authorities = settings.client_auth.authorities();
        Ok(Self {
            certificate: read("tls.certificate", &settings.certificate)?,
            key: read("tls.key", &settings.key)?,
            authorities: authorities.map(|file| read("tls.client_ca", file)).transpose()?,
        })
    }

    /// Checks them, and makes a configuration of them that offers these protocols (RFC 7301).
    pub(super) fn config(
        &self,
        settings: &TlsSettings,
        protocols: &[&[u8]],
    ) -> Result<ServerConfig, TlsError> {
        let file = &settings.certificate;
        let chain = certificates(&self.certificate, file)?;
        if chain.is_empty() {
            return Err(TlsError::NoCertificate { file: file.clone() });
        }
        let key = PrivateKeyDer::from_pem_slice(&self.key).map_err(|error| match error {
            pem::Error::NoItemsFound => TlsError::NoKey { file: settings.key.clone() },
            source => TlsError::Pem { file: settings.key.clone(), source },
        })?;
        let provider = Arc::new(ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|source| TlsError::pair(settings, source))?;
        let builder = match self.verifier(&settings.client_auth)? {
            Some(verifier) => builder.with_client_cert_verifier(verifier),
            None => builder.with_no_client_auth(),
        };
        let config = builder.with_single_cert(chain, key);
        let mut config = config.map_err(|source| TlsError::pair(settings, source))?;
        config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        Ok(config)
    }

    fn verifier(
        &self,
        client_auth: &ClientAuth,
    ) -> Result<Option<Arc<dyn ClientCertVerifier>>, TlsError> {
        let (Some(file), Some(pem)) = (client_auth.authorities(), &self.authorities) else {
            return Ok(None);
        };
        let mut roots = RootCertStore::empty();
        for authority in certificates(pem, file)? {
            let added = roots.add(authority);
            added.map_err(|source| TlsError::Authority { file: file.to_owned(), source })?;
        }
        let provider = Arc::new(ring::default_provider());
        let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
        let builder = match client_auth {
            ClientAuth::Optional(_) => builder.allow_unauthenticated(),
            ClientAuth::None | ClientAuth::Required(_) => builder,
        };
        let verifier = builder.build();
        verifier.map(Some).map_err(|source| TlsError::Authorities { file: file.to_owned(), source })
    }
}

fn certificates(pem: &[u8], file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let read = CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>();
    read.map_err(|source| TlsError::Pem { file: file.to_owned(), source })
}

fn read(key: &'static str, file: &Path) -> Result<Vec<u8>, TlsError> {
    let failed = |source| TlsError::Read { key, file: file.to_owned(), source };
    let mut bytes = Vec::new();
    let opened = File::open(file).map_err(failed)?;
    opened.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(failed(io::ErrorKind::FileTooLarge.into()));
    }
    Ok(bytes)
}

/// Why connections cannot be encrypted with the files that the configuration names. The operator is
/// to act.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// An authority in the file for clients is none.
    #[error(
        "{} holds a certificate that cannot sign others; name the authorities' own in \
         tls.client_ca",
        file.display()
    )]
    Authority {
        /// The file.
        file: PathBuf,
        /// Why.
        source: rustls::Error,
    },
    /// The authorities for clients cannot be used.
    #[error(
        "clients cannot be held against {}; name a PEM file with at least one authority's \
         certificate in tls.client_ca",
        file.display()
    )]
    Authorities {
        /// The file.
        file: PathBuf,
        /// Why.
        source: VerifierBuilderError,
    },
    /// There is no certificate in the file for it.
    #[error(
        "{} holds no certificate; name a PEM file in tls.certificate with the host's own \
         certificate first and the intermediate ones behind it",
        file.display()
    )]
    NoCertificate {
        /// The file.
        file: PathBuf,
    },
    /// There is no key in the file for it.
    #[error(
        "{} holds no private key; name a PEM file in tls.key with a key that is not encrypted",
        file.display()
    )]
    NoKey {
        /// The file.
        file: PathBuf,
    },
    /// Certificate and key are not of one pair.
    #[error(
        "the key in {} is not that of the first certificate in {}; name the files of one pair",
        key.display(),
        certificate.display()
    )]
    NotAPair {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
    },
    /// A file is no PEM.
    #[error("{} is damaged; write it again, in PEM", file.display())]
    Pem {
        /// The file.
        file: PathBuf,
        /// Why.
        source: pem::Error,
    },
    /// A file cannot be read.
    #[error("cannot read {}, which {key} names", file.display())]
    Read {
        /// The key of the configuration.
        key: &'static str,
        /// The file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Certificate or key are of a kind that cannot be used.
    #[error(
        "{} and {} cannot be used; use an RSA, ECDSA or Ed25519 pair",
        certificate.display(),
        key.display()
    )]
    Unusable {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// Why.
        source: rustls::Error,
    },
}

impl TlsError {
    fn pair(settings: &TlsSettings, source: rustls::Error) -> Self {
        let (certificate, key) = (settings.certificate.clone(), settings.key.clone());
        match source {
            rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                Self::NotAPair { certificate, key }
            }
            source => Self::Unusable { certificate, key, source },
        }
    }
}
