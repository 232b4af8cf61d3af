//! Instances by key: the sessions with one key share an instance, and nobody else comes into it.

use std::collections::HashMap;
use std::num::NonZeroU16;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sockhop_session::handshake::HandshakeRequest;
use thiserror::Error;
use tokio::sync::OwnedSemaphorePermit;

use crate::container::{
    ConnectOptions, ConnectRefusal, Container, Pending, Seating, SessionDefaults, Surroundings,
};
use crate::ending::{Full, Places};
use crate::guest::Guest;
use crate::seats::SeatError;
use crate::shard::{Shard, Shards, WeakShard};

/// The longest key, in bytes of UTF-8: more than any name of a room takes, and little beside the
/// instance that it is kept with.
pub const KEY_BYTES_MAX: usize = 1024;

/// Who says what the key of a session is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// The path: the value of the variable with this name.
    Parameter(String),
    /// The component, which exports `keys`.
    Guest,
}

/// Why a session has no key.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum KeyError {
    /// The path of the endpoint has no such variable; whoever deploys it sees to that it has.
    #[error("the path has no variable {0:?} to be the key")]
    NoParameter(String),
    /// The peer's path has a longer value than a key may be.
    #[error("a path's value of {0} bytes is to be the key; at most {KEY_BYTES_MAX} are allowed")]
    ParameterTooLong(usize),
    /// The guest named a longer key.
    #[error("keys.instance-key gave a key of {0} bytes; at most {KEY_BYTES_MAX} are allowed")]
    TooLong(usize),
    /// The guest returned an error instead: its own word for it.
    #[error("keys.instance-key returned an error: {0}")]
    Refused(String),
}

/// The instances of one endpoint of one revision, by key.
pub(crate) struct Keyed {
    source: Source,
    rooms: Arc<Rooms>,
}

enum Source {
    Parameter(String),
    /// One instance that serves no session: which would serve it is what it is asked.
    Asker(Shards),
}

impl Keyed {
    pub(crate) fn new(source: KeySource) -> Self {
        let source = match source {
            KeySource::Parameter(name) => Source::Parameter(name),
            KeySource::Guest => Source::Asker(Shards::new(NonZeroU16::MIN)),
        };
        Self { source, rooms: Arc::default() }
    }

    /// A seat in the instance of the key that this handshake has.
    pub(crate) async fn take(
        &self,
        guest: &Guest,
        around: &Surroundings,
        endpoint_path: &Arc<str>,
        request: &HandshakeRequest,
    ) -> Result<Shard, SeatError> {
        match &self.source {
            Source::Parameter(name) => {
                let parameters = &request.path_parameters;
                let (_name, key) = parameters
                    .iter()
                    .find(|(known, _value)| known == name)
                    .ok_or_else(|| KeyError::NoParameter(name.clone()))?;
                if key.len() > KEY_BYTES_MAX {
                    return Err(KeyError::ParameterTooLong(key.len()).into());
                }
                self.rooms.seat(key, guest, around).await
            }
            Source::Asker(asker) => {
                let key = ask(asker, guest, around, endpoint_path, request).await?;
                if key.len() > KEY_BYTES_MAX {
                    return Err(KeyError::TooLong(key.len()).into());
                }
                self.rooms.seat(&key, guest, around).await
            }
        }
    }

    /// How many keys have an instance.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.rooms.table().live.len()
    }
}

async fn ask(
    asker: &Shards,
    guest: &Guest,
    around: &Surroundings,
    endpoint_path: &Arc<str>,
    request: &HandshakeRequest,
) -> Result<String, SeatError> {
    let container = Arc::new(AskedOnly(Arc::clone(&around.container)));
    let around = Surroundings { container, ..around.clone() };
    let asker = asker.take(guest, &around).await?;
    asker.instance_key(Arc::clone(endpoint_path), request.clone()).await
}

/// The host around an instance that is asked and serves no session: what it opened would be one.
struct AskedOnly(Arc<dyn Container>);

impl Container for AskedOnly {
    fn defaults(&self) -> SessionDefaults {
        self.0.defaults()
    }

    fn installed_extensions(&self) -> Vec<String> {
        self.0.installed_extensions()
    }

    fn connect(
        &self,
        _url: &str,
        _options: ConnectOptions,
        _seating: Seating,
    ) -> Result<Pending, ConnectRefusal> {
        let told = "the instance that is asked for keys serves no session".to_owned();
        Err(ConnectRefusal::NotAllowed(told))
    }
}

/// The live instances. An entry is there while its instance's task is, and the task has the right
/// to an instance until its end: so there are no more entries than instances may live, but for
/// those that are just ending.
#[derive(Default)]
struct Rooms {
    table: Mutex<Table>,
    places: Places,
}

#[derive(Default)]
struct Table {
    /// How many instances there have been, to tell one of a key from the next.
    made: u64,
    live: HashMap<Arc<str>, Live>,
}

struct Live {
    number: u64,
    /// Sessions and seats keep the instance, the list does not.
    room: WeakShard,
}

impl Rooms {
    /// A seat in the instance of this key, which is made where there is none that lives.
    async fn seat(
        self: &Arc<Self>,
        key: &str,
        guest: &Guest,
        around: &Surroundings,
    ) -> Result<Shard, SeatError> {
        let live = || self.table().live.get(key).and_then(|live| live.room.upgrade());
        let join = |permit| self.join(key, guest, around, permit);
        self.places.take(&guest.engine, live, join).await
    }

    /// A seat without waiting; where an instance has to be made, by this right or by one that is
    /// free.
    fn join(
        self: &Arc<Self>,
        key: &str,
        guest: &Guest,
        around: &Surroundings,
        permit: Option<OwnedSemaphorePermit>,
    ) -> Result<Shard, Full> {
        let mut table = self.table();
        if let Some(shard) = table.live.get(key).and_then(|live| live.room.upgrade()) {
            return Ok(shard);
        }
        // Now, so that a full host says so before the handshake is answered.
        let Some(permit) = permit.or_else(|| guest.engine.permit()) else {
            return Err(Full { is_ending: table.live.contains_key(key) });
        };
        let (shard, inbox) = Shard::new();
        let key: Arc<str> = key.into();
        table.made += 1;
        let number = table.made;
        table.live.insert(Arc::clone(&key), Live { number, room: shard.downgrade() });
        // A runtime that stops drops a task where it is spawned, and what it would have held with
        // it: that takes the lock.
        drop(table);
        self.places.made();
        inbox.serve(guest, around, permit, Listed { rooms: Arc::clone(self), key, number });
        Ok(shard)
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An instance's place in the list, given back with it. Another instance of the key may have taken
/// the place by then, where this one had trapped or was about to end.
struct Listed {
    rooms: Arc<Rooms>,
    key: Arc<str>,
    number: u64,
}

impl Drop for Listed {
    fn drop(&mut self) {
        let mut table = self.rooms.table();
        if table.live.get(&self.key).is_some_and(|live| live.number == self.number) {
            table.live.remove(&self.key);
        }
    }
}
