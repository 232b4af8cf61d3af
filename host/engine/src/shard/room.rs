//! What is asked of a shared instance, and how it is served there.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use sockhop_session::handshake::{HandshakeDecision, HandshakeRequest};
use sockhop_session::outbound::CloseRequest;
use sockhop_session::port::{Fault, SessionError, Trap, TrapKind};
use sockhop_session::{Batch, CloseCause, CloseEvent, Handle, Message, SessionId};
use tokio::sync::oneshot;
use tokio::time::Instant;
use wasmtime::component::ResourceAny;

use super::not_open;
use crate::caller::Caller;
use crate::keyed::KeyError;
use crate::seats::SeatError;

/// One event, and where its answer is waited for.
pub(super) enum Event {
    Handshake {
        endpoint_path: Arc<str>,
        request: Box<HandshakeRequest>,
        reply: oneshot::Sender<Result<Option<HandshakeDecision>, SeatError>>,
    },
    Key {
        endpoint_path: Arc<str>,
        request: Box<HandshakeRequest>,
        reply: oneshot::Sender<Result<String, SeatError>>,
    },
    Open {
        session: Arc<Handle>,
        reply: oneshot::Sender<Result<(), Fault>>,
    },
    Message {
        id: SessionId,
        message: Message,
        reply: oneshot::Sender<Result<Option<Message>, Fault>>,
    },
    Part {
        id: SessionId,
        piece: Message,
        last: bool,
        reply: oneshot::Sender<Result<(), Fault>>,
    },
    Batch {
        id: SessionId,
        batch: Batch,
        reply: oneshot::Sender<Result<(), Fault>>,
    },
    Pong {
        id: SessionId,
        data: Bytes,
        reply: oneshot::Sender<Result<(), Fault>>,
    },
    Sent {
        id: SessionId,
        token: u64,
        reply: oneshot::Sender<Result<(), Fault>>,
    },
    Timer {
        id: SessionId,
        token: u64,
        reply: oneshot::Sender<Result<(), Fault>>,
    },
    Error {
        id: SessionId,
        error: SessionError,
        reply: oneshot::Sender<Result<(), Trap>>,
    },
    Close {
        id: SessionId,
        event: CloseEvent,
        reply: oneshot::Sender<Result<(), Fault>>,
    },
    Finish {
        id: SessionId,
        reply: oneshot::Sender<Result<(), Trap>>,
    },
}

/// A shared instance and the sessions in it. Fields are dropped in order: who finds it on the list
/// while it ends waits for its place.
pub(super) struct Room<L> {
    instance: Caller,
    sessions: HashMap<SessionId, (Arc<Handle>, ResourceAny)>,
    _listed: L,
}

impl<L> Room<L> {
    /// An instance without sessions; `listed` is dropped after it.
    pub(super) fn new(listed: L, instance: Caller) -> Self {
        Self { instance, sessions: HashMap::new(), _listed: listed }
    }

    /// Whether the instance has trapped.
    pub(super) fn is_gone(&self) -> bool {
        self.instance.is_gone()
    }

    /// Closes the sessions of an instance that is gone.
    pub(super) fn close_all(&self) {
        for (session, _endpoint) in self.sessions.values() {
            session.close(CloseRequest::by_host(CloseCause::GuestFailed));
        }
    }

    /// Serves one event and answers it. Nobody may wait for the answer any more.
    pub(super) async fn serve(&mut self, event: Event) {
        match event {
            Event::Handshake { endpoint_path, request, reply } => {
                let decided = self.instance.handshake(endpoint_path, *request).await;
                let _unheard = reply.send(decided.map_err(SeatError::Trap));
            }
            Event::Key { endpoint_path, request, reply } => {
                let named = self.instance.instance_key(endpoint_path, *request).await;
                let _unheard = reply.send(named.map_err(unnamed));
            }
            Event::Open { session, reply } => {
                let opened = self.instance.open(Arc::clone(&session)).await.map(|endpoint| {
                    self.sessions.insert(session.id(), (session, endpoint));
                });
                let _unheard = reply.send(opened);
            }
            Event::Message { id, message, reply } => {
                let replied = match self.endpoint(id) {
                    Ok(endpoint) => self.instance.on_message(endpoint, message).await,
                    Err(trap) => Err(Fault::Trapped(trap)),
                };
                let _unheard = reply.send(replied);
            }
            Event::Part { id, piece, last, reply } => {
                let taken = match self.endpoint(id) {
                    Ok(endpoint) => self.instance.on_part(endpoint, piece, last).await,
                    Err(trap) => Err(Fault::Trapped(trap)),
                };
                let _unheard = reply.send(taken);
            }
            Event::Batch { id, batch, reply } => {
                let taken = match self.endpoint(id) {
                    Ok(endpoint) => self.instance.on_messages(endpoint, batch).await,
                    Err(trap) => Err(Fault::Trapped(trap)),
                };
                let _unheard = reply.send(taken);
            }
            Event::Pong { id, data, reply } => {
                let _unheard = reply.send(self.on_pong(id, data).await);
            }
            Event::Sent { id, token, reply } => {
                let told = match self.endpoint(id) {
                    Ok(endpoint) => self.instance.on_sent(endpoint, token).await,
                    Err(trap) => Err(Fault::Trapped(trap)),
                };
                let _unheard = reply.send(told);
            }
            Event::Timer { id, token, reply } => {
                let _unheard = reply.send(self.on_timer(id, token).await);
            }
            Event::Error { id, error, reply } => {
                let told = match self.endpoint(id) {
                    Ok(endpoint) => self.instance.on_error(endpoint, error).await,
                    Err(trap) => Err(trap),
                };
                let _unheard = reply.send(told);
            }
            Event::Close { id, event, reply } => {
                let told = match self.endpoint(id) {
                    Ok(endpoint) => self.instance.on_close(endpoint, event).await,
                    Err(trap) => Err(Fault::Trapped(trap)),
                };
                let _unheard = reply.send(told);
            }
            Event::Finish { id, reply } => {
                let _unheard = reply.send(self.finish(id).await);
            }
        }
    }

    async fn on_pong(&mut self, id: SessionId, data: Bytes) -> Result<(), Fault> {
        let endpoint = self.endpoint(id)?;
        self.instance.on_pong(endpoint, data).await
    }

    async fn on_timer(&mut self, id: SessionId, token: u64) -> Result<(), Fault> {
        let (session, endpoint) = self.sessions.get(&id).ok_or_else(not_open)?;
        // Another session's event may have cancelled it, or closed the session, meanwhile.
        if !session.begin_timer(Instant::now().into_std(), token) {
            return Ok(());
        }
        self.instance.on_timer(*endpoint, token).await
    }

    async fn finish(&mut self, id: SessionId) -> Result<(), Trap> {
        let (_session, endpoint) = self.sessions.remove(&id).ok_or_else(not_open)?;
        self.instance.drop_endpoint(endpoint).await
    }

    fn endpoint(&self, id: SessionId) -> Result<ResourceAny, Trap> {
        self.sessions.get(&id).map(|(_session, endpoint)| *endpoint).ok_or_else(not_open)
    }
}

/// Why there is no key.
fn unnamed(fault: Fault) -> SeatError {
    match fault {
        Fault::Returned(why) => KeyError::Refused(why).into(),
        Fault::Trapped(trap) => SeatError::Trap(trap),
    }
}

impl Event {
    /// Answers without an instance: there is none.
    pub(super) fn refuse(self, error: &SeatError) {
        let trap = |call| match error {
            SeatError::Trap(trap) => trap.clone(),
            SeatError::AtCapacity
            | SeatError::PoolFull(_)
            | SeatError::Mismatch(_)
            | SeatError::Key(_) => {
                Trap { kind: TrapKind::InstanceGone, call, detail: error.to_string() }
            }
        };
        match self {
            Self::Handshake { reply, .. } => drop(reply.send(Err(error.clone()))),
            Self::Key { reply, .. } => drop(reply.send(Err(error.clone()))),
            Self::Open { reply, .. } => drop(reply.send(Err(trap("endpoint.open").into()))),
            Self::Message { reply, .. } => {
                drop(reply.send(Err(trap("endpoint.on-message").into())));
            }
            Self::Part { reply, .. } => drop(reply.send(Err(trap("parts.on-part").into()))),
            Self::Batch { reply, .. } => {
                drop(reply.send(Err(trap("batches.on-messages").into())));
            }
            Self::Pong { reply, .. } => drop(reply.send(Err(trap("pongs.on-pong").into()))),
            Self::Sent { reply, .. } => drop(reply.send(Err(trap("completions.on-sent").into()))),
            Self::Timer { reply, .. } => {
                drop(reply.send(Err(trap("timer-events.on-timer").into())));
            }
            Self::Error { reply, .. } => drop(reply.send(Err(trap("endpoint.on-error")))),
            Self::Close { reply, .. } => drop(reply.send(Err(trap("endpoint.on-close").into()))),
            Self::Finish { reply, .. } => drop(reply.send(Err(trap("the endpoint's destructor")))),
        }
    }
}
