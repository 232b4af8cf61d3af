//! The accept loop, and who is let in.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::sync::OwnedSemaphorePermit;
use tokio::time::sleep;

use super::Shared;
use super::admission::{ConnectionTicket, OverLimit};
use super::listener::{Accepted, Listener};
use super::peer::Peer;
use super::serve::serve;
use crate::config::Limits;

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
    let known = known_address(&accepted.peer, shared);
    let place = match shared.admission.connection(known, Instant::now()) {
        Ok(ticket) => Place::Admitted(Admitted::new(ticket, Arc::clone(shared))),
        Err(over) => match refuse(over, &accepted.peer, shared) {
            Some(refused) => refused,
            None => return,
        },
    };
    shared.tasks.spawn(serve(accepted, Arc::clone(shared), place));
}

/// The place of a connection that is beyond a limit, where there is one to tell its peer so.
fn refuse(over: OverLimit, peer: &Peer, shared: &Shared) -> Option<Place> {
    if let Some(refused) = shared.admission.tell(&over, Instant::now()) {
        let key = over.key();
        tracing::warn!(%peer, refused, "{key} is reached; connections are refused");
    }
    let permit = Arc::clone(&shared.refusals).try_acquire_owned().ok()?;
    Some(Place::Refused { over, permit })
}

/// The address that a connection counts for, where it is the peer's own: that of a proxy which has
/// still to say whose the connection is stands for nobody.
fn known_address(peer: &Peer, shared: &Shared) -> Option<IpAddr> {
    let ip = peer.address.ip()?;
    let proxy = &shared.config.proxy;
    let speaks_for_others =
        proxy.protocol_from.contain(Some(ip)) || proxy.forwarded_from.contain(Some(ip));
    (!speaks_for_others).then_some(ip)
}

/// What a connection is let in as.
pub(super) enum Place {
    /// One of those that are open.
    Admitted(Admitted),
    /// One that is beyond a limit, and is told so.
    Refused {
        over: OverLimit,
        /// Held until its peer is told.
        permit: OwnedSemaphorePermit,
    },
}

impl Place {
    /// Counts the connection for the address that its proxy has told meanwhile. Nothing where the
    /// peer has too many, and there is no place left to tell it so.
    pub(super) fn named(self, peer: &Peer, shared: &Shared) -> Option<Self> {
        let Self::Admitted(mut admitted) = self else { return Some(self) };
        let known = known_address(peer, shared);
        match shared.admission.name(&mut admitted.ticket, known, Instant::now()) {
            Ok(()) => Some(Self::Admitted(admitted)),
            Err(over) => {
                // Its place is for somebody else at once.
                drop(admitted);
                refuse(over, peer, shared)
            }
        }
    }

    /// How long its connection may last, where it is not its peer that decides.
    pub(super) fn limit(&self, limits: &Limits) -> Option<Duration> {
        match self {
            Self::Admitted(_) => None,
            // Whatever it does meanwhile: what it holds keeps others from being told.
            Self::Refused { .. } => {
                Some(limits.header_timeout.saturating_add(limits.answer_timeout))
            }
        }
    }
}

/// A connection's place among those that are open, held until the last part of it has ended.
pub(super) struct Admitted {
    pub(super) shared: Arc<Shared>,
    pub(super) ticket: ConnectionTicket,
}

impl Admitted {
    pub(super) fn new(ticket: ConnectionTicket, shared: Arc<Shared>) -> Self {
        shared.open.fetch_add(1, Ordering::Relaxed);
        Self { shared, ticket }
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        self.shared.open.fetch_sub(1, Ordering::Relaxed);
    }
}
