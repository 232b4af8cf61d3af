//! What belongs to one instance on the host's side of the sandbox: its WASI, its handles, its
//! budget.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sockhop_session::port::Directory;
use sockhop_session::{Handle, StreamId};
use wasmtime::component::{HasData, ResourceTable};
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};

use crate::container::Surroundings;
use crate::guest::Guest;
use crate::limits::Budget;
use crate::output::LogStream;
use crate::output::Stream;
use crate::pace::Pace;
use crate::shard::WeakShard;

/// The most handles that one instance may hold at a time: sessions, and WASI's streams and
/// pollables. A shared instance needs one for each session.
const HANDLES_MAX: usize = 100_000;

/// The most random bytes that one call gives: no clock interrupts the host while it draws them.
const RANDOM_BYTES_MAX: u64 = 64 << 10;

/// The number of the next instance of this process.
static NEXT: AtomicU64 = AtomicU64::new(1);

/// The data of an instance's store.
pub(crate) struct Ctx {
    id: u64,
    wasi: WasiCtx,
    table: ResourceTable,
    guest: Guest,
    around: Surroundings,
    home: Option<WeakShard>,
    pub(crate) budget: Budget,
}

/// A session handle that a guest owns.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct SessionRef(pub(crate) Arc<Handle>);

/// A message that a guest sends piece by piece. Dropping it gives up what is not finished, whoever
/// drops it: a trap does as well.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct OutgoingMessage {
    pub(crate) session: Arc<Handle>,
    pub(crate) stream: StreamId,
}

impl Drop for OutgoingMessage {
    fn drop(&mut self) {
        self.session.abandon_stream(self.stream);
    }
}

/// What the functions of the contract that the host serves may touch.
pub(crate) struct CtxView<'a> {
    /// The instance's number.
    pub(crate) id: u64,
    pub(crate) table: &'a mut ResourceTable,
    pub(crate) directory: &'a dyn Directory,
    pub(crate) around: &'a Surroundings,
    pub(crate) guest: &'a Guest,
    /// The instance, as others may seat sessions in it, where it is shared.
    pub(crate) home: Option<&'a WeakShard>,
}

/// Tells wasmtime's bindings that host functions get a [`CtxView`].
pub(crate) struct HasCtx;

impl HasData for HasCtx {
    type Data<'a> = CtxView<'a>;
}

impl Ctx {
    /// For an instance of this guest.
    pub(crate) fn new(
        guest: Guest,
        around: Surroundings,
        home: Option<WeakShard>,
        pace: Arc<Pace>,
    ) -> Self {
        let settings = &guest.settings;
        let mut wasi = WasiCtxBuilder::new();
        wasi.stdout(LogStream::new(Stream::Stdout, Arc::clone(&settings.output)))
            .stderr(LogStream::new(Stream::Stderr, Arc::clone(&settings.output)))
            .envs(&settings.env)
            .max_random_size(RANDOM_BYTES_MAX)
            .allow_tcp(false)
            .allow_udp(false)
            .allow_ip_name_lookup(false);
        let mut table = ResourceTable::new();
        table.set_max_capacity(HANDLES_MAX);
        Self {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            wasi: wasi.build(),
            table,
            budget: Budget::new(settings.memory_bytes, settings.event_cpu, pace),
            guest,
            around,
            home,
        }
    }

    /// The instance's number, which no other of this process has.
    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    pub(crate) fn table(&mut self) -> &mut ResourceTable {
        &mut self.table
    }

    pub(crate) fn view(&mut self) -> CtxView<'_> {
        CtxView {
            id: self.id,
            table: &mut self.table,
            directory: &*self.around.directory,
            around: &self.around,
            guest: &self.guest,
            home: self.home.as_ref(),
        }
    }
}

impl WasiView for Ctx {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}
