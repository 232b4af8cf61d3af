//! The table `tls`: the certificate of listeners that encrypt, and those that clients show.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use super::{KeyProblem, Setting, reader::Section, settings::wrong_type};

/// Time for the TLS handshake of a connection. It costs computing time, but seldom more than a few
/// round trips; ten seconds are enough for the slowest honest peer.
pub const HANDSHAKE_TIMEOUT: Setting<Duration> = Setting {
    default: Duration::from_secs(10),
    min: Duration::from_millis(100),
    max: Duration::from_secs(5 * 60),
};

/// How connections to `wss://` listeners are encrypted. The files are read when the host starts,
/// and again when they change or at SIGHUP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsSettings {
    /// The host's certificate and the intermediate ones, in this order, in PEM.
    pub certificate: PathBuf,
    /// The certificate's private key, not encrypted, in PEM.
    pub key: PathBuf,
    /// Whether clients are asked for a certificate.
    pub client_auth: ClientAuth,
    /// Time for a connection's handshake: [`HANDSHAKE_TIMEOUT`].
    pub handshake_timeout: Duration,
}

/// Whether clients are asked for a certificate, and who has to have signed it: the authorities in a
/// PEM file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ClientAuth {
    /// They are not asked.
    #[default]
    None,
    /// One that has none is let in; one that has a wrong one is not.
    Optional(PathBuf),
    /// One that has none is not let in.
    Required(PathBuf),
}

impl ClientAuth {
    /// The file with the authorities.
    pub fn authorities(&self) -> Option<&Path> {
        match self {
            Self::None => None,
            Self::Optional(file) | Self::Required(file) => Some(file),
        }
    }
}

/// The table as it was read.
#[derive(Debug, Default)]
pub(super) struct TlsTable {
    pub(super) settings: Option<TlsSettings>,
    /// Whether a certificate or a key is named, rightly or not.
    pub(super) named: bool,
}

impl TlsTable {
    /// Reads the table; there are settings where certificate and key are named.
    pub(super) fn read(section: &mut Section<'_, '_>) -> Self {
        let certificate = section.path("certificate");
        let key = section.path("key");
        let client_auth = read_client_auth(section);
        let handshake_timeout = section.setting("handshake_timeout", &HANDSHAKE_TIMEOUT);
        let named = ["certificate", "key"].map(|key| section.line(key).is_some());
        match named {
            [true, false] => section.note("certificate", KeyProblem::Needs("tls.key")),
            [false, true] => section.note("key", KeyProblem::Needs("tls.certificate")),
            _ => {}
        }
        let settings = certificate.zip(key).map(|(certificate, key)| TlsSettings {
            certificate,
            key,
            client_auth,
            handshake_timeout,
        });
        Self { settings, named: named.contains(&true) }
    }
}

fn read_client_auth(section: &mut Section<'_, '_>) -> ClientAuth {
    let authorities = section.path("client_ca");
    let with = section.value("client_auth", |value| match value.as_str() {
        Some("none") => Ok(None),
        Some("optional") => Ok(Some(ClientAuth::Optional as fn(PathBuf) -> ClientAuth)),
        Some("required") => Ok(Some(ClientAuth::Required as fn(PathBuf) -> ClientAuth)),
        Some(other) => Err(KeyProblem::ClientAuth(other.to_owned())),
        None => Err(wrong_type("a string", value)),
    });
    match (with.flatten(), authorities) {
        (Some(with), Some(authorities)) => with(authorities),
        (Some(_), None) => {
            // A wrong path was noted already.
            if section.line("client_ca").is_none() {
                section.note("client_auth", KeyProblem::Needs("tls.client_ca"));
            }
            ClientAuth::None
        }
        (None, Some(_)) => {
            // A wrong word was noted already.
            if section.is_sound("client_auth") {
                section.note("client_ca", KeyProblem::AuthoritiesWithoutUse);
            }
            ClientAuth::None
        }
        (None, None) => ClientAuth::None,
    }
}
