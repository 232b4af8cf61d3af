//! What becomes of a revision that new connections do not get any more.

use std::sync::Arc;

use sockhop_session::CloseCause;
use tokio::time::timeout;

use super::Deployments;
use super::revision::Revision;
use crate::config::DeploymentName;

impl Deployments {
    /// Looks after a retired revision: when its time is over its sessions are closed with 1012, and
    /// when it has none left it is forgotten.
    pub(super) fn watch_end(self: &Arc<Self>, name: &DeploymentName, revision: Arc<Revision>) {
        let (deployments, name) = (Arc::clone(self), name.clone());
        self.tasks.spawn(async move {
            let drain_timeout = deployments.config.limits.drain_timeout;
            if timeout(drain_timeout, revision.ended()).await.is_err() {
                let sessions = revision.sessions();
                if revision.close(CloseCause::ServiceRestart) {
                    revision.log().warn(format!(
                        "revision {}: {sessions} sessions are closed with 1012, as drain_timeout \
                         is over",
                        revision.number(),
                    ));
                }
                revision.ended().await;
            }
            deployments.forget(&name, &revision);
        });
    }

    fn forget(&self, name: &DeploymentName, revision: &Revision) {
        let mut state = self.state();
        if let Some(deployment) = state.deployments.get_mut(name) {
            deployment.retired.retain(|retired| retired.number() != revision.number());
        }
        state.prune(name);
    }
}
