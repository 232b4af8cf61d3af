//! What the admin API asks of the host.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;

use crate::{
    config::{DeploymentName, Strategy},
    deployments::{
        log::DeploymentLog,
        status::{DeployReport, DeploymentStatus, SessionStatus, UndeployReport},
    },
};

/// The host, as an operator sees it.
///
/// [`deploy`](Self::deploy) and [`undeploy`](Self::undeploy) are run to their end, whether the
/// caller still waits or not. The other methods answer at once and must not block.
pub trait Operator: Send + Sync {
    /// Deploys a component: as a new deployment, or as a new revision of the one of that name.
    /// Without a strategy the deployment's settings say what becomes of open sessions. Either all
    /// of it happens or nothing.
    ///
    /// # Errors
    ///
    /// [`Busy`](OperatorErrorKind::Busy), [`Refused`](OperatorErrorKind::Refused),
    /// [`AtCapacity`](OperatorErrorKind::AtCapacity), [`Internal`](OperatorErrorKind::Internal).
    fn deploy(
        &self,
        name: DeploymentName,
        component: Bytes,
        strategy: Option<Strategy>,
    ) -> BoxFuture<'_, Result<DeployReport, OperatorError>>;

    /// Ends a deployment with all its revisions.
    ///
    /// # Errors
    ///
    /// [`NotFound`](OperatorErrorKind::NotFound), [`Busy`](OperatorErrorKind::Busy),
    /// [`Internal`](OperatorErrorKind::Internal).
    fn undeploy(
        &self,
        name: DeploymentName,
    ) -> BoxFuture<'_, Result<UndeployReport, OperatorError>>;

    /// All deployments, by name.
    fn deployments(&self) -> Vec<DeploymentStatus>;

    /// The open sessions of one deployment, or of all.
    fn sessions(&self, deployment: Option<&DeploymentName>) -> Vec<SessionStatus>;

    /// The log of a deployment, if there is one of that name.
    fn log(&self, name: &DeploymentName) -> Option<Arc<DeploymentLog>>;

    /// The host itself.
    fn host(&self) -> HostStatus;
}

/// The host itself, in numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostStatus {
    /// The version of `sockhop`.
    pub version: String,
    /// Where it accepts WebSocket connections, as URLs.
    pub listen: Vec<String>,
    /// Live instances of guests.
    pub instances_live: usize,
    /// The most instances that may live at once.
    pub instances_capacity: usize,
    /// Open connections, upgraded or not.
    pub connections: usize,
    /// Open sessions.
    pub sessions: usize,
}

/// Why the host has not done what was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct OperatorError {
    /// What a program needs to know.
    pub kind: OperatorErrorKind,
    /// What a person needs to know: the whole chain of causes, in one line.
    pub message: String,
}

/// What a program needs to know of an [`OperatorError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperatorErrorKind {
    /// The host has no room for another deployment or instance.
    AtCapacity,
    /// The deployment is being deployed or undeployed at this moment.
    Busy,
    /// The host's own fault.
    Internal,
    /// There is no such deployment.
    NotFound,
    /// The component cannot be deployed; nothing has changed.
    Refused,
}
