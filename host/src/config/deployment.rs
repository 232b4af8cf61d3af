//! The tables `deployment.NAME`: how a component is run.

use std::{collections::BTreeMap, num::NonZeroUsize, path::PathBuf, time::Duration};

use super::{
    ByteSize, Config, EndpointPath, EndpointSettings, Instancing, OutgoingSettings, Strategy,
    endpoint_limits::read_below, reader::Section, sandbox,
};

/// What the configuration says about one deployment. What it leaves open is the host's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeploymentSettings {
    /// The component to deploy at start-up. Without it these are the settings of what is deployed
    /// under the name later.
    pub file: Option<PathBuf>,
    /// Which sessions one instance serves.
    pub instancing: Instancing,
    /// What becomes of open sessions when the component is replaced.
    pub strategy: Strategy,
    /// Memory of one instance; at most [`Sandbox::memory`](super::Sandbox::memory).
    pub memory: Option<ByteSize>,
    /// Time that a guest may compute in one event.
    pub event_cpu: Option<Duration>,
    /// Time that a guest may wait in one event.
    pub event_wait: Option<Duration>,
    /// What its endpoints are served with that say nothing themselves.
    pub endpoint: Option<EndpointSettings>,
    /// What the endpoints are served with that do.
    pub endpoints: BTreeMap<EndpointPath, EndpointSettings>,
    /// The guest's environment variables.
    pub env: BTreeMap<String, String>,
    /// The connections that its guests may open.
    pub connect: OutgoingSettings,
}

/// The settings of a deployment with nothing left open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedDeployment {
    /// Which sessions one instance serves.
    pub instancing: Instancing,
    /// What becomes of open sessions when the component is replaced.
    pub strategy: Strategy,
    /// Memory of one instance.
    pub memory: ByteSize,
    /// Time that a guest may compute in one event.
    pub event_cpu: Duration,
    /// Time that a guest may wait in one event.
    pub event_wait: Duration,
    /// What its endpoints are served with that say nothing themselves.
    pub default_endpoint: EndpointSettings,
    /// What the endpoints are served with that do.
    pub endpoints: BTreeMap<EndpointPath, EndpointSettings>,
    /// The guest's environment variables.
    pub env: BTreeMap<String, String>,
    /// The connections that its guests may open.
    pub connect: OutgoingSettings,
}

impl DeploymentSettings {
    /// Fills in what is open from the host's configuration, and applies its ceilings.
    pub fn resolve(&self, config: &Config) -> ResolvedDeployment {
        let sandbox = &config.sandbox;
        let ceiling = config.endpoint.limits.message;
        let below = |mut settings: EndpointSettings| {
            settings.limits.message = settings.limits.message.min(ceiling);
            settings
        };
        let endpoints = self.endpoints.iter();
        ResolvedDeployment {
            instancing: self.instancing.clone(),
            strategy: self.strategy,
            memory: self.memory.unwrap_or(sandbox.memory).min(sandbox.memory),
            event_cpu: self.event_cpu.unwrap_or(sandbox.event_cpu),
            event_wait: self.event_wait.unwrap_or(sandbox.event_wait),
            default_endpoint: below(self.endpoint.as_ref().unwrap_or(&config.endpoint).clone()),
            endpoints: endpoints.map(|(path, own)| (path.clone(), below(own.clone()))).collect(),
            env: self.env.clone(),
            connect: self.connect.clone(),
        }
    }
}

impl ResolvedDeployment {
    /// What the endpoint of this path, as the component describes it, is served with.
    #[must_use]
    pub fn endpoint(&self, path: &str) -> EndpointSettings {
        self.endpoints.get(path).unwrap_or(&self.default_endpoint).clone()
    }

    /// The paths that have settings and are not among those that the component describes.
    pub(crate) fn endpoints_beside(&self, described: &[&str]) -> Vec<String> {
        let paths = self.endpoints.keys().map(EndpointPath::as_str);
        paths.filter(|path| !described.contains(path)).map(str::to_owned).collect()
    }
}

/// What the host says for all deployments. A ceiling is absent where the host's own key is wrong,
/// so that one mistake is not reported as two.
pub(super) struct OfHost<'h> {
    pub(super) endpoint: &'h EndpointSettings,
    pub(super) memory_ceiling: Option<ByteSize>,
    pub(super) message_ceiling: Option<ByteSize>,
    pub(super) cores: NonZeroUsize,
}

/// A table `deployment.NAME` as it was read.
#[derive(Clone, Debug, Default)]
pub(super) struct DeploymentTable {
    pub(super) settings: DeploymentSettings,
    /// The line of the key `file`, where there is one.
    pub(super) file_line: Option<usize>,
}

impl DeploymentTable {
    /// Reads the table; a key that is wrong is left open.
    pub(super) fn read(section: &mut Section<'_, '_>, host: &OfHost<'_>) -> Self {
        let message_ceiling = host.message_ceiling;
        let endpoint = EndpointSettings::read(section, host.endpoint, message_ceiling);
        let endpoints = section.named_tables("endpoint", |table| {
            EndpointSettings::read(table, &endpoint, message_ceiling)
        });
        let settings = DeploymentSettings {
            file: section.path("file"),
            instancing: Instancing::read(section, host.cores),
            strategy: section.parsed("strategy").unwrap_or_default(),
            memory: read_below(
                section,
                "memory",
                &sandbox::MEMORY,
                ("sandbox.memory", host.memory_ceiling),
            ),
            event_cpu: section.bounded("event_cpu", &sandbox::EVENT_CPU),
            event_wait: section.bounded("event_wait", &sandbox::EVENT_WAIT),
            endpoint: Some(endpoint),
            endpoints,
            env: section.variables("env"),
            connect: section.table("connect", OutgoingSettings::read),
        };
        Self { settings, file_line: section.line("file") }
    }
}
