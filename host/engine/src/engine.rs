//! One sandbox for the whole process: the compiler, the pool of instances, the clock that
//! interrupts guests.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use thiserror::Error;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tokio_util::task::TaskTracker;
use wasmtime::component::Linker;
use wasmtime::{Cache, CacheConfig, Config, InstanceAllocationStrategy, PoolingAllocationConfig};

use crate::bindings::{session, sessions, timers, topics};
use crate::capacity::{Capacity, CapacityError};
use crate::clock::Clock;
use crate::ctx::{Ctx, HasCtx};
use crate::lane::SlowLane;
use crate::program::{LoadError, Program};

/// The most core modules in one component: CPython's has 24, the most seen.
const CORE_INSTANCES_PER_COMPONENT_MAX: u32 = 64;

/// The most tables and memories in one component.
const TABLES_PER_COMPONENT_MAX: u32 = 32;
const MEMORIES_PER_COMPONENT_MAX: u32 = 8;

/// The most elements in one table: twice what CPython's component takes.
const TABLE_ELEMENTS_MAX: usize = 50_000;

/// The most that the host keeps about one instance beside its memories, in bytes. CPython's takes
/// 1.1 MB.
const INSTANCE_RECORD_BYTES_MAX: usize = 4 << 20;

/// How much of a freed slot's memory stays resident for the next instance, in bytes: nothing. A
/// host that once had ten thousand sessions would keep it for each of them.
const KEEP_RESIDENT_BYTES: usize = 0;

/// How an engine is set up.
#[derive(Clone, Debug, Default)]
pub struct EngineConfig {
    /// The most instances that may live at a time; 0 for as many as the machine holds.
    pub instances: u32,
    /// The most memory that any deployment may allow an instance, in bytes.
    pub memory_bytes_max: usize,
    /// Where compiled components are kept from one run to the next; nowhere if absent.
    pub cache_dir: Option<PathBuf>,
}

/// Why there is no engine. The operator is to act.
#[derive(Debug, Error)]
pub enum EngineError {
    /// The machine does not hold that many instances.
    #[error(transparent)]
    Capacity(#[from] CapacityError),
    /// The cache's directory cannot be used.
    #[error("the cache of compiled components cannot be used")]
    Cache(#[source] wasmtime::Error),
    /// The pool of instances cannot be made.
    #[error("the sandbox cannot be set up")]
    Sandbox(#[source] wasmtime::Error),
    /// A thread that the sandbox needs cannot be started.
    #[error("the sandbox's threads cannot be started")]
    Threads(#[source] std::io::Error),
}

/// The sandbox. Cloning shares it.
#[derive(Clone)]
pub struct Engine {
    pub(crate) inner: wasmtime::Engine,
    pub(crate) linker: Arc<Linker<Ctx>>,
    capacity: Capacity,
    permits: Arc<Semaphore>,
    /// The one instance that is asked what it serves.
    asking: Arc<Semaphore>,
    lane: SlowLane,
    clock: Clock,
    tasks: TaskTracker,
}

impl Engine {
    /// Sets the sandbox up: reserves its address space and starts its clock.
    ///
    /// # Errors
    /// [`EngineError`], each variant the operator's to mend.
    pub fn new(config: &EngineConfig) -> Result<Self, EngineError> {
        let capacity = Capacity::of_machine(config.instances)?;
        let inner = wasmtime::Engine::new(&wasmtime_config(config, capacity)?)
            .map_err(EngineError::Sandbox)?;
        let clock = Clock::start(&inner).map_err(EngineError::Threads)?;
        let linker = linker(&inner).map_err(EngineError::Sandbox)?;
        Ok(Self {
            inner,
            linker: Arc::new(linker),
            capacity,
            clock,
            lane: SlowLane::new().map_err(EngineError::Threads)?,
            permits: Arc::new(Semaphore::new(capacity.instances as usize)),
            asking: Arc::new(Semaphore::new(1)),
            tasks: TaskTracker::new(),
        })
    }

    /// How many instances may live at a time.
    #[must_use]
    pub fn capacity(&self) -> Capacity {
        self.capacity
    }

    /// How many instances live now.
    #[must_use]
    pub fn instances(&self) -> usize {
        (self.capacity.instances as usize).saturating_sub(self.permits.available_permits())
    }

    /// Compiles a component, or takes it from the cache, and checks that it fits the contract. This
    /// computes for milliseconds to minutes, on one thread of low priority.
    ///
    /// # Errors
    /// [`LoadError`]: the component is at fault, but for [`LoadError::Compiler`].
    ///
    /// # Cancellation
    /// A compilation that has begun goes on when the future is dropped, and fills the cache.
    pub async fn load(&self, component: Bytes) -> Result<Program, LoadError> {
        let engine = self.clone();
        let loaded = self.lane.compute(move || Program::load(&engine, &component)).await;
        loaded.map_err(|_| LoadError::Compiler)?
    }

    /// Waits until the tasks of all shared instances have ended, which they do once nothing holds
    /// their [`Seats`](crate::Seats) or a session of theirs.
    pub async fn stopped(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// The right to one live instance, where there is one left.
    pub(crate) fn permit(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.permits).try_acquire_owned().ok()
    }

    /// The right to one live instance, where one is given back in this time. Whoever waits comes
    /// before those who do not.
    pub(crate) async fn permit_within(&self, time: Duration) -> Option<OwnedSemaphorePermit> {
        timeout(time, Arc::clone(&self.permits).acquire_owned()).await.ok()?.ok()
    }

    /// The right to the one instance beside them, when it is free.
    pub(crate) async fn asking_permit(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.asking).acquire_owned().await.ok()
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    pub(crate) fn lane(&self) -> &SlowLane {
        &self.lane
    }

    pub(crate) fn tasks(&self) -> &TaskTracker {
        &self.tasks
    }
}

fn wasmtime_config(config: &EngineConfig, capacity: Capacity) -> Result<Config, EngineError> {
    // One more than sessions get, to ask a component what it serves when the host is full: that is
    // when an operator has to replace one.
    let instances = capacity.instances.saturating_add(1);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(instances)
        .total_core_instances(instances.saturating_mul(8))
        .total_memories(instances)
        .total_tables(instances.saturating_mul(4))
        .total_stacks(instances)
        .max_core_instances_per_component(CORE_INSTANCES_PER_COMPONENT_MAX)
        .max_memories_per_component(MEMORIES_PER_COMPONENT_MAX)
        .max_tables_per_component(TABLES_PER_COMPONENT_MAX)
        .max_component_instance_size(INSTANCE_RECORD_BYTES_MAX)
        .max_core_instance_size(INSTANCE_RECORD_BYTES_MAX)
        .max_memory_size(config.memory_bytes_max)
        .table_elements(TABLE_ELEMENTS_MAX)
        .linear_memory_keep_resident(KEEP_RESIDENT_BYTES)
        .table_keep_resident(KEEP_RESIDENT_BYTES);
    let mut wasmtime = Config::new();
    wasmtime
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool))
        // Nothing in the contract is asynchronous to the guest, and calls cost a third without it.
        .concurrency_support(false)
        .epoch_interruption(true);
    if let Some(directory) = &config.cache_dir {
        let mut cache = CacheConfig::new();
        cache.with_directory(directory);
        wasmtime.cache(Some(Cache::new(cache).map_err(EngineError::Cache)?));
    }
    Ok(wasmtime)
}

fn linker(engine: &wasmtime::Engine) -> wasmtime::Result<Linker<Ctx>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    crate::bindings::types::add_to_linker::<Ctx, HasCtx>(&mut linker, Ctx::view)?;
    session::add_to_linker::<Ctx, HasCtx>(&mut linker, Ctx::view)?;
    sessions::add_to_linker::<Ctx, HasCtx>(&mut linker, Ctx::view)?;
    crate::bindings::container::add_to_linker::<Ctx, HasCtx>(&mut linker, Ctx::view)?;
    topics::add_to_linker::<Ctx, HasCtx>(&mut linker, Ctx::view)?;
    timers::add_to_linker::<Ctx, HasCtx>(&mut linker, Ctx::view)?;
    Ok(linker)
}
