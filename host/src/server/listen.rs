//! The accept loop, and who is let in.

use std::future::ready;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use hyper::service::service_fn;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::sleep;

use super::Shared;
use super::listener::{Accepted, Listener};
use super::peer::Peer;
use super::respond;
use super::serve::serve;

/// How long the loop waits after `accept` failed for want of file descriptors or memory: without a
/// pause it would spin until one is free.
const ACCEPT_BACK_OFF: Duration = Duration::from_millis(100);

/// The most connections beyond the limit that are told so at a time; others are closed at once.
pub(super) const REFUSALS_MAX: usize = 64;

/// Accepts connections until the host is told to stop.
pub(super) async fn accept(listener: Listener, shared: Arc<Shared>) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = shared.stopping.cancelled() => return,
        };
        match accepted {
            Ok(accepted) => admit(accepted, &shared),
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                sleep(ACCEPT_BACK_OFF).await;
            }
        }
    }
}

fn admit(accepted: Accepted, shared: &Arc<Shared>) {
    if let Ok(permit) = Arc::clone(&shared.connections).try_acquire_owned() {
        let admitted = Arc::new(Admitted::new(permit, Arc::clone(shared)));
        let service = |peer: Peer| {
            service_fn(move |request| {
                let (peer, admitted) = (peer.clone(), Arc::clone(&admitted));
                async move { Ok(respond::respond(request, peer, admitted).await) }
            })
        };
        shared.tasks.spawn(serve(accepted, Arc::clone(shared), true, service));
        return;
    }
    if let Some(refused) = shared.refused.count(Instant::now()) {
        tracing::warn!(peer = %accepted.peer, refused, "limits.connections is reached; connections are refused");
    }
    if let Ok(permit) = Arc::clone(&shared.refusals).try_acquire_owned() {
        let service = |_peer| {
            service_fn(move |_request| {
                // Held until the answer is written.
                let _permit = &permit;
                ready(Ok(respond::unavailable("The host has no connection left.")))
            })
        };
        shared.tasks.spawn(serve(accepted, Arc::clone(shared), false, service));
    }
}

/// A connection's place among those that are open, held until the last part of it has ended.
pub(super) struct Admitted {
    pub(super) shared: Arc<Shared>,
    _permit: OwnedSemaphorePermit,
}

impl Admitted {
    fn new(permit: OwnedSemaphorePermit, shared: Arc<Shared>) -> Self {
        shared.open.fetch_add(1, Ordering::Relaxed);
        Self { shared, _permit: permit }
    }
}

impl Admitted {
    /// Another place beside this one; nothing where all are taken.
    pub(super) fn another(&self) -> Option<Self> {
        let permit = Arc::clone(&self.shared.connections).try_acquire_owned().ok()?;
        Some(Self::new(permit, Arc::clone(&self.shared)))
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        self.shared.open.fetch_sub(1, Ordering::Relaxed);
    }
}
