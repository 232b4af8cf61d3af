//! What can be wrong with a configuration. All of it is the operator's to mend.

use std::{error::Error, fmt, io, path::PathBuf};

use super::{
    AddressRangeError, AdminAddressError, ByteSizeError, EndpointPathError, ExtensionError,
    ListenAddress, ListenAddressError, NameError, NetworkError, ProfileNameError,
    ServerPatternError, SlowReaderError, StrategyError, TimeSpanError, VariableProblem,
};
use crate::connect::ProxyUrlError;
use crate::server::origin::OriginError;

/// All that is wrong with a configuration: that of the file first, in the order of its lines,
/// then that of the environment, then that of the command line. Never empty.
///
/// Displayed as one line for each, without a newline at the end.
#[derive(Debug)]
pub struct ConfigErrors(pub(super) Vec<ConfigError>);

impl ConfigErrors {
    /// The errors.
    pub fn iter(&self) -> impl Iterator<Item = &ConfigError> {
        self.0.iter()
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{error}")?;
            // A list has no source of its own, so each line ends with its error's causes.
            let mut cause = error.source();
            while let Some(error) = cause {
                write!(f, ": {error}")?;
                cause = error.source();
            }
        }
        Ok(())
    }
}

impl Error for ConfigErrors {}

/// One thing that is wrong with a configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A component that the command line names cannot be deployed so.
    #[error("{}: {problem}", file.display())]
    Component {
        /// The component's file.
        file: PathBuf,
        /// What is wrong.
        problem: ComponentProblem,
    },
    /// A default depends on the environment and is not to be used here.
    #[error("{key} has no usable default here; set it")]
    Default {
        /// The key that has to be set.
        key: &'static str,
        /// What is wrong with the default.
        source: AdminAddressError,
    },
    /// A key, or its value, is wrong.
    #[error("{}:{line}: {key}: {problem}", file.display())]
    Key {
        /// The configuration file.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The key, with the tables that it is in: `limits.message`.
        key: String,
        /// What is wrong.
        problem: Box<KeyProblem>,
    },
    /// An address is to be encrypted, with nothing.
    #[error("{address} needs a certificate; set tls.certificate and tls.key in the configuration")]
    NoCertificate {
        /// The address.
        address: ListenAddress,
    },
    /// The file is not a text.
    #[error("{}:{line}: is not UTF-8", file.display())]
    NotUtf8 {
        /// The configuration file.
        file: PathBuf,
        /// The line of the first bad byte, from 1.
        line: usize,
    },
    /// The file is not TOML.
    #[error("{}:{line}:{column}: {message}", file.display())]
    Syntax {
        /// The configuration file.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The character in the line, from 1.
        column: usize,
        /// What is wrong there.
        message: String,
    },
    /// The file is larger than a configuration may be.
    #[error("{}: has more than {limit_bytes} bytes", file.display())]
    TooLarge {
        /// The configuration file.
        file: PathBuf,
        /// The most that it may have.
        limit_bytes: u64,
    },
    /// The file cannot be read.
    #[error("cannot read the configuration {}", file.display())]
    Unreadable {
        /// The configuration file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// An environment variable is wrong.
    #[error("{name}: {problem}")]
    Variable {
        /// The variable.
        name: &'static str,
        /// What is wrong.
        problem: VariableProblem,
    },
}

/// What is wrong with a key of the configuration file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyProblem {
    /// It is no address to listen at.
    #[error(transparent)]
    Address(#[from] ListenAddressError),
    /// It is no address, and no range of them.
    #[error(transparent)]
    AddressRange(#[from] AddressRangeError),
    /// It is no address for the admin API.
    #[error(transparent)]
    AdminAddress(#[from] AdminAddressError),
    /// A deployment asks for more than the host gives to any.
    #[error("must not exceed {ceiling_key}, which is {ceiling}; is {value}")]
    AboveCeiling {
        /// The key that sets the ceiling.
        ceiling_key: &'static str,
        /// The ceiling.
        ceiling: String,
        /// What was asked for.
        value: String,
    },
    /// Authorities are named, and nobody is held against them.
    #[error("only goes with client_auth = \"optional\" or \"required\"")]
    AuthoritiesWithoutUse,
    /// It is no way of asking clients for certificates.
    #[error(
        "{0:?} is not a way to ask for certificates; use \"none\", \"optional\" or \"required\""
    )]
    ClientAuth(String),
    /// Nothing is given where something is needed.
    #[error("must not be empty")]
    Empty,
    /// It is no path of an endpoint.
    #[error(transparent)]
    EndpointPath(#[from] EndpointPathError),
    /// It does not say whether an extension is negotiated.
    #[error(transparent)]
    Extension(#[from] ExtensionError),
    /// It is no kind of header fields.
    #[error("{0:?} is not a kind of fields; use \"x-forwarded\" or \"forwarded\"")]
    ForwardedFields(String),
    /// It is no way of instancing.
    #[error("{0:?} is not a way of instancing; use \"session\", \"keyed\" or \"shared\"")]
    Instancing(String),
    /// Only where instances have keys is there one to name.
    #[error("only goes with instancing = \"keyed\"")]
    KeyUnkeyed,
    /// It is no name of a deployment.
    #[error(transparent)]
    Name(#[from] NameError),
    /// It means nothing without another key.
    #[error("needs {0} beside it")]
    Needs(&'static str),
    /// It is no name of a profile.
    #[error(transparent)]
    ProfileName(#[from] ProfileNameError),
    /// It is no URL of a proxy.
    #[error(transparent)]
    ProxyUrl(#[from] ProxyUrlError),
    /// It is no pattern of servers.
    #[error(transparent)]
    ServerPattern(#[from] ServerPatternError),
    /// It is no network.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The system cannot hold a NUL in paths and environment variables.
    #[error("must not contain a NUL")]
    Nul,
    /// It is no origin.
    #[error(transparent)]
    Origin(#[from] OriginError),
    /// A number, size or time is too small or too large.
    #[error("must be from {min} to {max}, is {value}")]
    OutOfRange {
        /// The least that is allowed.
        min: String,
        /// The most that is allowed.
        max: String,
        /// What was given.
        value: String,
    },
    /// Only instances that all share come in shards.
    #[error("only goes with instancing = \"shared\"")]
    ShardsUnshared,
    /// It is no size.
    #[error(transparent)]
    Size(#[from] ByteSizeError),
    /// It is no way to treat a slow reader.
    #[error(transparent)]
    SlowReader(#[from] SlowReaderError),
    /// It is no strategy.
    #[error(transparent)]
    Strategy(#[from] StrategyError),
    /// It is no length of time.
    #[error(transparent)]
    Time(#[from] TimeSpanError),
    /// There is no such key.
    #[error(
        "unknown key{}",
        suggestion.as_ref().map(|key| format!("; did you mean {key}?")).unwrap_or_default()
    )]
    Unknown {
        /// A key that may have been meant.
        suggestion: Option<String>,
    },
    /// No environment variable can have the name.
    #[error("is not a name for an environment variable; it is empty or contains = or a NUL")]
    VariableName,
    /// The value is of another kind.
    #[error("expected {expected}, found {found}")]
    WrongType {
        /// What the key takes.
        expected: &'static str,
        /// What it was given.
        found: &'static str,
    },
}

/// Why a component that the command line names cannot be deployed under its file's stem.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ComponentProblem {
    /// The configuration deploys another file under the name.
    #[error("{configured} deploys {} as {name:?} already; leave one out", file.display())]
    Configured {
        /// The configuration file and the line.
        configured: String,
        /// The component that the configuration names.
        file: PathBuf,
        /// The deployment's name.
        name: String,
    },
    /// The stem is no deployment's name.
    #[error("{0}; rename the file, or name it in a [deployment.NAME] of the configuration")]
    Name(NameError),
    /// Two files have the same stem.
    #[error("{} has the name {name:?} already; rename one of the files", file.display())]
    Repeated {
        /// The file that was named before.
        file: PathBuf,
        /// The deployment's name.
        name: String,
    },
}
