//! What one endpoint is served with: the host's settings, over which a deployment has its say, and
//! over that its table `endpoint."/PATH"`.

use std::{borrow::Borrow, fmt, str::FromStr, sync::Arc};

use super::{ByteSize, Compression, EndpointLimits, reader::Section};
use crate::server::origin::{OriginEntry, OriginPolicy};

/// What one endpoint is served with, nothing left open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EndpointSettings {
    /// The origins whose pages may open sessions, besides those of the host's own. Default: no
    /// others.
    pub origins: Arc<OriginPolicy>,
    /// What its sessions may take.
    pub limits: EndpointLimits,
    /// How its messages are compressed.
    pub compression: Compression,
}

impl EndpointSettings {
    /// Reads the keys of a deployment's or an endpoint's table; what is absent or wrong is as in
    /// `base`.
    pub(super) fn read(
        section: &mut Section<'_, '_>,
        base: &Self,
        message_ceiling: Option<ByteSize>,
    ) -> Self {
        Self {
            origins: read_origins(section).unwrap_or_else(|| Arc::clone(&base.origins)),
            limits: EndpointLimits::read(section, &base.limits, message_ceiling),
            compression: section
                .table("compression", |table| Compression::read(table, &base.compression)),
        }
    }
}

/// Reads the key `origins`, which replaces the list of the table above.
pub(super) fn read_origins(section: &mut Section<'_, '_>) -> Option<Arc<OriginPolicy>> {
    let entries = section.one_or_many::<OriginEntry>("origins")?;
    Some(Arc::new(entries.into_iter().collect()))
}

/// The path of an endpoint, as the component describes it: `/chat/{room}`. Whether there is one of
/// this path shows at the deploy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EndpointPath(String);

impl EndpointPath {
    /// The path.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for EndpointPath {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EndpointPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for EndpointPath {
    type Err = EndpointPathError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.starts_with('/') {
            Ok(Self(text.to_owned()))
        } else {
            Err(EndpointPathError(text.to_owned()))
        }
    }
}

/// A text is no path of an endpoint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not an endpoint's path; write it in quotes and as the component describes it, such \
     as \"/chat/{{room}}\""
)]
pub struct EndpointPathError(String);
