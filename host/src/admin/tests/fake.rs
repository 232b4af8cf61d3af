//! A host that does what its callers' words say.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, UNIX_EPOCH},
};

use bytes::Bytes;
use futures_util::{FutureExt as _, future::BoxFuture};
use sockhop_session::handshake::Principal;
use tokio::sync::Notify;

use crate::{
    admin::{HostStatus, Operator, OperatorError, OperatorErrorKind},
    config::{DeploymentName, Strategy},
    deployments::{
        log::DeploymentLog,
        status::{
            DeployReport, DeploymentStatus, RevisionState, RevisionStatus, SessionStatus,
            UndeployReport,
        },
    },
};

/// The SHA-256 of nothing.
pub(super) const DIGEST: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// A host with one deployment, `echo`, and one without sessions, `idle`.
///
/// A component that is a word decides what becomes of its deploy: `new` is a new deployment,
/// `waits` waits for `gate`, `panics` panics, `busy` and others fail so. Other components
/// replace revision 1. Undeploying goes by the deployment's name in the same way.
pub(super) struct FakeHost {
    pub(super) log: Mutex<Option<Arc<DeploymentLog>>>,
    /// What was deployed: name, length and strategy.
    pub(super) deployed: Mutex<Vec<(String, usize, Option<Strategy>)>>,
    /// Lets a deploy of `waits` go on.
    pub(super) gate: Notify,
    /// Tells that a deploy of `waits` waits.
    pub(super) waiting: Notify,
    /// Tells that a deploy has ended.
    pub(super) ended: Notify,
}

impl FakeHost {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            log: Mutex::new(Some(Arc::new(DeploymentLog::new("echo")))),
            deployed: Mutex::default(),
            gate: Notify::new(),
            waiting: Notify::new(),
            ended: Notify::new(),
        })
    }

    /// The log of `echo`.
    pub(super) fn echo_log(&self) -> Arc<DeploymentLog> {
        self.log.lock().unwrap().clone().unwrap()
    }
}

impl Operator for FakeHost {
    fn deploy(
        &self,
        name: DeploymentName,
        component: Bytes,
        strategy: Option<Strategy>,
    ) -> BoxFuture<'_, Result<DeployReport, OperatorError>> {
        async move {
            fail_by(std::str::from_utf8(&component).unwrap_or_default())?;
            assert_ne!(&component[..], b"panics");
            if component == "waits" {
                self.waiting.notify_one();
                self.gate.notified().await;
            }
            let name = name.to_string();
            self.deployed.lock().unwrap().push((name.clone(), component.len(), strategy));
            self.ended.notify_one();
            let replaced = (component != "new").then_some(1);
            Ok(DeployReport {
                name,
                revision: replaced.unwrap_or(0) + 1,
                digest: DIGEST.into(),
                endpoints: vec!["/echo".into()],
                replaced,
                strategy: strategy.unwrap_or_default(),
            })
        }
        .boxed()
    }

    fn undeploy(
        &self,
        name: DeploymentName,
    ) -> BoxFuture<'_, Result<UndeployReport, OperatorError>> {
        async move {
            fail_by(name.as_str())?;
            match name.as_str() {
                "echo" => Ok(UndeployReport { name: name.to_string(), sessions_closed: 2 }),
                other => Err(error(OperatorErrorKind::NotFound, other)),
            }
        }
        .boxed()
    }

    fn deployments(&self) -> Vec<DeploymentStatus> {
        let revision = |number, state, sessions| RevisionStatus {
            number,
            digest: DIGEST.into(),
            state,
            endpoints: vec!["/echo".into(), "/e/{x}".into()],
            instancing: "session",
            sessions,
            deployed_at: UNIX_EPOCH + Duration::from_secs(number),
        };
        let echo =
            vec![revision(2, RevisionState::Current, 1), revision(1, RevisionState::Draining, 1)];
        let idle = vec![revision(1, RevisionState::Current, 0)];
        vec![
            DeploymentStatus { name: "echo".into(), revisions: echo },
            DeploymentStatus { name: "idle".into(), revisions: idle },
        ]
    }

    fn sessions(&self, deployment: Option<&DeploymentName>) -> Vec<SessionStatus> {
        let session = |id: &str, subprotocol: Option<&str>| SessionStatus {
            id: id.into(),
            deployment: "echo".into(),
            revision: 2,
            endpoint: "/echo".into(),
            uri: "/echo?a=1".into(),
            peer: "127.0.0.1:40000".into(),
            subprotocol: subprotocol.map(str::to_owned),
            principal: subprotocol
                .map(|_| Principal { name: "ada".into(), roles: vec!["admin".into()] }),
            queued_bytes: 17,
            opened_at: UNIX_EPOCH + Duration::from_millis(1500),
        };
        match deployment.map(DeploymentName::as_str) {
            None | Some("echo") => vec![session("a", None), session("b", Some("chat.v2"))],
            Some(_) => Vec::new(),
        }
    }

    fn log(&self, name: &DeploymentName) -> Option<Arc<DeploymentLog>> {
        self.log.lock().unwrap().clone().filter(|_| name.as_str() == "echo")
    }

    fn host(&self) -> HostStatus {
        HostStatus {
            version: "0.1.0".into(),
            listen: vec!["ws://127.0.0.1:8080".into()],
            instances_live: 2,
            instances_capacity: 1000,
            connections: 3,
            sessions: 2,
        }
    }
}

fn fail_by(word: &str) -> Result<(), OperatorError> {
    let kind = match word {
        "busy" => OperatorErrorKind::Busy,
        "broken" => OperatorErrorKind::Internal,
        "full" => OperatorErrorKind::AtCapacity,
        "refused" => OperatorErrorKind::Refused,
        _ => return Ok(()),
    };
    Err(error(kind, word))
}

fn error(kind: OperatorErrorKind, word: &str) -> OperatorError {
    OperatorError { kind, message: format!("the word was {word}: as told") }
}
