//! The connections that guests open: from what one asks for to a session that is served.

mod asked;
mod leave;
mod opening;
mod refusal;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::Arc;
use std::time::Instant;

use sockhop_engine::{
    ConnectOptions, ConnectRefusal, Container, Pending, Seating, SessionDefaults,
};
use tokio::sync::{Semaphore, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::asked::asked;
use self::opening::Opening;
use super::DeployError;
use super::revision::Revision;
use crate::config::{EndpointSettings, Extension, OutgoingSettings, ProfileName};
use crate::connect::{ClientTls, Lookups};
use crate::registry::Registry;
use crate::telemetry::Seldom;

/// The one extension that the wire engine knows (RFC 7692).
const PERMESSAGE_DEFLATE: &str = "permessage-deflate";

/// What all guests of the host share.
#[derive(Clone)]
pub(super) struct OutgoingHost {
    pub(super) registry: Arc<Registry>,
    /// Those that drive connections.
    pub(super) tasks: TaskTracker,
    /// Whoever the system trusts, read when it is first needed.
    pub(super) system_tls: ClientTls,
}

/// What the guests of one deployment may do, with the files read that its profiles name.
pub(super) struct Grant {
    settings: OutgoingSettings,
    tls: BTreeMap<ProfileName, ClientTls>,
    lookups: Lookups,
}

impl Grant {
    /// Reads what the profiles name.
    ///
    /// # Errors
    /// [`DeployError::Profile`], of the first that cannot be used.
    pub(super) fn new(settings: &OutgoingSettings) -> Result<Self, DeployError> {
        let mut tls = BTreeMap::new();
        for (name, profile) in &settings.tls {
            let profile = ClientTls::new(profile.clone());
            profile.load().map_err(|source| DeployError::Profile {
                name: name.clone(),
                source: Box::new(source),
            })?;
            tls.insert(name.clone(), profile);
        }
        Ok(Self { settings: settings.clone(), tls, lookups: Lookups::default() })
    }
}

/// Whether what the profiles name can be used.
///
/// # Errors
/// [`DeployError::Profile`], of the first that cannot.
pub fn check_profiles(settings: &OutgoingSettings) -> Result<(), DeployError> {
    Grant::new(settings).map(|_grant| ())
}

/// What all endpoints of one revision share.
pub(super) struct RevisionOutgoing {
    host: OutgoingHost,
    revision: Arc<Revision>,
    grant: Grant,
    /// One for each connection that may be open or on its way.
    places: Arc<Semaphore>,
    /// What the log has to say of those that are not opened: a guest may ask as fast as it can.
    refused: Seldom,
}

impl RevisionOutgoing {
    pub(super) fn new(host: OutgoingHost, revision: Arc<Revision>, grant: Grant) -> Self {
        let places = usize::try_from(grant.settings.sessions).unwrap_or(Semaphore::MAX_PERMITS);
        let places = Arc::new(Semaphore::new(places));
        Self { host, revision, grant, places, refused: Seldom::default() }
    }

    /// What the operator may want to act on is in the log, the first of each second and how many
    /// there were since.
    fn tell(&self, why: &dyn Display) {
        if let Some(times) = self.refused.count(Instant::now()) {
            let more = match times {
                ..=1 => String::new(),
                _ => format!("; so often since the last line, for this and other reasons: {times}"),
            };
            self.revision.log().warn(format!("a guest may not connect: {why}{more}"));
        }
    }
}

/// The host around the instances of one endpoint.
pub(super) struct EndpointContainer {
    pub(super) of: Arc<RevisionOutgoing>,
    pub(super) settings: Arc<EndpointSettings>,
    pub(super) property_bytes: usize,
}

impl Container for EndpointContainer {
    fn defaults(&self) -> SessionDefaults {
        let limits = &self.settings.limits;
        SessionDefaults {
            message_bytes: limits.message.as_usize(),
            queue_bytes: limits.outbound_queue.as_usize(),
            property_bytes: self.property_bytes,
            idle_timeout: limits.idle_timeout,
            read_idle_timeout: limits.read_idle_timeout,
            write_idle_timeout: limits.write_idle_timeout,
            close_timeout: limits.close_timeout,
            ping_interval: limits.ping_interval,
            pong_timeout: limits.pong_timeout,
        }
    }

    fn installed_extensions(&self) -> Vec<String> {
        match self.settings.compression.permessage_deflate {
            Extension::Allowed | Extension::Required => vec![PERMESSAGE_DEFLATE.to_owned()],
            Extension::Forbidden => Vec::new(),
        }
    }

    fn connect(
        &self,
        url: &str,
        options: ConnectOptions,
        seating: Seating,
    ) -> Result<Pending, ConnectRefusal> {
        let of = &self.of;
        let request = asked(url, &options, &of.grant, &of.host.system_tls, &self.settings)
            .inspect_err(|refusal| self.tell(refusal))?;
        let visit = of.revision.enter_outgoing().ok_or(ConnectRefusal::Ending)?;
        let place = Arc::clone(&of.places).try_acquire_owned().map_err(|_full| {
            let most = of.grant.settings.sessions;
            let full =
                format!("{most} connections are open; close some, or raise connect.sessions");
            let refusal = ConnectRefusal::NoRoom(full);
            self.tell(&refusal);
            refusal
        })?;
        let given_up = CancellationToken::new();
        let (tell, outcome) = oneshot::channel();
        let opening = Opening {
            request,
            options,
            seating,
            visit,
            place,
            of: Arc::clone(of),
            settings: Arc::clone(&self.settings),
            property_bytes: self.property_bytes,
        };
        of.host.tasks.spawn(opening.run(tell, given_up.clone()));
        Ok(Pending { outcome, given_up: given_up.drop_guard() })
    }
}

impl EndpointContainer {
    /// What the operator may want to allow is in the log.
    fn tell(&self, refusal: &ConnectRefusal) {
        if matches!(refusal, ConnectRefusal::NotAllowed(_) | ConnectRefusal::NoRoom(_)) {
            self.of.tell(refusal);
        }
    }
}
