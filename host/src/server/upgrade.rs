//! From an accepted handshake to a session's connection task.

use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use hyper::upgrade::OnUpgrade;
use sockhop_engine::Seat;
use sockhop_session::Handle;
use sockhop_wire::deflate::BudgetTicket;

use super::activity::Busy;
use super::admission::HandshakeTicket;
use super::listen::Admitted;
use super::peer::Peer;
use super::stream::SessionIo;
use crate::connection::{Connection, Journal, Role, Settings};
use crate::deployments::log::DeploymentLog;
use crate::deployments::revision::{ServedEndpoint, Visit};
use crate::registry::Entry;

/// A handshake that was accepted, and what is needed to serve the session.
pub(super) struct Accepted {
    pub(super) seat: Seat,
    pub(super) session: Arc<Handle>,
    pub(super) endpoint: Arc<ServedEndpoint>,
    pub(super) visit: Visit,
    pub(super) peer: Peer,
    pub(super) settings: Settings,
    /// The session's place among those that may keep a compression context.
    pub(super) contexts: Option<BudgetTicket>,
    /// Keeps the HTTP/2 connection that the session is a part of.
    pub(super) busy: Option<Arc<Busy>>,
    pub(super) ticket: HandshakeTicket,
}

impl Journal for DeploymentLog {
    fn note(&self, session: &Handle, text: String) {
        self.warn(format!("session {}: {text}", session.id()));
    }
}

/// Starts the session's task, which waits for the answer to be written and serves the session to
/// its end.
pub(super) fn start(upgrade: OnUpgrade, accepted: Accepted, admitted: Arc<Admitted>) {
    let tasks = admitted.shared.tasks.clone();
    tasks.spawn(async move {
        match upgrade.await {
            Ok(upgraded) => serve(SessionIo::new(upgraded), accepted).await,
            // The peer went away before the answer was written.
            Err(error) => {
                tracing::debug!(peer = %accepted.peer, %error, "a handshake was not completed");
            }
        }
        // Its place is free when nothing of it is left.
        drop(admitted);
    });
}

async fn serve((io, already_read): (SessionIo, Bytes), accepted: Accepted) {
    let Accepted { seat, session, endpoint, visit, peer, settings, ticket, busy, contexts } =
        accepted;
    // Given back last.
    let _held = (ticket, busy, contexts);
    let revision = &endpoint.revision;
    let entry = Entry {
        session: Arc::clone(&session),
        revision: revision.number(),
        peer: peer.to_string(),
        opened_at: SystemTime::now(),
    };
    let _member = visit.admit(&endpoint.sessions, entry);
    let guest = seat.session(Arc::clone(&session));
    let journal = Arc::clone(revision.log()) as Arc<dyn Journal>;
    let connection =
        Connection::new(Role::Server, io, already_read, session, guest, journal, settings);
    let event = connection.run().await;
    tracing::debug!(%peer, ?event, "a session ended");
}
