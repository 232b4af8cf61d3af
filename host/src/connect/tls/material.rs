//! The files that a profile names, and the system's authorities, made into a configuration.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject as _};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore};

use super::{TlsIdentity, TlsProfile};

/// The most bytes of one of the files: four times a bundle of all public authorities.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// What is spoken inside (RFC 7301): the handshake is one of HTTP/1.1.
const PROTOCOL: &[u8] = b"http/1.1";

/// Reads what a profile names.
pub(super) fn config(profile: &TlsProfile) -> Result<Arc<ClientConfig>, ClientTlsError> {
    let roots = match &profile.authorities {
        Some(file) => authorities(file)?,
        None => system_authorities()?,
    };
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(ClientTlsError::Library)?
        .with_root_certificates(roots);
    let mut config = match &profile.identity {
        None => builder.with_no_client_auth(),
        Some(identity) => {
            let (chain, key) = read_identity(identity)?;
            let config = builder.with_client_auth_cert(chain, key);
            config.map_err(|source| ClientTlsError::Identity {
                certificate: identity.certificate.clone(),
                key: identity.key.clone(),
                source,
            })?
        }
    };
    config.alpn_protocols = vec![PROTOCOL.to_vec()];
    Ok(Arc::new(config))
}

/// The authorities in a file, each of which has to be one.
fn authorities(file: &Path) -> Result<RootCertStore, ClientTlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(file)? {
        let added = roots.add(certificate);
        added.map_err(|source| ClientTlsError::Authority { file: file.to_owned(), source })?;
    }
    Ok(roots)
}

/// What the system trusts, or the variables SSL_CERT_FILE and SSL_CERT_DIR name, at which every
/// program with OpenSSL looks. What cannot be used is passed over, as others there can.
fn system_authorities() -> Result<RootCertStore, ClientTlsError> {
    let mut found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        return Err(ClientTlsError::NoSystemAuthorities { source: found.errors.pop() });
    }
    Ok(roots)
}

fn read_identity(
    identity: &TlsIdentity,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), ClientTlsError> {
    let chain = certificates(&identity.certificate)?;
    let file = &identity.key;
    let key = PrivateKeyDer::from_pem_slice(&read(file)?).map_err(|error| match error {
        pem::Error::NoItemsFound => ClientTlsError::NoKey { file: file.clone() },
        source => ClientTlsError::Pem { file: file.clone(), source },
    })?;
    Ok((chain, key))
}

/// At least one certificate.
fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, ClientTlsError> {
    let bytes = read(file)?;
    let found = CertificateDer::pem_slice_iter(&bytes).collect::<Result<Vec<_>, _>>();
    let found = found.map_err(|source| ClientTlsError::Pem { file: file.to_owned(), source })?;
    if found.is_empty() {
        return Err(ClientTlsError::NoCertificate { file: file.to_owned() });
    }
    Ok(found)
}

fn read(file: &Path) -> Result<Vec<u8>, ClientTlsError> {
    let failed = |source| ClientTlsError::Read { file: file.to_owned(), source };
    let mut bytes = Vec::new();
    let opened = File::open(file).map_err(failed)?;
    opened.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(failed(io::ErrorKind::FileTooLarge.into()));
    }
    Ok(bytes)
}

/// Why a profile cannot be used. The operator is to act.
#[derive(Debug, Error)]
pub enum ClientTlsError {
    /// A certificate among the authorities is none of one.
    #[error(
        "{} holds a certificate that cannot sign others; name the authorities' own",
        file.display()
    )]
    Authority {
        /// The file.
        file: PathBuf,
        /// Why.
        source: rustls::Error,
    },
    /// Certificate and key to show cannot be used together.
    #[error(
        "{} and {} cannot be shown; name the files of one RSA, ECDSA or Ed25519 pair",
        certificate.display(),
        key.display()
    )]
    Identity {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// Why.
        source: rustls::Error,
    },
    /// The library does not know its own versions of TLS.
    #[error("TLS cannot be spoken, which is a fault of this host")]
    Library(#[source] rustls::Error),
    /// There is no certificate in a file.
    #[error("{} holds no certificate; name a file in PEM that does", file.display())]
    NoCertificate {
        /// The file.
        file: PathBuf,
    },
    /// There is no key in the file for it.
    #[error(
        "{} holds no private key; name a file in PEM with one that is not encrypted",
        file.display()
    )]
    NoKey {
        /// The file.
        file: PathBuf,
    },
    /// The system trusts nobody.
    #[error(
        "the system has no authorities that are trusted; install its package of certificates, or \
         name a file with those to trust"
    )]
    NoSystemAuthorities {
        /// What went wrong last where it was looked for them.
        source: Option<rustls_native_certs::Error>,
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
    #[error("cannot read {}", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
}
