//! The accept loop, and who is let in.

use std::future::ready;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use hyper::service::service_fn;
use tokio::time::{sleep, timeout};

use super::Shared;
use super::admission::ConnectionTicket;
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
                if let Some(times) = shared.unaccepted.count(Instant::now()) {
                    tracing::warn!(%error, times, "cannot accept a connection");
                }
                sleep(ACCEPT_BACK_OFF).await;
            }
        }
    }
}

fn admit(accepted: Accepted, shared: &Arc<Shared>) {
    let over = match shared.admission.connection(known_address(&accepted, shared), Instant::now()) {
        Ok(ticket) => {
            let admitted = Arc::new(Admitted::new(ticket, Arc::clone(shared)));
            let service = |peer: Peer| {
                service_fn(move |request| {
                    let (peer, admitted) = (peer.clone(), Arc::clone(&admitted));
                    async move { Ok(respond::respond(request, peer, admitted).await) }
                })
            };
            shared.tasks.spawn(serve(accepted, Arc::clone(shared), true, service));
            return;
        }
        Err(over) => over,
    };
    if let Some(refused) = shared.admission.tell(&over, Instant::now()) {
        let (peer, key) = (&accepted.peer, over.key());
        tracing::warn!(%peer, refused, "{key} is reached; connections are refused");
    }
    if let Ok(permit) = Arc::clone(&shared.refusals).try_acquire_owned() {
        let service = |_peer| {
            service_fn(move |_request| {
                // Held until the answer is written.
                let _permit = &permit;
                ready(Ok(respond::over_limit(&over)))
            })
        };
        let limits = &shared.config.limits;
        // Whatever it does meanwhile: what it holds keeps others from being told.
        let limit = limits.header_timeout.saturating_add(limits.answer_timeout);
        let told = serve(accepted, Arc::clone(shared), false, service);
        shared.tasks.spawn(async move { timeout(limit, told).await.unwrap_or_default() });
    }
}

/// The address that a connection counts for, where it is the peer's own: that of a proxy which has
/// still to say whose the connection is stands for nobody.
fn known_address(accepted: &Accepted, shared: &Shared) -> Option<IpAddr> {
    let ip = accepted.peer.address.ip()?;
    let proxy = &shared.config.proxy;
    let speaks_for_others =
        proxy.protocol_from.contain(Some(ip)) || proxy.forwarded_from.contain(Some(ip));
    (!speaks_for_others).then_some(ip)
}

/// A connection's place among those that are open, held until the last part of it has ended.
pub(super) struct Admitted {
    pub(super) shared: Arc<Shared>,
    pub(super) ticket: ConnectionTicket,
}

impl Admitted {
    fn new(ticket: ConnectionTicket, shared: Arc<Shared>) -> Self {
        shared.open.fetch_add(1, Ordering::Relaxed);
        Self { shared, ticket }
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        self.shared.open.fetch_sub(1, Ordering::Relaxed);
    }
}
