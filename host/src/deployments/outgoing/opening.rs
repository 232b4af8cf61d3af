//! One connection that a guest opens, from the request to its end.

use std::sync::Arc;
use std::time::SystemTime;

use hyper::header::HeaderMap;
use sockhop_engine::{ConnectOptions, ConnectRefusal, Opened, Seat, SeatError, Seating};
use sockhop_session::handshake::{self as session, HandshakeRequest, Header};
use sockhop_session::port::TrapKind;
use sockhop_session::{Handle, Identity};
use sockhop_wire::deflate::Agreed;
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tokio_util::sync::CancellationToken;

use super::RevisionOutgoing;
use super::leave::leave;
use super::refusal::{answer, refusal};
use crate::config::{EndpointSettings, Extension};
use crate::connect::{ConnectRequest, Connected, connect};
use crate::connection::{Compression, Connection, Journal, Role};
use crate::deployments::revision::Visit;
use crate::deployments::served::{ceiling, connection_settings, message_bytes, queue_limits};
use crate::registry::Entry;

/// What is needed to open a connection, and to serve its session.
pub(super) struct Opening {
    pub(super) request: ConnectRequest,
    pub(super) options: ConnectOptions,
    pub(super) seating: Seating,
    pub(super) visit: Visit,
    /// Its place among the deployment's connections, given back at its end.
    pub(super) place: OwnedSemaphorePermit,
    pub(super) of: Arc<RevisionOutgoing>,
    pub(super) settings: Arc<EndpointSettings>,
    pub(super) property_bytes: usize,
}

impl Opening {
    /// Opens the connection, tells how that went, and serves the session to its end. Until the
    /// connection is open it may be given up, and is where the revision's sessions are closed.
    pub(super) async fn run(
        self,
        tell: oneshot::Sender<Result<Opened, ConnectRefusal>>,
        given_up: CancellationToken,
    ) {
        let opened = tokio::select! {
            biased;
            opened = self.open() => opened,
            () = self.of.revision.closing() => Err(ConnectRefusal::Ending.into()),
            () = given_up.cancelled() => return,
        };
        let (connected, seat, session) = match opened {
            Ok(opened) => opened,
            Err(NotOpened { refusal, unwanted }) => {
                // Nobody may be left who wants to know.
                let _unheard = tell.send(Err(refusal));
                if let Some((connected, session)) = unwanted {
                    let settings = connection_settings(&self.settings.limits, None);
                    let journal = Arc::clone(self.of.revision.log()) as Arc<dyn Journal>;
                    leave(*connected, session, settings, journal).await;
                }
                return;
            }
        };
        let Self { visit, place: _place, of, settings, request, .. } = self;
        let revision = &of.revision;
        let entry = Entry {
            session: Arc::clone(&session),
            revision: revision.number(),
            peer: connected.peer.to_string(),
            opened_at: SystemTime::now(),
        };
        let _member = visit.admit_outgoing(entry);
        let answered = answer(connected.status.as_u16(), &connected.headers, Vec::new());
        let told = Opened { session: Arc::clone(&session), answer: answered };
        // The session goes on, whoever has asked for it.
        let _unheard = tell.send(Ok(told));
        let guest = seat.session(Arc::clone(&session));
        let journal = Arc::clone(revision.log()) as Arc<dyn Journal>;
        let compression = connected.deflate.zip(request.deflate);
        let compression = compression.map(|(agreed, policy)| Compression {
            agreed,
            level: policy.level,
            threshold_bytes: policy.threshold_bytes,
        });
        let settings = connection_settings(&settings.limits, compression);
        let (io, read) = (connected.stream, connected.already_read);
        let connection = Connection::new(Role::Client, io, read, session, guest, journal, settings);
        let event = connection.run().await;
        tracing::debug!(peer = %connected.peer, ?event, "a session with a server ended");
    }

    async fn open(&self) -> Result<(Connected, Seat, Arc<Handle>), NotOpened> {
        let connected = connect(&self.request, &()).await.map_err(|error| {
            let (refusal, told) = refusal(&error);
            if let Some(told) = told {
                self.of.tell(&told);
            }
            refusal
        })?;
        let session = self.session(&connected)?;
        let required = self.settings.compression.permessage_deflate == Extension::Required;
        if required && connected.deflate.is_none() {
            let answered = answer(connected.status.as_u16(), &connected.headers, Vec::new());
            let told = "the server does not agree to permessage-deflate".to_owned();
            let refusal = ConnectRefusal::Refused(told, answered);
            return Err(NotOpened { refusal, unwanted: Some((Box::new(connected), session)) });
        }
        let seat = self.seating.take(&self.options.endpoint).await.map_err(|error| {
            self.of.tell(&format!("its session has no instance to be served in: {error}"));
            no_seat(&error)
        })?;
        Ok((connected, seat, session))
    }

    fn session(&self, connected: &Connected) -> Result<Arc<Handle>, ConnectRefusal> {
        let limits = &self.settings.limits;
        let identity = Identity {
            id: self.of.host.registry.next_id(),
            endpoint_path: self.options.endpoint.clone(),
            request: self.handshake(connected),
            subprotocol: connected.subprotocol.clone(),
            max_message_bytes: message_bytes(limits, self.options.message_bytes),
        };
        let extensions = connected.deflate.as_ref().map(Agreed::response).into_iter().collect();
        let session = Handle::new(identity, queue_limits(limits), self.property_bytes)
            .with_agreed(session::Agreed { extensions, principal: None })
            .with_ceiling(ceiling(limits))
            .with_timers(limits.timers);
        for (name, value) in self.options.properties.iter().cloned() {
            let set = session.set_property(name, Some(value));
            set.map_err(|error| ConnectRefusal::InvalidOptions(error.to_string()))?;
        }
        Ok(Arc::new(session))
    }

    /// The handshake as it was sent to where it led, but for the fields that belong to it.
    fn handshake(&self, connected: &Connected) -> HandshakeRequest {
        let url = &connected.url;
        let query = url.path_and_query().split_once('?').map(|(_path, query)| query.to_owned());
        HandshakeRequest {
            uri: url.to_string(),
            query,
            headers: fields(&self.request.headers),
            subprotocols: self.request.subprotocols.clone(),
            secure: url.is_secure(),
            peer: Some(connected.peer.to_string()),
            local: Some(connected.local.to_string()),
            ..HandshakeRequest::default()
        }
    }
}

/// A connection that is not served.
struct NotOpened {
    refusal: ConnectRefusal,
    /// It is there, and the server is to be told why it is of no use.
    unwanted: Option<(Box<Connected>, Arc<Handle>)>,
}

impl From<ConnectRefusal> for NotOpened {
    fn from(refusal: ConnectRefusal) -> Self {
        Self { refusal, unwanted: None }
    }
}

/// Header fields as the contract has them.
pub(super) fn fields(headers: &HeaderMap) -> Vec<Header> {
    let fields = headers.iter();
    fields.map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec())).collect()
}

/// Why the session of a connection has no instance to be served in. Where the one that asked is
/// gone nobody is left to be told.
fn no_seat(error: &SeatError) -> ConnectRefusal {
    match error {
        SeatError::Trap(trap) if trap.kind == TrapKind::InstanceGone => ConnectRefusal::Ending,
        SeatError::AtCapacity
        | SeatError::PoolFull(_)
        | SeatError::Key(_)
        | SeatError::Mismatch(_)
        | SeatError::Trap(_) => ConnectRefusal::NoRoom(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use sockhop_session::port::Trap;

    use super::*;

    #[test]
    fn a_guest_hears_why_its_session_has_no_instance() {
        let trap = |kind| {
            let detail = "unreachable".to_owned();
            no_seat(&SeatError::Trap(Trap { kind, call: "instantiation", detail }))
        };
        assert_eq!(trap(TrapKind::InstanceGone), ConnectRefusal::Ending);
        let ConnectRefusal::NoRoom(why) = trap(TrapKind::Trapped) else { panic!("it is not over") };
        assert!(why.contains("unreachable"), "{why}");
        assert!(matches!(no_seat(&SeatError::AtCapacity), ConnectRefusal::NoRoom(_)));
    }
}
