//! A component on its way to becoming a revision: compiled, asked, checked; nothing of it is
//! visible yet.

use std::sync::Arc;

use bytes::Bytes;
use sockhop_engine::{
    Guest, GuestOutput, GuestSettings, Instancing, KeySource, Program, Seats, Surroundings,
};
use sockhop_session::TopicLimits;
use sockhop_session::handshake::EndpointConfig;
use sockhop_session::properties::Properties;

use super::log::DeploymentLog;
use super::outgoing::{EndpointContainer, Grant, OutgoingHost, RevisionOutgoing};
use super::revision::{Revision, ServedEndpoint};
use super::routes::Routes;
use super::template::Template;
use super::{Current, DeployError, Deployments, EndpointError, NoKeys, UndescribedEndpoints};
use crate::config::{self, DeploymentName, EndpointLimits, ResolvedDeployment};

/// The most endpoints of one component.
pub(super) const ENDPOINTS_MAX: usize = 256;

/// Where the registry lists the connections that the guests of a deployment have opened: no path
/// of an endpoint begins like this.
const OUTGOING: &str = "connect";

/// A component that could be deployed, but for paths that others have.
pub(super) struct Candidate {
    guest: Guest,
    endpoints: Vec<(Template, EndpointConfig)>,
    settings: Arc<ResolvedDeployment>,
    grant: Grant,
    log: Arc<DeploymentLog>,
    property_bytes: usize,
}

impl Deployments {
    /// Compiles a component and asks it what it serves.
    pub(super) async fn prepare(
        &self,
        component: Bytes,
        settings: ResolvedDeployment,
        log: &Arc<DeploymentLog>,
    ) -> Result<Candidate, DeployError> {
        // The semaphore is never closed.
        let _job = self.compile_jobs.acquire().await;
        let program = self.engine.load(component).await?;
        let guest = Guest::new(&self.engine, program, guest_settings(&settings, log));
        let property_bytes = self.config.limits.properties.as_usize();
        let endpoints = check(guest.describe().await?, property_bytes)?;
        check_settings(&settings, &endpoints)?;
        check_keys(&settings, &endpoints, guest.program())?;
        let grant = Grant::new(&settings.connect)?;
        Ok(Candidate {
            guest,
            endpoints,
            settings: Arc::new(settings),
            grant,
            log: Arc::clone(log),
            property_bytes,
        })
    }
}

impl Candidate {
    pub(super) fn templates(&self) -> impl Iterator<Item = &Template> {
        self.endpoints.iter().map(|(template, _)| template)
    }

    /// Makes the revision.
    pub(super) fn revision(
        self,
        name: &DeploymentName,
        number: u64,
        outgoing: &OutgoingHost,
    ) -> Current {
        let instancing = match &self.settings.instancing {
            config::Instancing::Session => Instancing::Session,
            config::Instancing::Keyed { key: None } => Instancing::Keyed(KeySource::Guest),
            config::Instancing::Keyed { key: Some(name) } => {
                Instancing::Keyed(KeySource::Parameter(name.clone()))
            }
            config::Instancing::Shared { shards } => Instancing::Shared(*shards),
        };
        let registry = &outgoing.registry;
        let sessions: Vec<_> = self
            .endpoints
            .iter()
            .map(|(_, config)| {
                (config.path.clone(), registry.endpoint(name.as_str(), &config.path))
            })
            .collect();
        let digest = self.guest.program().digest().to_owned();
        let opened = registry.endpoint(name.as_str(), OUTGOING);
        let revision = Revision::new(number, digest, self.settings, self.log, sessions, opened);
        let revision = Arc::new(revision);
        let outgoing = RevisionOutgoing::new(outgoing.clone(), Arc::clone(&revision), self.grant);
        let outgoing = Arc::new(outgoing);
        let endpoints = self.endpoints.into_iter().map(|(template, config)| {
            let sessions = registry.endpoint(name.as_str(), &config.path);
            let settings = Arc::new(revision.settings().endpoint(&config.path));
            let container = Arc::new(EndpointContainer {
                of: Arc::clone(&outgoing),
                settings: Arc::clone(&settings),
                property_bytes: self.property_bytes,
            });
            let directory = Arc::new(sessions.directory(topic_limits(&settings.limits)));
            let around = Surroundings { directory, container };
            let seats = Seats::new(&self.guest, &config.path, instancing.clone(), around);
            Arc::new(ServedEndpoint {
                template,
                settings,
                config,
                seats,
                sessions,
                revision: Arc::clone(&revision),
                property_bytes: self.property_bytes,
            })
        });
        let endpoints = endpoints.collect();
        Current { revision, endpoints }
    }
}

/// The registry's view of an endpoint's limits.
fn topic_limits(limits: &EndpointLimits) -> TopicLimits {
    let count = |most: u32| usize::try_from(most).unwrap_or(usize::MAX);
    TopicLimits {
        name_bytes: limits.topic_name.as_usize(),
        of_session: count(limits.topics_per_session),
        of_endpoint: count(limits.topics),
    }
}

/// The sandbox's view of a deployment's settings.
pub(crate) fn guest_settings(
    settings: &ResolvedDeployment,
    log: &Arc<impl GuestOutput + 'static>,
) -> GuestSettings {
    GuestSettings {
        memory_bytes: settings.memory.as_usize(),
        event_cpu: settings.event_cpu,
        event_wait: settings.event_wait,
        env: settings.env.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
        output: Arc::clone(log) as _,
    }
}

/// Checks what a component describes, by itself.
pub(crate) fn check(
    described: Vec<EndpointConfig>,
    property_bytes: usize,
) -> Result<Vec<(Template, EndpointConfig)>, EndpointError> {
    if described.is_empty() || described.len() > ENDPOINTS_MAX {
        return Err(EndpointError::Count(described.len()));
    }
    let mut routes = Routes::builder();
    let mut checked = Vec::new();
    for config in described {
        let template = Template::parse(&config.path)
            .map_err(|source| EndpointError::Path { path: config.path.clone(), source })?;
        routes.insert(template.clone(), ()).map_err(|conflict| {
            EndpointError::Twice(conflict.present.to_string(), conflict.refused.to_string())
        })?;
        check_subprotocols(&config)?;
        check_properties(&config, property_bytes)?;
        checked.push((template, config));
    }
    Ok(checked)
}

/// Checks that whatever the operator has settings for is there.
///
/// # Errors
/// [`UndescribedEndpoints`]: a slip of the hand there would leave an endpoint without its limits.
pub(crate) fn check_settings(
    settings: &ResolvedDeployment,
    endpoints: &[(Template, EndpointConfig)],
) -> Result<(), UndescribedEndpoints> {
    let described: Vec<_> = endpoints.iter().map(|(_, config)| config.path.as_str()).collect();
    let configured = settings.endpoints_beside(&described);
    if configured.is_empty() {
        return Ok(());
    }
    let described = described.into_iter().map(str::to_owned).collect();
    Err(UndescribedEndpoints { configured, described })
}

/// Checks that each session will have a key where the operator wants instances by key.
///
/// # Errors
/// [`NoKeys`]: every handshake would be answered 500 otherwise.
pub(crate) fn check_keys(
    settings: &ResolvedDeployment,
    endpoints: &[(Template, EndpointConfig)],
    program: &Program,
) -> Result<(), NoKeys> {
    match &settings.instancing {
        config::Instancing::Session | config::Instancing::Shared { .. } => Ok(()),
        config::Instancing::Keyed { key: None } if program.names_keys() => Ok(()),
        config::Instancing::Keyed { key: None } => Err(NoKeys::Export),
        config::Instancing::Keyed { key: Some(key) } => check_variable(key, endpoints),
    }
}

fn check_variable(key: &str, endpoints: &[(Template, EndpointConfig)]) -> Result<(), NoKeys> {
    let lacks = |template: &&Template| template.variables().all(|variable| variable != key);
    let lacking = endpoints.iter().map(|(template, _)| template).filter(lacks);
    let lacking: Vec<_> = lacking.map(ToString::to_string).collect();
    if lacking.is_empty() {
        return Ok(());
    }
    Err(NoKeys::Variable { variable: key.to_owned(), lacking })
}

fn check_subprotocols(config: &EndpointConfig) -> Result<(), EndpointError> {
    let is_token = |name: &str| {
        let is_tchar =
            |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        !name.is_empty() && name.bytes().all(is_tchar)
    };
    for (index, subprotocol) in config.subprotocols.iter().enumerate() {
        if !is_token(subprotocol) || config.subprotocols[..index].contains(subprotocol) {
            return Err(EndpointError::Subprotocol {
                path: config.path.clone(),
                subprotocol: subprotocol.clone(),
            });
        }
    }
    Ok(())
}

fn check_properties(config: &EndpointConfig, limit_bytes: usize) -> Result<(), EndpointError> {
    let mut properties = Properties::new(limit_bytes);
    for (name, value) in &config.properties {
        properties
            .set(name.clone(), Some(value.clone()))
            .map_err(|source| EndpointError::Properties { path: config.path.clone(), source })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(path: &str) -> EndpointConfig {
        EndpointConfig { path: path.into(), ..EndpointConfig::default() }
    }

    #[test]
    fn what_a_component_describes_is_checked_by_itself() {
        assert!(matches!(check(vec![], 0), Err(EndpointError::Count(0))));
        let many = (0..=ENDPOINTS_MAX).map(|n| endpoint(&format!("/{n}"))).collect();
        assert!(matches!(check(many, 0), Err(EndpointError::Count(257))));
        let bad = check(vec![endpoint("/a"), endpoint("b")], 0);
        assert!(matches!(bad, Err(EndpointError::Path { path, .. }) if path == "b"));
        let twice = check(vec![endpoint("/{a}"), endpoint("/{b}")], 0);
        assert!(matches!(twice, Err(EndpointError::Twice(a, b)) if a == "/{a}" && b == "/{b}"));
        assert_eq!(check(vec![endpoint("/a"), endpoint("/{b}")], 0).map(|c| c.len()).ok(), Some(2));
    }

    #[test]
    fn the_key_is_a_variable_of_every_path() {
        let described = |paths: &[&str]| {
            check(paths.iter().map(|path| endpoint(path)).collect(), 0).expect("they hold")
        };
        assert!(check_variable("room", &described(&["/a/{room}", "/b/{who}/{room}"])).is_ok());
        let refused = check_variable("room", &described(&["/a/{room}", "/b/{rooms}", "/room"]));
        assert_eq!(
            refused.expect_err("two have none").to_string(),
            "its endpoints `/b/{rooms}`, `/room` have no variable `{room}`, which `key` names"
        );
    }

    #[test]
    fn subprotocols_are_tokens_and_properties_fit() {
        for subprotocols in [vec!["a b"], vec![""], vec!["a", "a"]] {
            let subprotocols = subprotocols.into_iter().map(String::from).collect();
            let refused = check(vec![EndpointConfig { subprotocols, ..endpoint("/a") }], 0);
            assert!(matches!(refused, Err(EndpointError::Subprotocol { .. })));
        }
        let properties = vec![("name".into(), Bytes::from_static(b"value"))];
        let with = EndpointConfig { properties, ..endpoint("/a") };
        assert!(matches!(check(vec![with.clone()], 10), Err(EndpointError::Properties { .. })));
        assert!(check(vec![with], 1000).is_ok());
    }
}
