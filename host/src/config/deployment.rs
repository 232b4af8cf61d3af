//! The tables `deployment.NAME`: how a component is run.

use std::{
    collections::BTreeMap,
    fmt,
    num::{NonZeroU16, NonZeroUsize},
    path::PathBuf,
    time::Duration,
};

use super::{
    ByteSize, Config, KeyProblem, Setting, Strategy, limits, reader::Section, sandbox,
    settings::Quantity as _,
};

/// Shards of a deployment whose instances are shared. 0: one for each core, which keeps all
/// cores busy and no more memory than that needs.
pub const SHARDS: Setting<u32> = Setting { default: 0, min: 0, max: 256 };

/// Which sessions one instance serves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Instancing {
    /// One. The default: a peer's failure, memory and computing time are its own.
    #[default]
    Session,
    /// All of an endpoint, spread over several instances.
    Shared {
        /// How many: 1 to 256.
        shards: NonZeroU16,
    },
}

/// Writes the word of the key `instancing`, without the shards.
impl fmt::Display for Instancing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Session => "session",
            Self::Shared { .. } => "shared",
        })
    }
}

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
    /// Time for one event in all.
    pub event_wait: Option<Duration>,
    /// The largest message that a peer may send; at most
    /// [`Limits::message`](super::Limits::message).
    pub message: Option<ByteSize>,
    /// Bytes queued for one session.
    pub outbound_queue: Option<ByteSize>,
    /// The guest's environment variables.
    pub env: BTreeMap<String, String>,
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
    /// Time for one event in all.
    pub event_wait: Duration,
    /// The largest message that a peer may send.
    pub message: ByteSize,
    /// Bytes queued for one session.
    pub outbound_queue: ByteSize,
    /// The guest's environment variables.
    pub env: BTreeMap<String, String>,
}

impl DeploymentSettings {
    /// Fills in what is open from the host's configuration, and applies its ceilings.
    pub fn resolve(&self, config: &Config) -> ResolvedDeployment {
        let (limits, sandbox) = (&config.limits, &config.sandbox);
        ResolvedDeployment {
            instancing: self.instancing,
            strategy: self.strategy,
            memory: self.memory.unwrap_or(sandbox.memory).min(sandbox.memory),
            event_cpu: self.event_cpu.unwrap_or(sandbox.event_cpu),
            event_wait: self.event_wait.unwrap_or(sandbox.event_wait),
            message: self.message.unwrap_or(limits.message).min(limits.message),
            outbound_queue: self.outbound_queue.unwrap_or(limits.outbound_queue),
            env: self.env.clone(),
        }
    }
}

/// What the host gives to any deployment at most. Absent where the host's own key is wrong, so
/// that one mistake is not reported as two.
pub(super) struct Ceilings {
    pub(super) memory: Option<ByteSize>,
    pub(super) message: Option<ByteSize>,
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
    pub(super) fn read(
        section: &mut Section<'_, '_>,
        ceilings: &Ceilings,
        cores: NonZeroUsize,
    ) -> Self {
        let settings = DeploymentSettings {
            file: section.path("file"),
            instancing: read_instancing(section, cores),
            strategy: section.parsed("strategy").unwrap_or_default(),
            memory: read_below(
                section,
                "memory",
                &sandbox::MEMORY,
                ("sandbox.memory", ceilings.memory),
            ),
            event_cpu: section.bounded("event_cpu", &sandbox::EVENT_CPU),
            event_wait: section.bounded("event_wait", &sandbox::EVENT_WAIT),
            message: read_below(
                section,
                "message",
                &limits::MESSAGE,
                ("limits.message", ceilings.message),
            ),
            outbound_queue: section.bounded("outbound_queue", &limits::OUTBOUND_QUEUE),
            env: section.variables("env"),
        };
        Self { settings, file_line: section.line("file") }
    }
}

fn read_instancing(section: &mut Section<'_, '_>, cores: NonZeroUsize) -> Instancing {
    let shared = section.value("instancing", |value| match value.as_str() {
        Some("session") => Ok(false),
        Some("shared") => Ok(true),
        Some(other) => Err(KeyProblem::Instancing(other.to_owned())),
        None => Err(super::settings::wrong_type("a string", value)),
    });
    let shards = section.bounded("shards", &SHARDS);
    match shared {
        Some(true) => {
            let most = SHARDS.max as usize;
            let shards = match shards.unwrap_or(SHARDS.default) {
                0 => cores.get().min(most),
                shards => shards as usize,
            };
            let shards = u16::try_from(shards).ok().and_then(NonZeroU16::new);
            Instancing::Shared { shards: shards.unwrap_or(NonZeroU16::MIN) }
        }
        Some(false) | None => {
            // A wrong `instancing` may have been meant as "shared".
            if shards.is_some() && section.is_sound("instancing") {
                section.note("shards", KeyProblem::ShardsOfSession);
            }
            Instancing::Session
        }
    }
}

/// Reads a size that must not exceed what the host's key of the given name says.
fn read_below(
    section: &mut Section<'_, '_>,
    key: &'static str,
    setting: &Setting<ByteSize>,
    (ceiling_key, ceiling): (&'static str, Option<ByteSize>),
) -> Option<ByteSize> {
    let value = section.bounded(key, setting)?;
    if let Some(ceiling) = ceiling
        && value > ceiling
    {
        let (ceiling, value) = (ceiling.show(), value.show());
        section.note(key, KeyProblem::AboveCeiling { ceiling_key, ceiling, value });
        return None;
    }
    Some(value)
}
