//! Brings file, environment and flags together: each has its say over the one before it.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    num::NonZeroUsize,
    path::{Path, PathBuf},
};

use super::{
    AdminAddress, AdminAddressError, ComponentProblem, Config, ConfigError, ConfigErrors,
    DEFAULT_LISTEN, DEFAULT_LOG_FILTER, DeploymentName, DeploymentSettings, Environment,
    ListenAddress, Machine, RuntimeDir, SOCKET_MODE, TAKEOVER_CONTEXTS, WORKERS,
    deployment::DeploymentTable,
    environment::{HOME, XDG_CACHE_HOME},
    file::FileConfig,
    variables::{Variables, base_folder},
};
use crate::cli::args::RunArgs;

/// The name of the admin API's socket in the runtime folder.
const ADMIN_SOCKET: &str = "admin.sock";

/// What a configuration is made from.
#[derive(Clone, Copy)]
pub struct Sources<'s> {
    /// The flags and files of the command line.
    pub args: &'s RunArgs,
    /// The environment variables.
    pub environment: &'s dyn Environment,
    /// The machine and the user.
    pub machine: &'s Machine,
}

impl Config {
    /// Reads everything, and either gives a configuration that is whole and valid or all that is
    /// wrong. Binds nothing, makes nothing, and does not look at the files and folders that the
    /// configuration names.
    ///
    /// # Errors
    ///
    /// Every mistake in the file, the environment and the names of components, in this order.
    pub fn load(sources: Sources<'_>) -> Result<Self, ConfigErrors> {
        let Sources { args, environment, machine } = sources;
        let mut of_environment = Vec::new();
        let variables = Variables::read(environment, &mut of_environment);
        let folder = kept(RuntimeDir::locate(environment, machine), &mut of_environment);

        let mut errors = Vec::new();
        let path = args.config.as_deref().or(variables.config.as_deref());
        let file = match path {
            Some(path) => FileConfig::load(path, machine.cores, &mut errors),
            None => FileConfig::default(),
        };
        errors.append(&mut of_environment);
        let deployments = deployments(file.deployments, path, &args.components, &mut errors);
        let admin = args.admin.clone().or(variables.admin).or(file.admin).or_else(|| {
            let default = default_admin(folder.as_ref()?);
            let unusable = |source| ConfigError::Default { key: "admin", source };
            kept(default.map_err(unusable), &mut errors)
        });
        let cache_dir = file
            .cache_dir
            .or_else(|| kept(default_cache_dir(environment, folder.as_ref()?), &mut errors));
        let listen = Some(args.listen.clone()).filter(|addresses| !addresses.is_empty());
        let listen = listen.or(variables.listen).or(file.listen).unwrap_or_else(default_listen);
        if let Some(address) = listen.iter().find(|address| address.is_encrypted())
            && !file.tls.named
        {
            errors.push(ConfigError::NoCertificate { address: address.clone() });
        }
        let (Some(runtime_dir), Some(admin), Some(cache_dir), true) =
            (folder, admin, cache_dir, errors.is_empty())
        else {
            return Err(ConfigErrors(errors));
        };
        Ok(Self {
            listen,
            socket_mode: file.socket_mode.unwrap_or(SOCKET_MODE.default),
            admin,
            admin_token: variables.admin_token,
            runtime_dir,
            deploy_dir: args.deploy_dir.clone().or(variables.deploy_dir).or(file.deploy_dir),
            assets: args.assets.clone().or(variables.assets).or(file.assets),
            cache_dir,
            workers: workers(file.workers, machine.cores),
            log_filter: variables.log.unwrap_or_else(|| DEFAULT_LOG_FILTER.to_owned()),
            limits: file.limits,
            http2: file.http2,
            proxy: file.proxy,
            endpoint: file.endpoint,
            takeover_contexts: file.takeover_contexts.unwrap_or(TAKEOVER_CONTEXTS.default),
            sandbox: file.sandbox,
            tls: file.tls.settings,
            deployments,
        })
    }
}

/// The value, or nothing and a note of what is wrong.
fn kept<T>(result: Result<T, ConfigError>, errors: &mut Vec<ConfigError>) -> Option<T> {
    result.map_err(|error| errors.push(error)).ok()
}

/// Where the admin API is when nobody says otherwise: in a folder that only this user enters.
pub(super) fn default_admin(folder: &RuntimeDir) -> Result<AdminAddress, AdminAddressError> {
    AdminAddress::unix(folder.path().join(ADMIN_SOCKET))
}

fn default_listen() -> Vec<ListenAddress> {
    vec![ListenAddress::from(DEFAULT_LISTEN)]
}

fn default_cache_dir(
    environment: &dyn Environment,
    folder: &RuntimeDir,
) -> Result<PathBuf, ConfigError> {
    if let Some(caches) = base_folder(environment, XDG_CACHE_HOME)? {
        return Ok(caches.join("sockhop"));
    }
    Ok(match base_folder(environment, HOME)? {
        Some(home) => home.join(".cache/sockhop"),
        None => folder.path().join("cache"),
    })
}

fn workers(configured: Option<u32>, cores: NonZeroUsize) -> NonZeroUsize {
    NonZeroUsize::new(configured.unwrap_or(WORKERS.default) as usize).unwrap_or(cores)
}

/// The deployments of the file, and those of the command line, each under its file's stem. A
/// table without a file has the settings for a component of that name.
fn deployments(
    tables: BTreeMap<DeploymentName, DeploymentTable>,
    config_file: Option<&Path>,
    components: &[PathBuf],
    errors: &mut Vec<ConfigError>,
) -> BTreeMap<DeploymentName, DeploymentSettings> {
    let lines: BTreeMap<DeploymentName, usize> =
        tables.iter().filter_map(|(name, table)| Some((name.clone(), table.file_line?))).collect();
    let mut deployments: BTreeMap<_, _> =
        tables.into_iter().map(|(name, table)| (name, table.settings)).collect();
    for component in components {
        let mut report = |problem| {
            errors.push(ConfigError::Component { file: component.clone(), problem });
        };
        let name = match DeploymentName::from_file(component) {
            Ok(name) => name,
            Err(error) => {
                report(ComponentProblem::Name(error));
                continue;
            }
        };
        let place = config_file.zip(lines.get(&name));
        let settings = match deployments.entry(name) {
            Entry::Vacant(entry) => entry.insert(DeploymentSettings::default()),
            Entry::Occupied(entry) => {
                if let Some(file) = entry.get().file.clone() {
                    let name = entry.key().to_string();
                    report(match place {
                        Some((config, line)) => {
                            let configured = format!("{}:{line}", config.display());
                            ComponentProblem::Configured { configured, file, name }
                        }
                        None => ComponentProblem::Repeated { file, name },
                    });
                    continue;
                }
                entry.into_mut()
            }
        };
        settings.file = Some(component.clone());
    }
    deployments
}

#[cfg(test)]
mod tests;
