//! The configuration: the only reader of flags, environment variables and the configuration file.
//!
//! The way of a value: a flag, a variable or a key is read as text, parsed into a type that
//! cannot hold a wrong value, merged (the file gives way to the environment, the environment to
//! flags) and validated. [`Config::load`] does all of it and reports all that is wrong at once.
//! Nothing here has an effect but [`RuntimeDir::ensure`] and [`TokenFile::create`], which the
//! host calls when it starts.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    num::NonZeroUsize,
    path::PathBuf,
};

mod address;
mod address_range;
mod admin_access;
mod admin_token;
mod byte_size;
mod compression;
mod deployment;
mod deployment_name;
mod endpoint;
mod endpoint_limits;
mod environment;
mod error;
mod file;
mod file_mode;
mod findings;
mod http2;
mod instancing;
mod limits;
mod listen_address;
mod load;
mod machine;
mod outgoing;
mod proxy;
mod reader;
mod runtime_dir;
mod sandbox;
mod server_pattern;
mod settings;
mod slow_reader;
mod socket_path;
mod strategy;
mod suggest;
mod time_span;
mod tls;
mod token_file;
mod variables;

pub use self::{
    address::{AddressError, AdminAddress, AdminAddressError},
    address_range::{AddressRange, AddressRangeError},
    admin_access::{AdminAccess, AdminAccessError},
    admin_token::{AdminToken, TOKEN_MAX_CHARS, TOKEN_MIN_CHARS, TokenError},
    byte_size::{ByteSize, ByteSizeError},
    compression::{
        COMPRESSION_LEVEL, COMPRESSION_THRESHOLD, Compression, Extension, ExtensionError,
        TAKEOVER_CONTEXTS, WINDOW_BITS,
    },
    deployment::{DeploymentSettings, ResolvedDeployment},
    deployment_name::{DeploymentName, NAME_MAX_CHARS, NameError},
    endpoint::{EndpointPath, EndpointPathError, EndpointSettings},
    endpoint_limits::{
        CLOSE_TIMEOUT, EndpointLimits, IDLE_TIMEOUT, MESSAGE, OUTBOUND_QUEUE, PING_INTERVAL,
        PONG_TIMEOUT, SESSIONS, TIMERS, TOPIC_NAME, TOPICS, TOPICS_PER_SESSION, WRITE_IDLE_TIMEOUT,
    },
    environment::{
        DEFAULT_LOG_FILTER, Environment, ProcessEnvironment, SOCKHOP_ADMIN, SOCKHOP_ADMIN_TOKEN,
        SOCKHOP_ASSETS, SOCKHOP_CONFIG, SOCKHOP_DEPLOY_DIR, SOCKHOP_LISTEN, SOCKHOP_LOG,
    },
    error::{ComponentProblem, ConfigError, ConfigErrors, KeyProblem},
    file::{FILE_MAX_BYTES, SOCKET_MODE, WORKERS},
    file_mode::FileMode,
    http2::{Http2, KEEP_ALIVE, STREAM_WINDOW, STREAMS, UNUSED_TIMEOUT},
    instancing::{Instancing, SHARDS},
    limits::{
        ANSWER_TIMEOUT, CONNECTIONS, CONNECTIONS_PER_ADDRESS, DRAIN_TIMEOUT, EXEMPT_ADDRESSES,
        HANDSHAKE_BURST, HANDSHAKES_PER_SECOND, HANDSHAKES_PER_SECOND_PER_ADDRESS, HEADER_BYTES,
        HEADER_FIELDS, HEADER_TIMEOUT, Limits, PROPERTIES, SHUTDOWN_TIMEOUT,
    },
    listen_address::{ListenAddress, ListenAddressError},
    load::Sources,
    machine::Machine,
    outgoing::{CONNECT_SESSIONS, OPEN_TIMEOUT, OutgoingSettings, ProfileName, ProfileNameError},
    proxy::{ForwardedFields, Network, NetworkError, Networks, Proxy},
    runtime_dir::{RuntimeDir, RuntimeDirError},
    sandbox::{COMPILE_JOBS, EVENT_CPU, EVENT_WAIT, INSTANCES, MEMORY, Sandbox},
    server_pattern::{ServerPattern, ServerPatternError},
    settings::Setting,
    slow_reader::{SlowReader, SlowReaderError},
    socket_path::{SOCKET_PATH_MAX_BYTES, SocketPathError},
    strategy::{Strategy, StrategyError},
    time_span::{TimeSpan, TimeSpanError},
    tls::{ClientAuth, HANDSHAKE_TIMEOUT, TlsSettings},
    token_file::{TokenFile, TokenFileError},
    variables::VariableProblem,
};

/// Where the host accepts connections when nobody says otherwise: for this machine alone, until
/// the operator opens it to others.
pub const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

/// A configuration that is whole and valid.
///
/// # Defaults
///
/// Each field says its own. `sockhop config print-default` prints them all.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where to accept connections; at least one address. Default: [`DEFAULT_LISTEN`].
    pub listen: Vec<ListenAddress>,
    /// Permissions of the Unix sockets among them: [`SOCKET_MODE`].
    pub socket_mode: FileMode,
    /// How connections are encrypted; there where an address of [`listen`](Self::listen) needs it.
    /// Default: not at all.
    pub tls: Option<TlsSettings>,
    /// Where to serve the admin API. Default: `admin.sock` in the runtime folder, which no other
    /// user enters.
    pub admin: AdminAddress,
    /// The admin API's token, where the operator has chosen one; else the host makes one with
    /// [`TokenFile::create`].
    pub admin_token: Option<AdminToken>,
    /// The folder for the admin API's socket and token. Not made yet: [`RuntimeDir::ensure`].
    pub runtime_dir: RuntimeDir,
    /// The folder whose components are deployed as they come and go. Default: none.
    pub deploy_dir: Option<PathBuf>,
    /// The folder whose files are served over HTTP. Default: none.
    pub assets: Option<PathBuf>,
    /// Where compiled components are kept. Default: `$XDG_CACHE_HOME/sockhop`, else
    /// `$HOME/.cache/sockhop`, else `cache` in the runtime folder. What lies there is run
    /// without a sandbox, so nobody else may write to it.
    pub cache_dir: PathBuf,
    /// Threads that carry connections. Default: one for each core.
    pub workers: NonZeroUsize,
    /// What is logged, as `tracing` filters are written. Default: [`DEFAULT_LOG_FILTER`].
    pub log_filter: String,
    /// What one host, one address and one connection may take.
    pub limits: Limits,
    /// What one HTTP/2 connection may take.
    pub http2: Http2,
    /// Which proxies are believed when they say who is behind them. Default: none.
    pub proxy: Proxy,
    /// What an endpoint is served with for which neither its deployment nor its own table says
    /// otherwise.
    pub endpoint: EndpointSettings,
    /// Sessions that may keep a compression context from message to message:
    /// [`TAKEOVER_CONTEXTS`].
    pub takeover_contexts: u32,
    /// What guests may take.
    pub sandbox: Sandbox,
    /// The deployments that have settings, a file to deploy at start-up, or both.
    pub deployments: BTreeMap<DeploymentName, DeploymentSettings>,
}

impl Config {
    /// A configuration file with every key, its meaning and its default: what
    /// `sockhop config print-default` prints. Keys without a fixed default are commented out.
    pub fn default_document() -> &'static str {
        include_str!("config/default.toml")
    }

    /// The settings of what is deployed under a name, whether the configuration has any for it
    /// or not.
    pub fn settings_for(&self, name: &DeploymentName) -> ResolvedDeployment {
        match self.deployments.get(name) {
            Some(settings) => settings.resolve(self),
            None => DeploymentSettings::default().resolve(self),
        }
    }
}

#[cfg(test)]
mod tests;
