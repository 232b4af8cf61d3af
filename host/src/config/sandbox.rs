//! The table `sandbox`: what guests may take.

use std::{
    num::{NonZeroU32, NonZeroUsize},
    time::Duration,
};

use super::{ByteSize, Setting, reader::Section};

/// Instances alive at once. 0: as many as the machine allows, which the host works out when it
/// starts. A session that would need one more is refused with 503.
pub const INSTANCES: Setting<u32> = Setting { default: 0, min: 0, max: 1_000_000 };

/// Linear memory of one instance; also the ceiling for a deployment's own `memory`. A guest that
/// asks for more is told that there is none. The default holds a scripting language's run-time
/// and a 16 MiB message with its copies.
pub const MEMORY: Setting<ByteSize> = Setting {
    default: ByteSize::from_mib(64),
    min: ByteSize::from_mib(1),
    max: ByteSize::from_mib(4096),
};

/// Time that a guest may compute in one event. A guest that takes longer is ended as if it had
/// trapped. Events cost microseconds; half a second is far beyond honest work and still a pause
/// that other guests do not feel.
pub const EVENT_CPU: Setting<Duration> = Setting {
    default: Duration::from_millis(500),
    min: Duration::from_millis(1),
    max: Duration::from_secs(60 * 60),
};

/// Time that a guest may wait in one event, as for a clock; what it computes counts for
/// [`EVENT_CPU`].
pub const EVENT_WAIT: Setting<Duration> = Setting {
    default: Duration::from_secs(10),
    min: Duration::from_millis(1),
    max: Duration::from_secs(60 * 60),
};

/// Components compiled at once. One by default, so that a deploy leaves the other cores to the
/// sessions.
pub const COMPILE_JOBS: Setting<u32> = Setting { default: 1, min: 1, max: 256 };

/// What guests may take.
///
/// # Defaults
///
/// Those of the constants of this room, each with its bounds and its reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sandbox {
    /// Instances alive at once, or nothing for as many as the machine allows: [`INSTANCES`].
    pub instances: Option<NonZeroU32>,
    /// Memory of one instance: [`MEMORY`].
    pub memory: ByteSize,
    /// Time that a guest may compute in one event: [`EVENT_CPU`].
    pub event_cpu: Duration,
    /// Time that a guest may wait in one event: [`EVENT_WAIT`].
    pub event_wait: Duration,
    /// Components compiled at once: [`COMPILE_JOBS`].
    pub compile_jobs: NonZeroUsize,
}

impl Sandbox {
    /// Reads the table; a key that is absent or wrong has its default.
    pub(super) fn read(section: &mut Section<'_, '_>) -> Self {
        Self {
            instances: NonZeroU32::new(section.setting("instances", &INSTANCES)),
            memory: section.setting("memory", &MEMORY),
            event_cpu: section.setting("event_cpu", &EVENT_CPU),
            event_wait: section.setting("event_wait", &EVENT_WAIT),
            compile_jobs: jobs(section.setting("compile_jobs", &COMPILE_JOBS)),
        }
    }
}

impl Default for Sandbox {
    fn default() -> Self {
        Self {
            instances: NonZeroU32::new(INSTANCES.default),
            memory: MEMORY.default,
            event_cpu: EVENT_CPU.default,
            event_wait: EVENT_WAIT.default,
            compile_jobs: jobs(COMPILE_JOBS.default),
        }
    }
}

/// The bounds of [`COMPILE_JOBS`] leave zero out.
fn jobs(count: u32) -> NonZeroUsize {
    NonZeroUsize::new(count as usize).unwrap_or(NonZeroUsize::MIN)
}
