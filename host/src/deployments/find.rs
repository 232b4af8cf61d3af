//! From a request to the endpoint that serves it.

use std::sync::Arc;

use super::routes::Match;
use super::{Deployments, Routed};

impl Deployments {
    /// The endpoint that serves a path, as it came, without its query. Nothing once the host stops.
    pub fn route(&self, raw_path: &str) -> Option<Routed> {
        let mut routes = self.routes.load_full();
        loop {
            let Match { target, parameters, .. } = routes.lookup(raw_path)?;
            if let Some(visit) = target.revision.enter() {
                return Some(Routed { endpoint: Arc::clone(target), parameters, visit });
            }
            // A revision turns a handshake away only after the routes have left it.
            let newer = self.routes.load_full();
            if Arc::ptr_eq(&routes, &newer) {
                return None;
            }
            routes = newer;
        }
    }

    /// The endpoint of a deployment that its component describes with this path, whatever the
    /// routes say. The variables of the path stand for what the caller says.
    pub(crate) fn endpoint(
        &self,
        deployment: &str,
        path: &str,
        parameters: Vec<(String, String)>,
    ) -> Option<Routed> {
        let state = self.state();
        let mut named = state.deployments.iter().filter(|(name, _)| name.as_str() == deployment);
        let current = named.next()?.1.current.as_ref()?;
        let endpoint = current.endpoints.iter().find(|served| served.config.path == path)?;
        let visit = endpoint.revision.enter()?;
        Some(Routed { endpoint: Arc::clone(endpoint), parameters, visit })
    }
}
