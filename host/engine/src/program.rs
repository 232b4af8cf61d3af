//! A compiled component that fits the contract.

use sha2::{Digest, Sha256};
use thiserror::Error;
use wasmtime::component::{Component, InstancePre};

use crate::bindings::{
    batches, completions, configurator, deployment, endpoint, keys, parts, pongs, timer_events,
};
use crate::ctx::Ctx;
use crate::engine::Engine;

/// The interfaces that every guest exports.
const EXPORTS_REQUIRED: [&str; 2] =
    ["sockhop:websocket/deployment@0.1.0", "sockhop:websocket/endpoint@0.1.0"];

/// The interfaces that a guest may export.
const EXPORT_CONFIGURATOR: &str = "sockhop:websocket/configurator@0.1.0";
const EXPORT_PARTS: &str = "sockhop:websocket/parts@0.1.0";
const EXPORT_BATCHES: &str = "sockhop:websocket/batches@0.1.0";
const EXPORT_PONGS: &str = "sockhop:websocket/pongs@0.1.0";
const EXPORT_COMPLETIONS: &str = "sockhop:websocket/completions@0.1.0";
const EXPORT_TIMER_EVENTS: &str = "sockhop:websocket/timer-events@0.1.0";
const EXPORT_KEYS: &str = "sockhop:websocket/keys@0.1.0";

/// What is granted to every guest: the contract, and the parts of WASI 0.2 that give it nothing of
/// the machine's.
const IMPORTS_GRANTED: [&str; 12] = [
    "sockhop:websocket/container@0.1.",
    "sockhop:websocket/types@0.1.",
    "sockhop:websocket/session@0.1.",
    "sockhop:websocket/sessions@0.1.",
    "sockhop:websocket/topics@0.1.",
    "sockhop:websocket/timers@0.1.",
    "wasi:cli/",
    "wasi:clocks/",
    "wasi:filesystem/",
    "wasi:io/",
    "wasi:random/",
    "wasi:sockets/",
];

/// The first eight bytes of a component, and of a core module.
const COMPONENT_MAGIC: [u8; 8] = *b"\0asm\x0d\0\x01\0";
const MODULE_MAGIC: [u8; 8] = *b"\0asm\x01\0\0\0";

/// Why a file is not a guest. Its author is to act.
#[derive(Debug, Error)]
pub enum LoadError {
    /// The compiler died: a bug of the host's.
    #[error("the component could not be compiled, by a fault of the host's")]
    Compiler,
    /// The file is something else.
    #[error("not a WebAssembly component: {0}")]
    NotAComponent(&'static str),
    /// The file is damaged, or uses what the sandbox does not support.
    #[error("not a valid component: {0}")]
    Invalid(String),
    /// It needs what is not granted.
    #[error("it imports what this host does not grant: {}", .0.join(", "))]
    Imports(Vec<String>),
    /// It lacks an export of the contract.
    #[error(
        "it lacks the export {}; a guest of the world `endpoints` exports \
         sockhop:websocket/deployment \
         and sockhop:websocket/endpoint",
        .0.join(", ")
    )]
    Exports(Vec<String>),
    /// It has two exports for the same messages.
    #[error(
        "it exports both sockhop:websocket/parts and sockhop:websocket/batches; a message comes in \
         pieces or with others, not both"
    )]
    PartsAndBatches,
    /// An import or export has the right name and the wrong type.
    #[error("it does not fit the contract sockhop:websocket@0.1.0: {0}")]
    Mismatch(String),
}

/// A compiled component, checked and linked: from here an instance is microseconds away.
#[derive(Clone)]
pub struct Program {
    pub(crate) pre: InstancePre<Ctx>,
    pub(crate) exports: Exports,
    digest: String,
    imported: Vec<String>,
    exported: Vec<String>,
}

/// Where the component's exports are.
#[derive(Clone)]
pub(crate) struct Exports {
    pub(crate) deployment: deployment::GuestIndices,
    pub(crate) endpoint: endpoint::GuestIndices,
    pub(crate) configurator: Option<configurator::GuestIndices>,
    pub(crate) parts: Option<parts::GuestIndices>,
    pub(crate) batches: Option<batches::GuestIndices>,
    pub(crate) pongs: Option<pongs::GuestIndices>,
    pub(crate) completions: Option<completions::GuestIndices>,
    pub(crate) timer_events: Option<timer_events::GuestIndices>,
    pub(crate) keys: Option<keys::GuestIndices>,
}

impl Program {
    pub(crate) fn load(engine: &Engine, bytes: &[u8]) -> Result<Self, LoadError> {
        check_kind(bytes)?;
        let component = Component::new(&engine.inner, bytes)
            .map_err(|error| LoadError::Invalid(format!("{error:#}")))?;
        let ty = component.component_type();
        let names = |items: &mut dyn Iterator<Item = (&str, _)>| -> Vec<String> {
            items.map(|(name, _item)| name.to_owned()).collect()
        };
        let imported = names(&mut ty.imports(&engine.inner).map(|(name, _)| (name, ())));
        let exported = names(&mut ty.exports(&engine.inner).map(|(name, _)| (name, ())));
        check_imports(&imported)?;
        check_exports(&exported)?;
        let mismatch = |error: wasmtime::Error| LoadError::Mismatch(format!("{error:#}"));
        let pre = engine.linker.instantiate_pre(&component).map_err(mismatch)?;
        let exports = |wanted: &str| exported.iter().any(|name| name == wanted);
        let exports = Exports {
            deployment: deployment::GuestIndices::new(&pre).map_err(mismatch)?,
            endpoint: endpoint::GuestIndices::new(&pre).map_err(mismatch)?,
            configurator: exports(EXPORT_CONFIGURATOR)
                .then(|| configurator::GuestIndices::new(&pre))
                .transpose()
                .map_err(mismatch)?,
            parts: exports(EXPORT_PARTS)
                .then(|| parts::GuestIndices::new(&pre))
                .transpose()
                .map_err(mismatch)?,
            batches: exports(EXPORT_BATCHES)
                .then(|| batches::GuestIndices::new(&pre))
                .transpose()
                .map_err(mismatch)?,
            pongs: exports(EXPORT_PONGS)
                .then(|| pongs::GuestIndices::new(&pre))
                .transpose()
                .map_err(mismatch)?,
            completions: exports(EXPORT_COMPLETIONS)
                .then(|| completions::GuestIndices::new(&pre))
                .transpose()
                .map_err(mismatch)?,
            timer_events: exports(EXPORT_TIMER_EVENTS)
                .then(|| timer_events::GuestIndices::new(&pre))
                .transpose()
                .map_err(mismatch)?,
            keys: exports(EXPORT_KEYS)
                .then(|| keys::GuestIndices::new(&pre))
                .transpose()
                .map_err(mismatch)?,
        };
        Ok(Self { pre, exports, digest: Self::digest_of(bytes), imported, exported })
    }

    /// The world of the contract that the component fits.
    #[must_use]
    pub fn world(&self) -> &'static str {
        let optional = [
            (self.has_configurator(), "sockhop:websocket/configured-endpoints@0.1.0"),
            (self.takes_parts(), "sockhop:websocket/partial-endpoints@0.1.0"),
            (self.takes_batches(), "sockhop:websocket/batching-endpoints@0.1.0"),
            (self.hears_pongs(), "sockhop:websocket/pong-hearing-endpoints@0.1.0"),
            (self.hears_completions(), "sockhop:websocket/completion-hearing-endpoints@0.1.0"),
            (self.hears_timers(), "sockhop:websocket/timer-hearing-endpoints@0.1.0"),
            (self.names_keys(), "sockhop:websocket/keyed-endpoints@0.1.0"),
        ];
        let mut exported = optional.into_iter().filter(|(is_there, _world)| *is_there);
        match (exported.next(), exported.next()) {
            (None, _) => "sockhop:websocket/endpoints@0.1.0",
            (Some((_, world)), None) => world,
            (Some(_), Some(_)) => "sockhop:websocket/all-exports@0.1.0",
        }
    }

    /// Whether the component hears that what was sent has left.
    #[must_use]
    pub fn hears_completions(&self) -> bool {
        self.exports.completions.is_some()
    }

    /// Whether the component hears of timers.
    #[must_use]
    pub fn hears_timers(&self) -> bool {
        self.exports.timer_events.is_some()
    }

    /// Whether the component says which sessions share an instance.
    #[must_use]
    pub fn names_keys(&self) -> bool {
        self.exports.keys.is_some()
    }

    /// Whether the component hears of pongs.
    #[must_use]
    pub fn hears_pongs(&self) -> bool {
        self.exports.pongs.is_some()
    }

    /// Whether the component takes messages piece by piece.
    #[must_use]
    pub fn takes_parts(&self) -> bool {
        self.exports.parts.is_some()
    }

    /// Whether the component takes several messages in one call.
    #[must_use]
    pub fn takes_batches(&self) -> bool {
        self.exports.batches.is_some()
    }

    /// Whether the component decides about handshakes.
    #[must_use]
    pub fn has_configurator(&self) -> bool {
        self.exports.configurator.is_some()
    }

    /// The SHA-256 of the component's bytes, in hexadecimal.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// What [`digest`](Self::digest) says of a component with these bytes.
    #[must_use]
    pub fn digest_of(component: &[u8]) -> String {
        Sha256::digest(component).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The names of what it imports, in order.
    #[must_use]
    pub fn imports(&self) -> &[String] {
        &self.imported
    }

    /// The names of what it exports, in order.
    #[must_use]
    pub fn exports(&self) -> &[String] {
        &self.exported
    }
}

fn check_kind(bytes: &[u8]) -> Result<(), LoadError> {
    let kind = match bytes {
        bytes if bytes.starts_with(&COMPONENT_MAGIC) => return Ok(()),
        bytes if bytes.starts_with(&MODULE_MAGIC) => {
            "it is a core module; build it for wasm32-wasip2, or wrap it with \
             `wasm-tools component new`"
        }
        bytes if wasmtime::Engine::detect_precompiled(bytes).is_some() => {
            "it is compiled code of wasmtime's, which a host takes from nobody; deploy \
             the component itself"
        }
        [] => "the file is empty",
        _ => "it does not begin as one",
    };
    Err(LoadError::NotAComponent(kind))
}

fn check_imports(imported: &[String]) -> Result<(), LoadError> {
    let granted = |name: &str| IMPORTS_GRANTED.iter().any(|granted| name.starts_with(granted));
    let refused: Vec<_> = imported.iter().filter(|name| !granted(name)).cloned().collect();
    if refused.is_empty() { Ok(()) } else { Err(LoadError::Imports(refused)) }
}

fn check_exports(exported: &[String]) -> Result<(), LoadError> {
    let has = |name: &str| exported.iter().any(|exported| exported == name);
    let lacking: Vec<_> =
        EXPORTS_REQUIRED.iter().filter(|name| !has(name)).map(|name| (*name).to_owned()).collect();
    if !lacking.is_empty() {
        return Err(LoadError::Exports(lacking));
    }
    if has(EXPORT_PARTS) && has(EXPORT_BATCHES) {
        return Err(LoadError::PartsAndBatches);
    }
    Ok(())
}
