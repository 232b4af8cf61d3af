//! Calls an instance, on this thread or in the slow lane.

use std::future::Future;
use std::sync::Arc;

use bytes::Bytes;
use sockhop_session::handshake::{EndpointConfig, HandshakeDecision, HandshakeRequest};
use sockhop_session::port::{Fault, SessionError, Trap, TrapKind};
use sockhop_session::{Batch, CloseEvent, Handle, Message};
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::sync::ReusableBoxFuture;
use wasmtime::component::ResourceAny;

use crate::container::Surroundings;
use crate::guest::Guest;
use crate::instance::Instance;
use crate::lane::SlowLane;
use crate::pace::Pace;
use crate::seats::SeatError;
use crate::shard::WeakShard;

/// A call's end: the instance, if it is still there, and what the call gave.
type Ended<T> = (Option<Box<Instance>>, T);

/// Ends a call. An instance that is gone in the lane is dropped there: to give back the memory of
/// one that took all that it could is long work as well.
fn ended<T>(instance: Box<Instance>, output: T) -> Ended<T> {
    let stays = !(instance.is_gone() && instance.is_away());
    (stays.then_some(instance), output)
}

/// What `on-message` gives.
type Reply = Result<Option<Message>, Fault>;

/// An instance and the way to call it. A call owns the instance while it lasts, so that it can go
/// on in another thread; one that is dropped halfway takes the instance with it.
pub(crate) struct Caller {
    instance: Option<Box<Instance>>,
    pace: Arc<Pace>,
    lane: SlowLane,
    /// The memory of the last `on-message`, for the next one.
    spare: Option<ReusableBoxFuture<'static, Ended<Reply>>>,
}

impl Caller {
    /// Makes an instance that sees these surroundings. `home` is how others seat sessions in it.
    pub(crate) async fn new(
        guest: &Guest,
        around: &Surroundings,
        home: Option<WeakShard>,
        permit: OwnedSemaphorePermit,
    ) -> Result<Self, SeatError> {
        let clock = guest.engine.clock().clone();
        let pace = Arc::new(Pace::new(Some(clock), Arc::clone(&guest.history)));
        let lane = guest.engine.lane().clone();
        let made = Instance::new(guest.clone(), around.clone(), home, Arc::clone(&pace), permit);
        let made = Box::pin(made);
        let made = lane.run(&pace, made).await;
        let (instance, _memory) = made.map_err(|error| lost("instantiation", &error))?;
        Ok(Self { instance: Some(Box::new(instance?)), pace, lane, spare: None })
    }

    /// Whether the instance is gone: a call has trapped, or was dropped halfway. What is left of it
    /// is cleared up with this, which is long work beside a message.
    pub(crate) fn is_gone(&self) -> bool {
        self.instance.as_ref().is_none_or(|instance| instance.is_gone())
    }

    /// `deployment.describe`.
    pub(crate) async fn describe(&mut self) -> Result<Vec<EndpointConfig>, Trap> {
        self.call("deployment.describe", |mut instance| async move {
            let described = instance.describe().await;
            ended(instance, described)
        })
        .await?
    }

    /// `configurator.handshake`, where the component exports it.
    pub(crate) async fn handshake(
        &mut self,
        endpoint_path: Arc<str>,
        request: HandshakeRequest,
    ) -> Result<Option<HandshakeDecision>, Trap> {
        self.call("configurator.handshake", |mut instance| async move {
            let decided = instance.handshake(&endpoint_path, &request).await;
            ended(instance, decided)
        })
        .await?
    }

    /// `keys.instance-key`, for a component that exports it.
    pub(crate) async fn instance_key(
        &mut self,
        endpoint_path: Arc<str>,
        request: HandshakeRequest,
    ) -> Result<String, Fault> {
        self.call("keys.instance-key", |mut instance| async move {
            let named = instance.instance_key(&endpoint_path, &request).await;
            ended(instance, named)
        })
        .await?
    }

    /// `endpoint.open`.
    pub(crate) async fn open(&mut self, session: Arc<Handle>) -> Result<ResourceAny, Fault> {
        self.call("endpoint.open", |mut instance| async move {
            let opened = instance.open(session).await;
            ended(instance, opened)
        })
        .await?
    }

    /// `endpoint.on-message`.
    pub(crate) async fn on_message(&mut self, endpoint: ResourceAny, message: Message) -> Reply {
        let mut instance = self.take("endpoint.on-message")?;
        let call = async move {
            let reply = instance.on_message(endpoint, &message).await;
            ended(instance, reply)
        };
        let call = match self.spare.take() {
            Some(mut memory) => {
                memory.set(call);
                memory
            }
            None => ReusableBoxFuture::new(call),
        };
        let ran = self.lane.run(&self.pace, call).await;
        let ((instance, reply), memory) =
            ran.map_err(|error| lost("endpoint.on-message", &error))?;
        self.instance = instance;
        self.spare = memory;
        reply
    }

    /// `parts.on-part`, for a component that exports it.
    pub(crate) async fn on_part(
        &mut self,
        endpoint: ResourceAny,
        piece: Message,
        last: bool,
    ) -> Result<(), Fault> {
        self.call("parts.on-part", |mut instance| async move {
            let taken = instance.on_part(endpoint, &piece, last).await;
            ended(instance, taken)
        })
        .await?
    }

    /// `batches.on-messages`, for a component that exports it.
    pub(crate) async fn on_messages(
        &mut self,
        endpoint: ResourceAny,
        batch: Batch,
    ) -> Result<(), Fault> {
        self.call("batches.on-messages", |mut instance| async move {
            let taken = instance.on_messages(endpoint, &batch).await;
            ended(instance, taken)
        })
        .await?
    }

    /// `pongs.on-pong`, for a component that exports it.
    pub(crate) async fn on_pong(
        &mut self,
        endpoint: ResourceAny,
        data: Bytes,
    ) -> Result<(), Fault> {
        self.call("pongs.on-pong", |mut instance| async move {
            let told = instance.on_pong(endpoint, &data).await;
            ended(instance, told)
        })
        .await?
    }

    /// `completions.on-sent`, for a component that exports it.
    pub(crate) async fn on_sent(&mut self, endpoint: ResourceAny, token: u64) -> Result<(), Fault> {
        self.call("completions.on-sent", |mut instance| async move {
            let told = instance.on_sent(endpoint, token).await;
            ended(instance, told)
        })
        .await?
    }

    /// `timer-events.on-timer`, for a component that exports it.
    pub(crate) async fn on_timer(
        &mut self,
        endpoint: ResourceAny,
        token: u64,
    ) -> Result<(), Fault> {
        self.call("timer-events.on-timer", |mut instance| async move {
            let told = instance.on_timer(endpoint, token).await;
            ended(instance, told)
        })
        .await?
    }

    /// `endpoint.on-error`.
    pub(crate) async fn on_error(
        &mut self,
        endpoint: ResourceAny,
        error: SessionError,
    ) -> Result<(), Trap> {
        self.call("endpoint.on-error", |mut instance| async move {
            let told = instance.on_error(endpoint, &error).await;
            ended(instance, told)
        })
        .await?
    }

    /// `endpoint.on-close`. [`drop_endpoint`](Self::drop_endpoint) follows.
    pub(crate) async fn on_close(
        &mut self,
        endpoint: ResourceAny,
        event: CloseEvent,
    ) -> Result<(), Fault> {
        self.call("endpoint.on-close", |mut instance| async move {
            let told = instance.on_close(endpoint, &event).await;
            ended(instance, told)
        })
        .await?
    }

    /// Drops a session's endpoint resource: runs the guest's destructor.
    pub(crate) async fn drop_endpoint(&mut self, endpoint: ResourceAny) -> Result<(), Trap> {
        self.call("the endpoint's destructor", |mut instance| async move {
            let dropped = instance.drop_endpoint(endpoint).await;
            ended(instance, dropped)
        })
        .await?
    }

    async fn call<T, F>(
        &mut self,
        name: &'static str,
        call: impl FnOnce(Box<Instance>) -> F,
    ) -> Result<T, Trap>
    where
        T: Send + 'static,
        F: Future<Output = Ended<T>> + Send + 'static,
    {
        let call = Box::pin(call(self.take(name)?));
        let ran = self.lane.run(&self.pace, call).await;
        let ((instance, output), _memory) = ran.map_err(|error| lost(name, &error))?;
        self.instance = instance;
        Ok(output)
    }

    fn take(&mut self, call: &'static str) -> Result<Box<Instance>, Trap> {
        self.instance.take().ok_or_else(|| {
            let detail = "an earlier call into the instance trapped or was given up".to_owned();
            Trap { kind: TrapKind::InstanceGone, call, detail }
        })
    }
}

fn lost(call: &'static str, error: &impl ToString) -> Trap {
    Trap { kind: TrapKind::InstanceGone, call, detail: error.to_string() }
}
