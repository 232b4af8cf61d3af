//! From the host's own types to messages.

use super::{
    Deployed, Deployment, Host, HostStatus, Instances, Line, LogEntry, LogSource, Principal,
    Revision, RevisionState, Session, Source, Undeployed, status,
};

impl From<HostStatus> for Host {
    fn from(host: HostStatus) -> Self {
        let HostStatus {
            version,
            listen,
            instances_live,
            instances_capacity,
            connections,
            sessions,
        } = host;
        let instances = Instances { live: instances_live, capacity: instances_capacity };
        Self { version, listen, instances, connections, sessions }
    }
}

impl From<status::DeploymentStatus> for Deployment {
    fn from(deployment: status::DeploymentStatus) -> Self {
        let status::DeploymentStatus { name, revisions } = deployment;
        Self { name, revisions: revisions.into_iter().map(Into::into).collect() }
    }
}

impl From<status::RevisionStatus> for Revision {
    fn from(revision: status::RevisionStatus) -> Self {
        let status::RevisionStatus {
            number,
            digest,
            state,
            endpoints,
            instancing,
            sessions,
            deployed_at,
        } = revision;
        Self {
            number,
            digest,
            state: state.into(),
            endpoints,
            instancing: instancing.to_owned(),
            sessions,
            deployed_at: deployed_at.into(),
        }
    }
}

impl From<status::RevisionState> for RevisionState {
    fn from(state: status::RevisionState) -> Self {
        match state {
            status::RevisionState::Current => Self::Current,
            status::RevisionState::Draining => Self::Draining,
            status::RevisionState::Closing => Self::Closing,
        }
    }
}

impl RevisionState {
    /// The word for it in the API and in the command line's output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Current => status::RevisionState::Current.as_str(),
            Self::Draining => status::RevisionState::Draining.as_str(),
            Self::Closing => status::RevisionState::Closing.as_str(),
        }
    }
}

impl From<status::SessionStatus> for Session {
    fn from(session: status::SessionStatus) -> Self {
        let status::SessionStatus {
            id,
            deployment,
            revision,
            endpoint,
            uri,
            peer,
            subprotocol,
            principal,
            queued_bytes,
            opened_at,
        } = session;
        Self {
            id,
            deployment,
            revision,
            endpoint,
            uri,
            peer,
            subprotocol,
            principal: principal.map(|it| Principal { name: it.name, roles: it.roles }),
            queued_bytes,
            opened_at: opened_at.into(),
        }
    }
}

impl From<status::DeployReport> for Deployed {
    fn from(report: status::DeployReport) -> Self {
        let status::DeployReport { name, revision, digest, endpoints, replaced, strategy } = report;
        Self { name, revision, digest, endpoints, replaced, strategy }
    }
}

impl From<status::UndeployReport> for Undeployed {
    fn from(report: status::UndeployReport) -> Self {
        let status::UndeployReport { name, sessions_closed } = report;
        Self { name, sessions_closed }
    }
}

impl From<Line> for LogEntry {
    fn from(line: Line) -> Self {
        let Line { at, source, text } = line;
        Self::Line { at: at.into(), source: source.into(), text }
    }
}

impl From<Source> for LogSource {
    fn from(source: Source) -> Self {
        match source {
            Source::Host => Self::Host,
            Source::Stdout => Self::Stdout,
            Source::Stderr => Self::Stderr,
        }
    }
}

impl LogSource {
    /// The word for it in the API and in the command line's output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Host => Source::Host.as_str(),
            Self::Stdout => Source::Stdout.as_str(),
            Self::Stderr => Source::Stderr.as_str(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_word_is_the_same_in_the_api_and_on_the_command_line() {
        for state in [RevisionState::Current, RevisionState::Draining, RevisionState::Closing] {
            assert_eq!(serde_json::to_value(state).unwrap(), json!(state.as_str()));
        }
        for source in [LogSource::Host, LogSource::Stdout, LogSource::Stderr] {
            assert_eq!(serde_json::to_value(source).unwrap(), json!(source.as_str()));
        }
    }
}
