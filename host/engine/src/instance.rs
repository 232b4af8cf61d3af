//! One instance of a component, called within its budget; whoever owns it makes one call at a time.

use std::sync::Arc;
use std::time::Duration;

use sockhop_session::handshake::{EndpointConfig, HandshakeDecision, HandshakeRequest};
use sockhop_session::port::{Fault, SessionError, Trap, TrapKind};
use sockhop_session::{Batch, CloseEvent, Handle, Message};
use tokio::sync::OwnedSemaphorePermit;
use wasmtime::Store;
use wasmtime::component::ResourceAny;

use crate::bindings::{
    batches, completions, configurator, deployment, endpoint, keys, parts, pongs, timer_events,
};
use crate::container::Surroundings;
use crate::convert::{self, BorrowedRequest};
use crate::ctx::{Ctx, SessionRef};
use crate::fault;
use crate::guest::Guest;
use crate::pace::Pace;
use crate::patience::{OutOfPatience, within};
use crate::seats::SeatError;
use crate::shard::WeakShard;

/// One live instance. After a [`Trap`] it answers every call with another.
pub(crate) struct Instance {
    store: Store<Ctx>,
    deployment: deployment::Guest,
    endpoint: endpoint::Guest,
    configurator: Option<configurator::Guest>,
    parts: Option<parts::Guest>,
    batches: Option<batches::Guest>,
    pongs: Option<pongs::Guest>,
    completions: Option<completions::Guest>,
    timer_events: Option<timer_events::Guest>,
    keys: Option<keys::Guest>,
    event_wait: Duration,
    pace: Arc<Pace>,
    gone: bool,
    _permit: OwnedSemaphorePermit,
}

impl Instance {
    /// Makes an instance that sees these surroundings. `home` is how others seat sessions in it.
    pub(crate) async fn new(
        guest: Guest,
        around: Surroundings,
        home: Option<WeakShard>,
        pace: Arc<Pace>,
        permit: OwnedSemaphorePermit,
    ) -> Result<Self, SeatError> {
        let mut store = Store::new(
            &guest.engine.inner,
            Ctx::new(guest.clone(), around, home, Arc::clone(&pace)),
        );
        store.limiter(|ctx| &mut ctx.budget);
        store.set_hostcall_fuel(guest.settings.memory_bytes);
        store.epoch_deadline_callback(|mut store| Ok(store.data_mut().budget.tick()?));
        store.set_epoch_deadline(1);
        let event_wait = guest.settings.event_wait;
        let made = within(event_wait, &pace, guest.program.pre.instantiate_async(&mut store)).await;
        let instance = match made {
            Ok(Ok(instance)) => instance,
            Ok(Err(error)) if error.is::<wasmtime::PoolConcurrencyLimitError>() => {
                return Err(SeatError::PoolFull(error.to_string()));
            }
            made => return Err(SeatError::Trap(ended("instantiation", &store, made.map(drop_ok)))),
        };
        let exports = &guest.program.exports;
        let mismatch = |error| SeatError::Mismatch(format!("{error:#}"));
        // Each has a type of its own.
        macro_rules! optional {
            ($name:ident) => {
                match &exports.$name {
                    Some(indices) => Some(indices.load(&mut store, &instance).map_err(mismatch)?),
                    None => None,
                }
            };
        }
        Ok(Self {
            deployment: exports.deployment.load(&mut store, &instance).map_err(mismatch)?,
            endpoint: exports.endpoint.load(&mut store, &instance).map_err(mismatch)?,
            configurator: optional!(configurator),
            parts: optional!(parts),
            batches: optional!(batches),
            pongs: optional!(pongs),
            completions: optional!(completions),
            timer_events: optional!(timer_events),
            keys: optional!(keys),
            store,
            event_wait,
            pace,
            gone: false,
            _permit: permit,
        })
    }

    /// Whether the call that is in flight is in the lane.
    pub(crate) fn is_away(&self) -> bool {
        self.pace.is_away()
    }

    /// Whether a call has trapped.
    pub(crate) fn is_gone(&self) -> bool {
        self.gone
    }

    /// `deployment.describe`.
    pub(crate) async fn describe(&mut self) -> Result<Vec<EndpointConfig>, Trap> {
        self.begin("deployment.describe")?;
        let called = self.deployment.call_describe(&mut self.store);
        let called = within(self.event_wait, &self.pace, called).await;
        let endpoints = self.end("deployment.describe", called)?;
        Ok(endpoints.into_iter().map(convert::endpoint_config).collect())
    }

    /// `configurator.handshake`, where the component exports it.
    pub(crate) async fn handshake(
        &mut self,
        endpoint_path: &str,
        request: &HandshakeRequest,
    ) -> Result<Option<HandshakeDecision>, Trap> {
        let Some(configurator) = self.configurator.clone() else { return Ok(None) };
        let call = "configurator.handshake";
        self.begin(call)?;
        let request = BorrowedRequest::new(request);
        let extensions = request.extensions();
        let called =
            configurator.call_handshake(&mut self.store, endpoint_path, request.param(&extensions));
        let called = within(self.event_wait, &self.pace, called).await;
        self.end(call, called).map(|decision| Some(convert::decision(decision)))
    }

    /// `keys.instance-key`, for a component that exports it.
    pub(crate) async fn instance_key(
        &mut self,
        endpoint_path: &str,
        request: &HandshakeRequest,
    ) -> Result<String, Fault> {
        let call = "keys.instance-key";
        let Some(keys) = self.keys.clone() else {
            return Err(Fault::Returned("the component does not export it".to_owned()));
        };
        self.begin(call).map_err(Fault::Trapped)?;
        let request = BorrowedRequest::new(request);
        let extensions = request.extensions();
        let called =
            keys.call_instance_key(&mut self.store, endpoint_path, request.param(&extensions));
        let called = within(self.event_wait, &self.pace, called).await;
        self.end(call, called).map_err(Fault::Trapped)?.map_err(Fault::Returned)
    }

    /// `endpoint.open`.
    pub(crate) async fn open(&mut self, session: Arc<Handle>) -> Result<ResourceAny, Fault> {
        let call = "endpoint.open";
        self.begin(call).map_err(Fault::Trapped)?;
        session.serve_in(self.store.data().id());
        let session = match self.store.data_mut().table().push(SessionRef(session)) {
            Ok(session) => session,
            Err(error) => {
                return self.end(call, Ok(Err(fault::handles(error)))).map_err(Fault::Trapped);
            }
        };
        let endpoint = self.endpoint.endpoint();
        let called = endpoint.call_open(&mut self.store, session);
        let called = within(self.event_wait, &self.pace, called).await;
        self.end(call, called).map_err(Fault::Trapped)?.map_err(Fault::Returned)
    }

    /// `endpoint.on-message`.
    pub(crate) async fn on_message(
        &mut self,
        endpoint: ResourceAny,
        message: &Message,
    ) -> Result<Option<Message>, Fault> {
        let call = "endpoint.on-message";
        self.begin(call).map_err(Fault::Trapped)?;
        let message = convert::message_to_guest(message);
        let guest = self.endpoint.endpoint();
        let called = guest.call_on_message(&mut self.store, endpoint, message);
        let called = within(self.event_wait, &self.pace, called).await;
        let reply = self.end(call, called).map_err(Fault::Trapped)?.map_err(Fault::Returned)?;
        Ok(reply.map(convert::message_from_guest))
    }

    /// `parts.on-part`, for a component that exports it.
    pub(crate) async fn on_part(
        &mut self,
        endpoint: ResourceAny,
        piece: &Message,
        last: bool,
    ) -> Result<(), Fault> {
        let Some(parts) = self.parts.clone() else { return Ok(()) };
        let call = "parts.on-part";
        self.begin(call).map_err(Fault::Trapped)?;
        let piece = convert::message_to_guest(piece);
        let called = parts.call_on_part(&mut self.store, endpoint, piece, last);
        let called = within(self.event_wait, &self.pace, called).await;
        self.end(call, called).map_err(Fault::Trapped)?.map_err(Fault::Returned)
    }

    /// `batches.on-messages`, for a component that exports it.
    pub(crate) async fn on_messages(
        &mut self,
        endpoint: ResourceAny,
        batch: &Batch,
    ) -> Result<(), Fault> {
        let Some(batches) = self.batches.clone() else { return Ok(()) };
        let call = "batches.on-messages";
        self.begin(call).map_err(Fault::Trapped)?;
        let entries = convert::entries_to_guest(batch);
        let called = batches.call_on_messages(&mut self.store, endpoint, batch.data(), &entries);
        let called = within(self.event_wait, &self.pace, called).await;
        self.end(call, called).map_err(Fault::Trapped)?.map_err(Fault::Returned)
    }

    /// `pongs.on-pong`, for a component that exports it.
    pub(crate) async fn on_pong(
        &mut self,
        endpoint: ResourceAny,
        data: &[u8],
    ) -> Result<(), Fault> {
        let Some(pongs) = self.pongs.clone() else { return Ok(()) };
        let call = "pongs.on-pong";
        self.begin(call).map_err(Fault::Trapped)?;
        let called = pongs.call_on_pong(&mut self.store, endpoint, data);
        let called = within(self.event_wait, &self.pace, called).await;
        self.end(call, called).map_err(Fault::Trapped)?.map_err(Fault::Returned)
    }

    /// `completions.on-sent`, for a component that exports it.
    pub(crate) async fn on_sent(&mut self, endpoint: ResourceAny, token: u64) -> Result<(), Fault> {
        let Some(completions) = self.completions.clone() else { return Ok(()) };
        let call = "completions.on-sent";
        self.begin(call).map_err(Fault::Trapped)?;
        let called = completions.call_on_sent(&mut self.store, endpoint, token);
        let called = within(self.event_wait, &self.pace, called).await;
        self.end(call, called).map_err(Fault::Trapped)?.map_err(Fault::Returned)
    }

    /// `timer-events.on-timer`, for a component that exports it.
    pub(crate) async fn on_timer(
        &mut self,
        endpoint: ResourceAny,
        token: u64,
    ) -> Result<(), Fault> {
        let Some(timer_events) = self.timer_events.clone() else { return Ok(()) };
        let call = "timer-events.on-timer";
        self.begin(call).map_err(Fault::Trapped)?;
        let called = timer_events.call_on_timer(&mut self.store, endpoint, token);
        let called = within(self.event_wait, &self.pace, called).await;
        self.end(call, called).map_err(Fault::Trapped)?.map_err(Fault::Returned)
    }

    /// `endpoint.on-error`.
    pub(crate) async fn on_error(
        &mut self,
        endpoint: ResourceAny,
        error: &SessionError,
    ) -> Result<(), Trap> {
        self.begin("endpoint.on-error")?;
        let error = convert::session_error(error);
        let guest = self.endpoint.endpoint();
        let called = guest.call_on_error(&mut self.store, endpoint, error);
        let called = within(self.event_wait, &self.pace, called).await;
        self.end("endpoint.on-error", called)
    }

    /// `endpoint.on-close`. The caller drops the endpoint resource after it, by [`drop_endpoint`].
    ///
    /// [`drop_endpoint`]: Self::drop_endpoint
    pub(crate) async fn on_close(
        &mut self,
        endpoint: ResourceAny,
        event: &CloseEvent,
    ) -> Result<(), Fault> {
        let Some(event) = convert::close_event(event) else { return Ok(()) };
        let call = "endpoint.on-close";
        self.begin(call).map_err(Fault::Trapped)?;
        let guest = self.endpoint.endpoint();
        let called = guest.call_on_close(&mut self.store, endpoint, event);
        let called = within(self.event_wait, &self.pace, called).await;
        self.end(call, called).map_err(Fault::Trapped)?.map_err(Fault::Returned)
    }

    /// Drops a session's endpoint resource: runs the guest's destructor.
    pub(crate) async fn drop_endpoint(&mut self, endpoint: ResourceAny) -> Result<(), Trap> {
        let call = "the endpoint's destructor";
        self.begin(call)?;
        let called = endpoint.resource_drop_async(&mut self.store);
        let called = within(self.event_wait, &self.pace, called).await;
        self.end(call, called)
    }

    fn begin(&mut self, call: &'static str) -> Result<(), Trap> {
        if self.gone {
            let detail = "an earlier call into the instance trapped".to_owned();
            return Err(Trap { kind: TrapKind::InstanceGone, call, detail });
        }
        // Until the call has ended well: its future may be dropped halfway.
        self.gone = true;
        self.store.data_mut().budget.begin_event();
        self.store.set_epoch_deadline(1);
        Ok(())
    }

    fn end<T>(&mut self, call: &'static str, called: Timed<T>) -> Result<T, Trap> {
        match called {
            Ok(Ok(value)) => {
                self.gone = false;
                Ok(value)
            }
            called => Err(ended(call, &self.store, called.map(drop_ok))),
        }
    }
}

/// The outcome of a call that had a deadline.
type Timed<T> = Result<wasmtime::Result<T>, OutOfPatience>;

fn drop_ok<T>(result: wasmtime::Result<T>) -> wasmtime::Result<()> {
    result.map(|_| ())
}

fn ended(call: &'static str, store: &Store<Ctx>, called: Timed<()>) -> Trap {
    match called {
        Ok(Err(error)) => fault::trap(call, &error, store.data().budget.memory_was_refused()),
        Ok(Ok(())) | Err(_) => Trap {
            kind: TrapKind::OutOfPatience,
            call,
            detail: "the time for which an event may wait (event_wait) is used up".to_owned(),
        },
    }
}
