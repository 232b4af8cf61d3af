//! Why a deploy or an undeploy changed nothing, by who is to act.

use sockhop_engine::{DescribeError, LoadError};
use sockhop_session::properties::PropertyError;
use thiserror::Error;

use super::candidate::ENDPOINTS_MAX;
use super::template::TemplateError;
use crate::config::{DeploymentName, ProfileName};
use crate::connect::ClientTlsError;

/// Why a deploy changed nothing.
#[derive(Debug, Error)]
pub enum DeployError {
    /// Another deploy or undeploy of the name is under way.
    #[error("{0} is being deployed or undeployed; try again when that has ended")]
    Busy(DeploymentName),
    /// The host is stopping.
    #[error("the host is stopping")]
    Stopping,
    /// The file is not a guest.
    #[error("the component is refused")]
    Load(#[from] LoadError),
    /// The guest could not say what it serves.
    #[error("the component is refused")]
    Describe(#[from] DescribeError),
    /// What it describes does not hold.
    #[error("the component is refused")]
    Endpoint(#[from] EndpointError),
    /// The configuration and the component do not fit together.
    #[error("the component does not fit the deployment's settings")]
    Settings(#[from] UndescribedEndpoints),
    /// A profile of the deployment's settings cannot be used. The operator is to act.
    #[error("the profile {name} of its connect.tls cannot be used")]
    Profile {
        /// The profile's name.
        name: ProfileName,
        /// Why.
        source: Box<ClientTlsError>,
    },
    /// The configuration wants instances by key, and there are no keys.
    #[error("the component does not fit the deployment's settings")]
    Keys(#[from] NoKeys),
}

/// The configuration has settings for endpoints that the component does not describe. The operator
/// is to mend the path, or the component's author.
#[derive(Debug, Error)]
#[error(
    "it has no endpoint {} that the configuration has settings for; it describes {}",
    quoted(configured),
    quoted(described)
)]
pub struct UndescribedEndpoints {
    /// The paths that have settings.
    pub configured: Vec<String>,
    /// The paths that are described.
    pub described: Vec<String>,
}

/// The configuration has `instancing = "keyed"`, and nothing says what the keys are. The operator
/// is to mend the deployment's `key`, or its author the component.
#[derive(Debug, Error)]
pub enum NoKeys {
    /// The key is to be a variable that paths lack.
    #[error(
        "its endpoint{} {} {} no variable `{{{variable}}}`, which `key` names",
        if lacking.len() == 1 { "" } else { "s" },
        quoted(lacking),
        if lacking.len() == 1 { "has" } else { "have" }
    )]
    Variable {
        /// The variable's name.
        variable: String,
        /// The paths that lack it.
        lacking: Vec<String>,
    },
    /// The component is to say it, and does not.
    #[error(
        "instancing = \"keyed\" needs a `key`, the name of a variable of its endpoints' paths, or \
         the export sockhop:websocket/keys@0.1.0, which it lacks"
    )]
    Export,
}

fn quoted(paths: &[String]) -> String {
    let quoted: Vec<_> = paths.iter().map(|path| format!("`{path}`")).collect();
    quoted.join(", ")
}

/// What is wrong with what a component describes.
#[derive(Debug, Error)]
pub enum EndpointError {
    /// None, or too many.
    #[error("it describes {0} endpoints; 1 to {max} are allowed", max = ENDPOINTS_MAX)]
    Count(usize),
    /// A path is not a URI template.
    #[error("it describes the path `{path}`")]
    Path {
        /// The path.
        path: String,
        /// What is wrong with it.
        #[source]
        source: TemplateError,
    },
    /// Two of its own paths are the same.
    #[error("it describes `{0}` and `{1}`, which stand for the same requests")]
    Twice(String, String),
    /// Another deployment has the path.
    #[error("its path `{path}` is taken by the deployment {by} (`{present}`)")]
    Taken {
        /// The path.
        path: String,
        /// Who has it.
        by: DeploymentName,
        /// As what.
        present: String,
    },
    /// A subprotocol is no token, or is there twice.
    #[error(
        "it describes the subprotocol {subprotocol:?} of `{path}`, which is no token of \
         RFC 9110 or is there twice"
    )]
    Subprotocol {
        /// The endpoint.
        path: String,
        /// The subprotocol.
        subprotocol: String,
    },
    /// The properties that it gives to sessions are too big.
    #[error("the properties that it describes for `{path}` exceed limits.properties")]
    Properties {
        /// The endpoint.
        path: String,
        /// By how much.
        #[source]
        source: PropertyError,
    },
}

/// Why an undeploy changed nothing.
#[derive(Debug, Error)]
pub enum UndeployError {
    /// There is no deployment of the name.
    #[error("nothing is deployed as {0}")]
    Unknown(DeploymentName),
    /// A deploy of it is under way.
    #[error("{0} is being deployed or undeployed; try again when that has ended")]
    Busy(DeploymentName),
}
