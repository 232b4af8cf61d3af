//! The messages of the admin API, as they go over the wire.
//!
//! The host's own types are not serialized: what an operator's programs rely on changes only
//! when this file does. `openapi.json` has the same names.

use serde::{Deserialize, Serialize};

use super::operator::HostStatus;
use crate::{
    config::Strategy,
    deployments::{
        log::{Line, Source},
        status,
    },
};

mod timestamp;

pub use self::timestamp::Timestamp;

/// The host itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Host {
    /// The version of `sockhop`.
    pub version: String,
    /// Where it accepts WebSocket connections, as URLs.
    pub listen: Vec<String>,
    /// The instances of guests.
    pub instances: Instances,
    /// Open connections, upgraded or not.
    pub connections: usize,
    /// Open sessions.
    pub sessions: usize,
}

/// How many instances of guests there are and may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instances {
    /// Those that live.
    pub live: usize,
    /// The most that may live at once.
    pub capacity: usize,
}

/// All deployments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeploymentList {
    /// The deployments, by name.
    pub deployments: Vec<Deployment>,
}

/// One deployment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployment {
    /// Its name.
    pub name: String,
    /// Its revisions: the current one first, then those that still have sessions, newest first.
    pub revisions: Vec<Revision>,
}

/// One revision of a deployment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revision {
    /// Counts the revisions of the deployment since the host started, from 1.
    pub number: u64,
    /// The SHA-256 of the component, in hexadecimal.
    pub digest: String,
    /// Whether new connections go to it.
    pub state: RevisionState,
    /// The paths that it serves.
    pub endpoints: Vec<String>,
    /// `session` or `shared`.
    pub instancing: String,
    /// Its open sessions.
    pub sessions: usize,
    /// When it was deployed.
    pub deployed_at: Timestamp,
}

/// What a revision is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RevisionState {
    /// New connections go to it.
    Current,
    /// Its open sessions go on until they end or the time for that is over.
    Draining,
    /// Its sessions are being closed.
    Closing,
}

/// Open sessions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionList {
    /// The sessions; where there are more than [`SESSIONS_LISTED_MAX`](super::SESSIONS_LISTED_MAX),
    /// only as many.
    pub sessions: Vec<Session>,
    /// How many there are.
    pub total: usize,
}

/// One open session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
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
    pub opened_at: Timestamp,
}

/// Who a peer is, by the word of the guest that accepted its handshake.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Principal {
    /// The name.
    pub name: String,
    /// The roles.
    pub roles: Vec<String>,
}

/// What a deploy did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployed {
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undeployed {
    /// The deployment's name.
    pub name: String,
    /// How many open sessions are being closed with 1001.
    pub sessions_closed: usize,
}

/// A line of a log, or the place of lines that the follower was too slow for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum LogEntry {
    /// A line.
    Line {
        /// When it was written.
        at: Timestamp,
        /// By whom.
        source: LogSource,
        /// What.
        text: String,
    },
    /// Lines that are missing here.
    Missed {
        /// How many.
        missed: u64,
    },
}

/// Who wrote a line of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogSource {
    /// The host, about the deployment.
    Host,
    /// A guest, on standard output.
    Stdout,
    /// A guest, on standard error.
    Stderr,
}

/// The body of every answer that is an error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// The error.
    pub error: ErrorDetail,
}

/// An error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorDetail {
    /// What a program needs to know; `openapi.json` lists the codes.
    pub code: String,
    /// What a person needs to know.
    pub message: String,
}

mod convert;
