//! The configuration file, read and checked, before the environment and the flags have their say.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Read as _},
    num::NonZeroUsize,
    path::{Path, PathBuf},
};

use super::{
    AdminAddress, Compression, ConfigError, DeploymentName, EndpointLimits, EndpointSettings,
    FileMode, Http2, KeyProblem, Limits, ListenAddress, Proxy, Sandbox, Setting, TAKEOVER_CONTEXTS,
    deployment::{DeploymentTable, OfHost},
    endpoint::read_origins,
    reader::{Section, read_document},
    tls::TlsTable,
};

/// The most bytes of a configuration file. Room for thousands of deployments; somebody who names
/// a disk image by mistake gets an answer at once. It bounds all lists and tables of the
/// configuration too.
pub const FILE_MAX_BYTES: u64 = 1 << 20;

/// Threads that carry connections. 0: one for each core.
pub const WORKERS: Setting<u32> = Setting { default: 0, min: 0, max: 1024 };

/// Permissions of the Unix sockets that WebSocket connections are accepted at. Whoever may write to
/// a socket may connect; a proxy of another user needs its group's share, 0o660.
pub const SOCKET_MODE: Setting<FileMode> = Setting {
    default: FileMode::from_bits(0o600),
    min: FileMode::from_bits(0),
    max: FileMode::from_bits(0o777),
};

/// What the file says. Absent where a key is.
#[derive(Debug, Default)]
pub(super) struct FileConfig {
    pub(super) listen: Option<Vec<ListenAddress>>,
    pub(super) socket_mode: Option<FileMode>,
    pub(super) admin: Option<AdminAddress>,
    pub(super) deploy_dir: Option<PathBuf>,
    pub(super) assets: Option<PathBuf>,
    pub(super) cache_dir: Option<PathBuf>,
    pub(super) workers: Option<u32>,
    pub(super) limits: Limits,
    pub(super) endpoint: EndpointSettings,
    pub(super) takeover_contexts: Option<u32>,
    pub(super) sandbox: Sandbox,
    pub(super) http2: Http2,
    pub(super) tls: TlsTable,
    pub(super) proxy: Proxy,
    pub(super) deployments: BTreeMap<DeploymentName, DeploymentTable>,
}

impl FileConfig {
    /// Reads a file; what is wrong goes to `errors`, and what is right is there none the less.
    pub(super) fn load(file: &Path, cores: NonZeroUsize, errors: &mut Vec<ConfigError>) -> Self {
        match read_text(file) {
            Ok(text) => Self::parse(file, &text, cores, errors),
            Err(error) => {
                errors.push(error);
                Self::default()
            }
        }
    }

    /// Reads the text of a file.
    pub(super) fn parse(
        file: &Path,
        text: &str,
        cores: NonZeroUsize,
        errors: &mut Vec<ConfigError>,
    ) -> Self {
        read_document(file, text, errors, |section| Self::read(section, cores)).unwrap_or_default()
    }

    fn read(section: &mut Section<'_, '_>, cores: NonZeroUsize) -> Self {
        let mut endpoint = EndpointSettings::default();
        let limits = section.table("limits", |table| {
            endpoint.limits = EndpointLimits::read(table, &endpoint.limits, None);
            Limits::read(table)
        });
        let takeover_contexts = section.table("compression", |table| {
            endpoint.compression = Compression::read(table, &endpoint.compression);
            table.bounded("takeover_contexts", &TAKEOVER_CONTEXTS)
        });
        endpoint.origins = read_origins(section, &endpoint.origins);
        let sandbox = section.table("sandbox", Sandbox::read);
        let host = OfHost {
            endpoint: &endpoint,
            memory_ceiling: section.is_sound("sandbox.memory").then_some(sandbox.memory),
            message_ceiling: section.is_sound("limits.message").then_some(endpoint.limits.message),
            cores,
        };
        let deployments =
            section.named_tables("deployment", |table| DeploymentTable::read(table, &host));
        Self {
            listen: read_listen(section),
            socket_mode: section.bounded("socket_mode", &SOCKET_MODE),
            admin: section.parsed("admin"),
            deploy_dir: section.path("deploy_dir"),
            assets: section.path("assets"),
            cache_dir: section.path("cache_dir"),
            workers: section.bounded("workers", &WORKERS),
            limits,
            endpoint,
            takeover_contexts,
            sandbox,
            http2: section.table("http2", Http2::read),
            proxy: section.table("proxy", Proxy::read),
            tls: section.table("tls", TlsTable::read),
            deployments,
        }
    }
}

fn read_listen(section: &mut Section<'_, '_>) -> Option<Vec<ListenAddress>> {
    let addresses = section.one_or_many("listen")?;
    if addresses.is_empty() {
        section.note("listen", KeyProblem::Empty);
    }
    Some(addresses)
}

fn read_text(file: &Path) -> Result<String, ConfigError> {
    let unreadable = |source: io::Error| ConfigError::Unreadable { file: file.to_owned(), source };
    let mut bytes = Vec::new();
    let opened = File::open(file).map_err(unreadable)?;
    opened.take(FILE_MAX_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > FILE_MAX_BYTES {
        return Err(ConfigError::TooLarge { file: file.to_owned(), limit_bytes: FILE_MAX_BYTES });
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = valid.iter().filter(|byte| **byte == b'\n').count() + 1;
        ConfigError::NotUtf8 { file: file.to_owned(), line }
    })
}

/// The dotted paths of the keys, but for those of tables, that are read from this text.
#[cfg(test)]
pub(super) fn known_keys(text: &str) -> Vec<String> {
    let read = |section: &mut Section<'_, '_>| FileConfig::read(section, NonZeroUsize::MIN);
    let mut keys = super::reader::known_keys(text, read);
    let tables = [
        "compression",
        "connect",
        "deployment",
        "endpoint",
        "http2",
        "limits",
        "proxy",
        "sandbox",
        "tls",
    ];
    // The one key that has a table's name.
    let is_key = |key: &str| key.ends_with(".connect.proxy");
    let is_table = |key: &str| key.rsplit('.').next().is_some_and(|last| tables.contains(&last));
    keys.retain(|key| is_key(key) || !is_table(key));
    keys
}

#[cfg(test)]
mod tests;
