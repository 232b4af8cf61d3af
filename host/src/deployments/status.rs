//! What the host says of its deployments and sessions to an operator: plain data.

use std::time::SystemTime;

use sockhop_session::handshake::Principal;

use crate::config::Strategy;

/// One deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeploymentStatus {
    /// Its name.
    pub name: String,
    /// Its revisions: the current one first, then those that are still drained, newest first.
    pub revisions: Vec<RevisionStatus>,
}

/// One revision of a deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevisionStatus {
    /// Counts the revisions from 1, for as long as the deployment is there.
    pub number: u64,
    /// The SHA-256 of the component, in hexadecimal.
    pub digest: String,
    /// Whether new connections go to it.
    pub state: RevisionState,
    /// The paths that it serves.
    pub endpoints: Vec<String>,
    /// `session`, `keyed` or `shared`, as configured.
    pub instancing: &'static str,
    /// Its open sessions.
    pub sessions: usize,
    /// When it was deployed.
    pub deployed_at: SystemTime,
}

/// What a revision is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RevisionState {
    /// New connections go to it.
    Current,
    /// Its open sessions go on until they end or the time for that is over.
    Draining,
    /// Its sessions are being closed.
    Closing,
}

impl RevisionState {
    /// The word for it in the admin API and in the command line's output.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Draining => "draining",
            Self::Closing => "closing",
        }
    }
}

/// One open session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionStatus {
    /// Its id.
    pub id: String,
    /// The deployment that serves it.
    pub deployment: String,
    /// The revision that serves it.
    pub revision: u64,
    /// The path of its endpoint.
    pub endpoint: String,
    /// The URI that the peer asked for.
    pub uri: String,
    /// The peer's address.
    pub peer: String,
    /// The subprotocol agreed on.
    pub subprotocol: Option<String>,
    /// Who the peer is, where the guest has said so.
    pub principal: Option<Principal>,
    /// Bytes that wait to be written to it.
    pub queued_bytes: usize,
    /// When its handshake was done.
    pub opened_at: SystemTime,
}

/// What a deploy did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeployReport {
    /// The deployment's name.
    pub name: String,
    /// The new revision.
    pub revision: u64,
    /// The SHA-256 of the component, in hexadecimal.
    pub digest: String,
    /// The paths that it serves.
    pub endpoints: Vec<String>,
    /// The revision that it replaced, if any.
    pub replaced: Option<u64>,
    /// What becomes of that revision's sessions.
    pub strategy: Strategy,
}

/// What an undeploy did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UndeployReport {
    /// The deployment's name.
    pub name: String,
    /// How many open sessions are being closed with 1001.
    pub sessions_closed: usize,
}
