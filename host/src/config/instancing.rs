//! Which sessions one instance serves: the keys `instancing`, `shards` and `key`.

use std::{
    fmt,
    num::{NonZeroU16, NonZeroUsize},
};

use super::{KeyProblem, Setting, reader::Section, settings::wrong_type};

/// Shards of a deployment whose instances are shared. 0: one for each core, which keeps all
/// cores busy and no more memory than that needs.
pub const SHARDS: Setting<u32> = Setting { default: 0, min: 0, max: 256 };

/// Which sessions one instance serves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Instancing {
    /// One. The default: a peer's failure, memory and computing time are its own.
    #[default]
    Session,
    /// Those of an endpoint with the same key.
    Keyed {
        /// The variable of the endpoints' paths whose value is the key; nothing where the
        /// component says what it is.
        key: Option<String>,
    },
    /// All of an endpoint, spread over several instances.
    Shared {
        /// How many: 1 to 256.
        shards: NonZeroU16,
    },
}

impl Instancing {
    /// The word for it in the configuration and the admin API, without what goes with it.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Keyed { .. } => "keyed",
            Self::Shared { .. } => "shared",
        }
    }

    pub(super) fn read(section: &mut Section<'_, '_>, cores: NonZeroUsize) -> Self {
        let instancing = section.value("instancing", |value| match value.as_str() {
            Some("session") => Ok(Self::Session),
            Some("keyed") => Ok(Self::Keyed { key: None }),
            Some("shared") => Ok(Self::Shared { shards: NonZeroU16::MIN }),
            Some(other) => Err(KeyProblem::Instancing(other.to_owned())),
            None => Err(wrong_type("a string", value)),
        });
        let shards = section.bounded("shards", &SHARDS);
        let key = section.value("key", |value| match value.as_str() {
            Some(key) => Ok(Some(key.to_owned()).filter(|key| !key.is_empty())),
            None => Err(wrong_type("a string", value)),
        });
        // A word that is wrong may have been meant as that which the others go with.
        let is_sound = section.is_sound("instancing");
        let instancing = instancing.unwrap_or_default();
        if shards.is_some() && is_sound && !matches!(instancing, Self::Shared { .. }) {
            section.note("shards", KeyProblem::ShardsUnshared);
        }
        let key = key.flatten();
        if key.is_some() && is_sound && !matches!(instancing, Self::Keyed { .. }) {
            section.note("key", KeyProblem::KeyUnkeyed);
        }
        match instancing {
            Self::Session => Self::Session,
            Self::Keyed { .. } => Self::Keyed { key },
            Self::Shared { .. } => Self::Shared { shards: shards_on(cores, shards) },
        }
    }
}

fn shards_on(cores: NonZeroUsize, shards: Option<u32>) -> NonZeroU16 {
    let shards = match shards.unwrap_or(SHARDS.default) {
        0 => cores.get().min(SHARDS.max as usize),
        shards => shards as usize,
    };
    u16::try_from(shards).ok().and_then(NonZeroU16::new).unwrap_or(NonZeroU16::MIN)
}

/// Writes the word of the key `instancing`.
impl fmt::Display for Instancing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
