//! The host as the admin API sees it.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use sockhop_engine::{DescribeError, Engine, LoadError, SeatError};
use tokio_util::task::TaskTracker;

use crate::admin::{HostStatus, Operator, OperatorError, OperatorErrorKind};
use crate::config::{DeploymentName, Strategy};
use crate::deployments::log::DeploymentLog;
use crate::deployments::status::{DeployReport, DeploymentStatus, SessionStatus, UndeployReport};
use crate::deployments::{DeployError, Deployments, UndeployError};
use crate::server::{BoundAddress, RunningServer};

/// What the operator may see and do.
pub(super) struct HostOperator {
    pub(super) deployments: Arc<Deployments>,
    pub(super) engine: Engine,
    pub(super) server: RunningServer,
    pub(super) addresses: Vec<BoundAddress>,
    pub(super) tasks: TaskTracker,
}

impl Operator for HostOperator {
    fn deploy(
        &self,
        name: DeploymentName,
        component: Bytes,
        strategy: Option<Strategy>,
    ) -> BoxFuture<'_, Result<DeployReport, OperatorError>> {
        let deployments = Arc::clone(&self.deployments);
        // A task of its own: who asked may go away, and a deploy is then done all the same.
        let task =
            self.tasks.spawn(async move { deployments.deploy(&name, component, strategy).await });
        async move { task.await.map_err(died)?.map_err(deploy_error) }.boxed()
    }

    fn undeploy(
        &self,
        name: DeploymentName,
    ) -> BoxFuture<'_, Result<UndeployReport, OperatorError>> {
        let undeployed = self.deployments.undeploy(&name).map_err(undeploy_error);
        async move { undeployed }.boxed()
    }

    fn deployments(&self) -> Vec<DeploymentStatus> {
        self.deployments.list()
    }

    fn sessions(&self, deployment: Option<&DeploymentName>) -> Vec<SessionStatus> {
        self.deployments.sessions(deployment.map(DeploymentName::as_str))
    }

    fn log(&self, name: &DeploymentName) -> Option<Arc<DeploymentLog>> {
        self.deployments.log(name.as_str())
    }

    fn host(&self) -> HostStatus {
        let revisions = self.deployments.list().into_iter().flat_map(|status| status.revisions);
        HostStatus {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            listen: self.addresses.iter().map(ToString::to_string).collect(),
            instances_live: self.engine.instances(),
            instances_capacity: self.engine.capacity().instances as usize,
            connections: self.server.connections(),
            sessions: revisions.map(|revision| revision.sessions).sum(),
        }
    }
}

/// What a program needs to know of a failed deploy: the one mapping.
fn deploy_error(error: DeployError) -> OperatorError {
    let kind = match &error {
        DeployError::Load(LoadError::Compiler) => OperatorErrorKind::Internal,
        DeployError::Busy(_) => OperatorErrorKind::Busy,
        DeployError::Stopping
        | DeployError::Describe(DescribeError::Seat(
            SeatError::AtCapacity | SeatError::PoolFull(_),
        )) => OperatorErrorKind::AtCapacity,
        DeployError::Load(_)
        | DeployError::Endpoint(_)
        | DeployError::Settings(_)
        | DeployError::Profile { .. }
        | DeployError::Keys(_)
        | DeployError::Describe(
            DescribeError::Trap(_)
            | DescribeError::Seat(SeatError::Mismatch(_) | SeatError::Key(_) | SeatError::Trap(_)),
        ) => OperatorErrorKind::Refused,
    };
    told(kind, error)
}

/// The same of a failed undeploy.
fn undeploy_error(error: UndeployError) -> OperatorError {
    let kind = match &error {
        UndeployError::Unknown(_) => OperatorErrorKind::NotFound,
        UndeployError::Busy(_) => OperatorErrorKind::Busy,
    };
    told(kind, error)
}

fn died(error: tokio::task::JoinError) -> OperatorError {
    told(OperatorErrorKind::Internal, error)
}

fn told(kind: OperatorErrorKind, error: impl Into<anyhow::Error>) -> OperatorError {
    OperatorError { kind, message: format!("{:#}", error.into()) }
}
