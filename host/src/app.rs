//! Wiring: from a configuration to a host that runs, and from there to one that has stopped.

mod embedded;
mod open_files;
mod operator;

use std::fs;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use sockhop_engine::{Capacity, Engine, EngineConfig};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use self::embedded::{Embedded, UpgradeTo};
use self::operator::HostOperator;
use crate::admin::AdminServer;
use crate::config::{AdminAddress, AdminToken, Config, TokenFile};
use crate::deployments::watch::DeployFolder;
use crate::deployments::{Deployments, check_profiles, component_file};
use crate::registry::Registry;
use crate::server::{BoundAddress, RunningServer, Server, StartError};

/// A host that runs.
pub struct App {
    config: Arc<Config>,
    engine: Engine,
    deployments: Arc<Deployments>,
    server: RunningServer,
    addresses: Vec<BoundAddress>,
    admin: AdminAddress,
    /// The token file to remove at the end, where the host made one.
    token: Option<(TokenFile, AdminToken)>,
    stopping: CancellationToken,
    tasks: TaskTracker,
}

impl App {
    /// Sets the sandbox up, binds, deploys what the configuration names, and only then accepts
    /// connections.
    ///
    /// # Errors
    /// What the operator is to mend; nothing is left bound.
    pub async fn start(mut config: Config) -> Result<Self> {
        let files = open_files::raise();
        let configured = config.limits.connections;
        let fewer = open_files::fewer_connections(configured, files);
        config.limits.connections = fewer.unwrap_or(configured);
        let config = Arc::new(config);
        check_paths(&config)?;
        // Before anything is put into it.
        config.runtime_dir.ensure().context("the runtime folder cannot be used")?;
        let engine = engine(&config)?;
        let registry = Arc::new(Registry::new(host_number()?));
        let deployments =
            Deployments::new(Arc::clone(&config), engine.clone(), Arc::clone(&registry));
        let server = Server::bind(Arc::clone(&config), Arc::clone(&deployments), registry).await?;
        let addresses = server.addresses();
        let admin = AdminServer::bind(&config.admin).await?;
        deploy_configured(&config, &deployments).await?;
        let stopping = CancellationToken::new();
        let tasks = TaskTracker::new();
        if let Some(folder) = &config.deploy_dir {
            let mut folder = DeployFolder::watch(folder, Arc::clone(&deployments))?;
            folder.deploy_all().await?;
            tasks.spawn(folder.run(stopping.clone()));
        }
        let server = server.start();
        let bound = admin.bound();
        let (token, file) = admin_token(&config, &bound)?;
        let operator = HostOperator {
            deployments: Arc::clone(&deployments),
            engine: engine.clone(),
            server: server.clone(),
            addresses: addresses.clone(),
            tasks: tasks.clone(),
        };
        tasks.spawn(admin.serve(Arc::new(operator), token.clone(), stopping.clone()));
        let token = file.map(|file| (file, token));
        // Last, so that a host which does not start says nothing but why.
        if let Some(fewer) = fewer {
            tracing::warn!(
                configured,
                files,
                "limits.connections is lowered to {fewer}: the system allows no more open files \
                 (ulimit -Hn, LimitNOFILE)"
            );
        }
        Ok(Self {
            config,
            engine,
            deployments,
            server,
            addresses,
            admin: bound,
            token,
            stopping,
            tasks,
        })
    }

    /// Where the admin API is served.
    #[must_use]
    pub fn admin(&self) -> &AdminAddress {
        &self.admin
    }

    /// The addresses at which connections are accepted.
    #[must_use]
    pub fn addresses(&self) -> &[BoundAddress] {
        &self.addresses
    }

    /// Whether files are served beside the endpoints.
    #[must_use]
    pub fn has_assets(&self) -> bool {
        self.config.assets.is_some()
    }

    /// How many instances the machine holds.
    #[must_use]
    pub fn capacity(&self) -> Capacity {
        self.engine.capacity()
    }

    /// Accepts nothing more, closes all sessions with 1001, and waits for their ends, as long as
    /// `limits.shutdown_timeout` allows.
    pub async fn stop(self) {
        self.stopping.cancel();
        self.tasks.close();
        self.server.stop();
        self.deployments.stop();
        let stopped = async {
            // Connections first: what compiles has nobody to serve any more.
            self.server.stopped().await;
            self.deployments.stopped().await;
            self.tasks.wait().await;
        };
        if timeout(self.config.limits.shutdown_timeout, stopped).await.is_err() {
            tracing::warn!(
                connections = self.server.connections(),
                "limits.shutdown_timeout is over; connections are dropped"
            );
        }
        if let Some((file, token)) = &self.token
            && let Err(error) = file.remove(token)
        {
            tracing::warn!(%error, "the admin API's token is left behind");
        }
    }
}

/// Whether a host could start, and deploy by its settings, with the files that the configuration
/// names; components are left aside: those are `sockhop check`'s.
///
/// # Errors
/// What the operator is to mend, in the form that [`App::start`] gives it.
pub fn check_files(config: &Config) -> Result<()> {
    check_paths(config)?;
    Server::check(config).map_err(StartError::from)?;
    for (name, settings) in &config.deployments {
        let settings = settings.resolve(config);
        check_profiles(&settings.connect).with_context(|| format!("deployment.{name}"))?;
    }
    Ok(())
}

/// Looks at the files and folders that the configuration names, and reports all that are missing.
fn check_paths(config: &Config) -> Result<()> {
    let folders = [("assets", &config.assets), ("deploy_dir", &config.deploy_dir)];
    let folders = folders.into_iter().filter_map(|(key, folder)| Some((key, folder.as_ref()?)));
    let missing = folders.filter(|(_, folder)| !folder.is_dir());
    let missing = missing.map(|(key, folder)| {
        format!("{key}: {} is not a folder that can be read", folder.display())
    });
    let files = config.deployments.iter().filter_map(|(name, settings)| {
        let file = settings.file.as_ref()?;
        let found = fs::metadata(file);
        let why = match found {
            Ok(found) if found.is_file() => return None,
            Ok(_) => "it is not a file".to_owned(),
            Err(error) => error.to_string(),
        };
        Some(format!("cannot read {} to deploy it as {name}: {why}", file.display()))
    });
    let problems: Vec<_> = missing.chain(files).collect();
    if problems.is_empty() { Ok(()) } else { bail!("{}", problems.join("; ")) }
}

fn engine(config: &Config) -> Result<Engine> {
    private_folder(&config.cache_dir)?;
    let instances = config.sandbox.instances.map_or(0, std::num::NonZero::get);
    Ok(Engine::new(&EngineConfig {
        instances,
        memory_bytes_max: config.sandbox.memory.as_usize(),
        cache_dir: Some(config.cache_dir.clone()),
    })?)
}

/// Makes the folder for compiled code, which is run as it lies there, or sees to it that nobody
/// else can write to it.
fn private_folder(folder: &Path) -> Result<()> {
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.with_context(|| format!("cannot make the cache's folder {}", folder.display()))?;
    let found = fs::metadata(folder)
        .with_context(|| format!("cannot look at the cache's folder {}", folder.display()))?;
    let others_write = found.permissions().mode() & 0o022 != 0;
    if found.uid() != rustix::process::geteuid().as_raw() || others_write {
        bail!(
            "the cache's folder {} belongs to another user or others may write to it; compiled \
             code is run as it lies there, so give it to this user alone (chmod 700) or set \
             cache_dir",
            folder.display()
        );
    }
    Ok(())
}

/// The operator's own token, or a new one in a file that only this user's verbs find.
fn admin_token(config: &Config, bound: &AdminAddress) -> Result<(AdminToken, Option<TokenFile>)> {
    if let Some(token) = &config.admin_token {
        return Ok((token.clone(), None));
    }
    let file = TokenFile::new(&config.runtime_dir, bound);
    let token = file.create().context("cannot leave the admin API's token for the verbs")?;
    Ok((token, Some(file)))
}

fn host_number() -> Result<u64> {
    getrandom::u64().context("the system gives no random numbers")
}

async fn deploy_configured(config: &Config, deployments: &Arc<Deployments>) -> Result<()> {
    for (name, settings) in &config.deployments {
        let Some(file) = &settings.file else { continue };
        let component = component_file::read(file)
            .await
            .with_context(|| format!("cannot read {} to deploy it as {name}", file.display()))?;
        deployments
            .deploy(name, component, None)
            .await
            .with_context(|| format!("cannot deploy {} as {name}", file.display()))?;
    }
    Ok(())
}
