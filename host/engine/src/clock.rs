//! The clock that interrupts guests which compute, and ticks slowly while none does.
//!
//! It is a thread of its own: a worker that a guest keeps busy could not run it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, Thread};
use std::time::Duration;

/// How often a guest that computes is interrupted, so that it neither holds a worker nor outlives
/// its budget unnoticed: the finest step in which computing time is counted. At the first
/// interruption a call leaves its worker, so this is what it may hold up others there.
pub(crate) const EPOCH_TICK: Duration = Duration::from_micros(250);

/// For how many ticks nothing may happen until the clock ticks slowly: 50 ms.
const QUIET_TICKS: u32 = 200;

/// How often the clock ticks while it is not wanted: a guest that said so may be kept from the
/// processor for so long, before it computes, that the clock has forgotten it.
const SLOW_TICK: Duration = Duration::from_millis(50);

/// Whether the clock ticks. Cloning shares it.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    hands: Arc<Hands>,
    thread: Thread,
}

#[derive(Debug, Default)]
struct Hands {
    /// A guest has been called, or was interrupted, since the last tick.
    wanted: AtomicBool,
    asleep: AtomicBool,
}

impl Clock {
    /// Starts the thread, which ends with the engine.
    pub(crate) fn start(engine: &wasmtime::Engine) -> std::io::Result<Self> {
        let hands = Arc::new(Hands::default());
        let (engine, own) = (engine.weak(), Arc::clone(&hands));
        let thread = thread::Builder::new().name("epoch".into()).spawn(move || {
            let mut quiet = 0;
            while let Some(engine) = engine.upgrade() {
                engine.increment_epoch();
                drop(engine);
                if own.wanted.swap(false, Ordering::SeqCst) {
                    quiet = 0;
                }
                if quiet < QUIET_TICKS {
                    quiet += 1;
                    thread::sleep(EPOCH_TICK);
                } else {
                    own.doze();
                }
            }
        })?;
        Ok(Self { hands, thread: thread.thread().clone() })
    }

    /// A guest is about to compute, or computes.
    pub(crate) fn want(&self) {
        let Hands { wanted, asleep } = &*self.hands;
        // Told already: then the clock has not been quiet for long enough to sleep.
        if wanted.load(Ordering::Relaxed) {
            return;
        }
        wanted.store(true, Ordering::SeqCst);
        if asleep.load(Ordering::SeqCst) {
            self.thread.unpark();
        }
    }
}

impl Hands {
    /// Sleeps until the clock is wanted, and not for long.
    fn doze(&self) {
        // First the one, then the question, as `want` does it the other way round: one of the two
        // sees what the other did.
        self.asleep.store(true, Ordering::SeqCst);
        if !self.wanted.load(Ordering::SeqCst) {
            thread::park_timeout(SLOW_TICK);
        }
        self.asleep.store(false, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use wasmtime::{Config, Engine, Instance, Module, Store, Trap};

    use super::*;

    fn call_forever(is_forgotten: bool) -> Option<Trap> {
        let mut config = Config::new();
        config.epoch_interruption(true);
        let engine = Engine::new(&config).expect("an engine");
        let clock = Clock::start(&engine).expect("a thread");
        let forever = "(module (func (export \"forever\") (loop $again (br $again))))";
        let module = Module::new(&engine, wat::parse_str(forever).expect("text")).expect("module");
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[]).expect("an instance");
        let forever =
            instance.get_typed_func::<(), ()>(&mut store, "forever").expect("it is there");
        clock.want();
        if is_forgotten {
            while !clock.hands.asleep.load(Ordering::SeqCst) {
                thread::yield_now();
            }
        }
        store.set_epoch_deadline(1);
        forever.call(&mut store, ()).expect_err("interrupted").downcast_ref().copied()
    }

    #[test]
    fn who_computes_is_interrupted() {
        assert_eq!(call_forever(false), Some(Trap::Interrupt));
    }

    #[test]
    fn who_was_kept_from_computing_until_the_clock_forgot_is_interrupted() {
        assert_eq!(call_forever(true), Some(Trap::Interrupt));
    }
}
