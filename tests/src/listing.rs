//! What `sockhop list --json` and `sockhop sessions --json` print.

use serde::Deserialize;
use serde_json::Value;

/// A deployment.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Deployment {
    /// Its name.
    pub name: String,
    /// Its revisions: the current one first.
    pub revisions: Vec<Revision>,
}

/// A revision of a deployment.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Revision {
    /// Counts the deployment's revisions, from 1.
    pub number: u64,
    /// `current`, `draining` or `closing`.
    pub state: String,
    /// The paths that it serves.
    pub endpoints: Vec<String>,
    /// How many sessions it has.
    pub sessions: usize,
}

/// An open session.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct SessionRow {
    /// Its id.
    pub id: String,
    /// The deployment that serves it.
    pub deployment: String,
    /// The revision that serves it.
    pub revision: u64,
    /// The path of its endpoint.
    pub endpoint: String,
    /// The URI that its peer asked for.
    pub uri: String,
    /// The address of its peer.
    pub peer: String,
    /// Who its peer is, where the guest has said so.
    pub principal: Option<Principal>,
}

/// Who a peer is.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Principal {
    /// The name.
    pub name: String,
    /// The roles.
    pub roles: Vec<String>,
}

impl Deployment {
    pub(crate) fn all(printed: Value) -> Vec<Self> {
        serde_json::from_value(printed["deployments"].clone())
            .unwrap_or_else(|error| panic!("{error}: {printed}"))
    }

    /// Number, state and count of sessions of each revision.
    #[must_use]
    pub fn states(&self) -> Vec<(u64, &str, usize)> {
        self.revisions.iter().map(|one| (one.number, one.state.as_str(), one.sessions)).collect()
    }
}

impl SessionRow {
    pub(crate) fn all(printed: Value) -> Vec<Self> {
        serde_json::from_value(printed["sessions"].clone())
            .unwrap_or_else(|error| panic!("{error}: {printed}"))
    }
}
