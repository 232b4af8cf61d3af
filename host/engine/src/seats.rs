//! Where sessions sit: an instance of their own, or one that they share.

use std::num::NonZeroU16;
use std::sync::Arc;

use bytes::Bytes;
use sockhop_session::handshake::{HandshakeDecision, HandshakeRequest};
use sockhop_session::port::{Endpoint, Fault, SessionError, Trap, TrapKind};
use sockhop_session::{Batch, CloseEvent, Handle, Message};
use sockhop_yielding::others_first;
use thiserror::Error;
use tokio::time::Instant;
use wasmtime::component::ResourceAny;

use crate::caller::Caller;
use crate::container::Surroundings;
use crate::guest::Guest;
use crate::keyed::{KeyError, KeySource, Keyed};
use crate::shard::{Shard, ShardSession, Shards};

/// How often a seat is sought for a handshake: again where the instance of the last one, or the one
/// that is asked for keys, had trapped for another peer.
const SEATS_TRIED_MAX: usize = 3;

/// How many sessions an instance serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Instancing {
    /// One.
    Session,
    /// All of the endpoint, over this many instances.
    Shared(NonZeroU16),
    /// Those of the endpoint with the same key.
    Keyed(KeySource),
}

/// Why there is no seat.
#[derive(Clone, Debug, Error)]
pub enum SeatError {
    /// As many instances live as the machine holds, or as the operator allows.
    #[error("all instances are taken; raise sandbox.instances, or let sessions share instances")]
    AtCapacity,
    /// The instances that live have taken all memories, tables or core instances of the pool: their
    /// components have several each.
    #[error("the pool of instances is used up; let sessions share instances: {0}")]
    PoolFull(String),
    /// A function of the component has the right name and the wrong type.
    #[error("it does not fit the contract sockhop:websocket@0.1.0: {0}")]
    Mismatch(String),
    /// There is no key to say which instance it would be in.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The guest failed while its instance was made, or its configurator or its keys were asked.
    #[error(transparent)]
    Trap(#[from] Trap),
}

/// The seats of one endpoint of one revision.
pub struct Seats {
    guest: Guest,
    endpoint_path: Arc<str>,
    around: Surroundings,
    sharing: Sharing,
}

/// Who shares an instance with whom.
enum Sharing {
    Nobody,
    Shards(Shards),
    Keyed(Keyed),
}

impl Seats {
    /// Seats in instances of this guest, which see these surroundings.
    #[must_use]
    pub fn new(
        guest: &Guest,
        endpoint_path: &str,
        instancing: Instancing,
        around: Surroundings,
    ) -> Self {
        let sharing = match instancing {
            Instancing::Session => Sharing::Nobody,
            Instancing::Shared(count) => Sharing::Shards(Shards::new(count)),
            Instancing::Keyed(source) => Sharing::Keyed(Keyed::new(source)),
        };
        Self { guest: guest.clone(), endpoint_path: endpoint_path.into(), around, sharing }
    }

    /// Takes a seat for a connection that is about to become a session by this handshake.
    ///
    /// # Errors
    /// [`SeatError`]; nothing is held then.
    pub async fn take(&self, request: &HandshakeRequest) -> Result<Seat, SeatError> {
        let place = match &self.sharing {
            Sharing::Nobody => {
                let permit = self.guest.engine.permit().ok_or(SeatError::AtCapacity)?;
                Place::Own(Caller::new(&self.guest, &self.around, None, permit).await?)
            }
            Sharing::Shards(shards) => Place::Shared(shards.take(&self.guest, &self.around).await?),
            Sharing::Keyed(keyed) => {
                let path = &self.endpoint_path;
                Place::Shared(keyed.take(&self.guest, &self.around, path, request).await?)
            }
        };
        Ok(Seat::new(&self.guest, place, Arc::clone(&self.endpoint_path)))
    }

    /// Takes a seat and has its guest decide about the handshake, if it does. Where the instance
    /// was gone before this handshake's turn came, by another peer's doing, another one is sought.
    ///
    /// # Errors
    /// [`SeatError`]; nothing is held then.
    pub async fn decide(
        &self,
        request: &HandshakeRequest,
    ) -> Result<(Seat, Option<HandshakeDecision>), SeatError> {
        let mut tried = 0;
        loop {
            tried += 1;
            match self.decide_once(request).await {
                Err(SeatError::Trap(trap))
                    if trap.kind == TrapKind::InstanceGone && tried < SEATS_TRIED_MAX => {}
                decided => return decided,
            }
        }
    }

    async fn decide_once(
        &self,
        request: &HandshakeRequest,
    ) -> Result<(Seat, Option<HandshakeDecision>), SeatError> {
        let mut seat = self.take(request).await?;
        match seat.handshake(request).await {
            Ok(decision) => Ok((seat, decision)),
            Err(error) => {
                // A trap is long work beside a message, and so is the clearing up of the seat's
                // instance: others go first.
                others_first().await;
                Err(error)
            }
        }
    }
}

#[cfg(test)]
impl Seats {
    /// How many keys have an instance.
    pub(crate) fn keys_listed(&self) -> usize {
        match &self.sharing {
            Sharing::Nobody | Sharing::Shards(_) => 0,
            Sharing::Keyed(keyed) => keyed.len(),
        }
    }
}

/// A place in an instance that nothing is open in yet. Dropping it gives it back.
pub struct Seat {
    place: Place,
    endpoint_path: Arc<str>,
    takes: Takes,
}

/// What the component is called with beside, or in place of, whole messages.
#[derive(Clone, Copy)]
struct Takes {
    parts: bool,
    batches: bool,
    pongs: bool,
    completions: bool,
}

enum Place {
    Own(Caller),
    Shared(Shard),
}

impl Seat {
    fn new(guest: &Guest, place: Place, endpoint_path: Arc<str>) -> Self {
        let program = &guest.program;
        let takes = Takes {
            parts: program.takes_parts(),
            batches: program.takes_batches(),
            pongs: program.hears_pongs(),
            completions: program.hears_completions(),
        };
        Self { place, endpoint_path, takes }
    }

    /// A seat in an instance that was made for it.
    pub(crate) fn own(guest: &Guest, instance: Caller, endpoint_path: &str) -> Self {
        Self::new(guest, Place::Own(instance), endpoint_path.into())
    }

    /// A seat in this shared instance.
    pub(crate) fn shared(guest: &Guest, shard: Shard, endpoint_path: &str) -> Self {
        Self::new(guest, Place::Shared(shard), endpoint_path.into())
    }

    /// Asks the guest's configurator about a handshake; nothing where the component has none.
    ///
    /// # Errors
    /// [`SeatError`]: the guest trapped, or its instance could not be made. The seat is of no use
    /// then.
    pub async fn handshake(
        &mut self,
        request: &HandshakeRequest,
    ) -> Result<Option<HandshakeDecision>, SeatError> {
        match &mut self.place {
            Place::Own(instance) => {
                let path = Arc::clone(&self.endpoint_path);
                Ok(instance.handshake(path, request.clone()).await?)
            }
            Place::Shared(shard) => {
                shard.handshake(Arc::clone(&self.endpoint_path), request.clone()).await
            }
        }
    }

    /// Seats a session here, to be opened.
    #[must_use]
    pub fn session(self, session: Arc<Handle>) -> GuestSession {
        let kind = match self.place {
            Place::Own(instance) => Kind::Own(OwnSession { instance, session, endpoint: None }),
            Place::Shared(shard) => Kind::Shared(shard.session(session)),
        };
        GuestSession { kind, takes: self.takes }
    }
}

/// The guest's side of one session.
pub struct GuestSession {
    kind: Kind,
    takes: Takes,
}

enum Kind {
    Own(OwnSession),
    Shared(ShardSession),
}

struct OwnSession {
    instance: Caller,
    session: Arc<Handle>,
    endpoint: Option<ResourceAny>,
}

impl OwnSession {
    fn endpoint(&self) -> Result<ResourceAny, Trap> {
        self.endpoint.ok_or_else(crate::shard::not_open)
    }
}

impl Endpoint for GuestSession {
    async fn open(&mut self) -> Result<(), Fault> {
        match &mut self.kind {
            Kind::Own(own) => {
                let endpoint = own.instance.open(Arc::clone(&own.session)).await?;
                own.endpoint = Some(endpoint);
                Ok(())
            }
            Kind::Shared(shared) => shared.open().await,
        }
    }

    async fn on_message(&mut self, message: Message) -> Result<Option<Message>, Fault> {
        match &mut self.kind {
            Kind::Own(own) => {
                let endpoint = own.endpoint().map_err(Fault::Trapped)?;
                own.instance.on_message(endpoint, message).await
            }
            Kind::Shared(shared) => shared.on_message(message).await,
        }
    }

    fn takes_parts(&self) -> bool {
        self.takes.parts
    }

    async fn on_part(&mut self, piece: Message, last: bool) -> Result<(), Fault> {
        match &mut self.kind {
            Kind::Own(own) => {
                let endpoint = own.endpoint().map_err(Fault::Trapped)?;
                own.instance.on_part(endpoint, piece, last).await
            }
            Kind::Shared(shared) => shared.on_part(piece, last).await,
        }
    }

    fn takes_batches(&self) -> bool {
        self.takes.batches
    }

    async fn on_messages(&mut self, batch: Batch) -> Result<(), Fault> {
        match &mut self.kind {
            Kind::Own(own) => {
                let endpoint = own.endpoint().map_err(Fault::Trapped)?;
                own.instance.on_messages(endpoint, batch).await
            }
            Kind::Shared(shared) => shared.on_messages(batch).await,
        }
    }

    fn hears_pongs(&self) -> bool {
        self.takes.pongs
    }

    fn hears_completions(&self) -> bool {
        self.takes.completions
    }

    async fn on_sent(&mut self, token: u64) -> Result<(), Fault> {
        match &mut self.kind {
            Kind::Own(own) => {
                let endpoint = own.endpoint().map_err(Fault::Trapped)?;
                own.instance.on_sent(endpoint, token).await
            }
            Kind::Shared(shared) => shared.on_sent(token).await,
        }
    }

    async fn on_timer(&mut self, token: u64) -> Result<(), Fault> {
        match &mut self.kind {
            Kind::Own(own) => {
                let endpoint = own.endpoint().map_err(Fault::Trapped)?;
                if !own.session.begin_timer(Instant::now().into_std(), token) {
                    return Ok(());
                }
                own.instance.on_timer(endpoint, token).await
            }
            Kind::Shared(shared) => shared.on_timer(token).await,
        }
    }

    async fn on_pong(&mut self, data: Bytes) -> Result<(), Fault> {
        match &mut self.kind {
            Kind::Own(own) => {
                let endpoint = own.endpoint().map_err(Fault::Trapped)?;
                own.instance.on_pong(endpoint, data).await
            }
            Kind::Shared(shared) => shared.on_pong(data).await,
        }
    }

    async fn on_error(&mut self, error: &SessionError) -> Result<(), Trap> {
        match &mut self.kind {
            Kind::Own(own) => {
                let endpoint = own.endpoint()?;
                own.instance.on_error(endpoint, error.clone()).await
            }
            Kind::Shared(shared) => shared.on_error(error.clone()).await,
        }
    }

    async fn on_close(&mut self, event: &CloseEvent) -> Result<(), Fault> {
        match &mut self.kind {
            Kind::Own(own) => {
                let endpoint = own.endpoint().map_err(Fault::Trapped)?;
                own.instance.on_close(endpoint, event.clone()).await
            }
            Kind::Shared(shared) => shared.on_close(event.clone()).await,
        }
    }

    async fn finish(&mut self) -> Result<(), Trap> {
        match &mut self.kind {
            Kind::Own(own) => {
                let endpoint = own.endpoint()?;
                own.endpoint = None;
                own.instance.drop_endpoint(endpoint).await
            }
            Kind::Shared(shared) => shared.finish().await,
        }
    }
}
