//! What one endpoint is served with: the host's settings, over which a deployment has its say, and
//! over that its table `endpoint."/PATH"`.

use std::{borrow::Borrow, fmt, str::FromStr, sync::Arc};

use super::{ByteSize, Compression, EndpointLimits, reader::Section};
use crate::server::origin::{OriginEntry, OriginPolicy};

/// What one endpoint is served with, nothing left open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EndpointSettings {
    /// The origins whose pages may open sessions, besides those of the host's own, and whether a
    /// request has to name one. Default: no others, and it has not.
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
            origins: read_origins(section, &base.origins),
            limits: EndpointLimits::read(section, &base.limits, message_ceiling),
            compression: section
                .table("compression", |table| Compression::read(table, &base.compression)),
        }
    }
}

/// Reads the keys `origins`, which replaces the list of the table above, and `origin_required`.
pub(super) fn read_origins(
    section: &mut Section<'_, '_>,
    base: &Arc<OriginPolicy>,
) -> Arc<OriginPolicy> {
    let entries = section.one_or_many::<OriginEntry>("origins");
    let required = section.flag("origin_required").unwrap_or(base.required);
    match entries {
        None if required == base.required => Arc::clone(base),
        None => Arc::new(OriginPolicy { required, ..OriginPolicy::clone(base) }),
        Some(entries) => {
            Arc::new(OriginPolicy { required, ..entries.into_iter().collect::<OriginPolicy>() })
        }
    }
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
