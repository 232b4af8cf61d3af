//! Machines that are lent: each thread keeps a few, since most are wanted for one message only.
//!
//! A compressor holds about 310 KiB and a decompressor about 47 KiB once used, so without takeover
//! nobody owns one. What comes back is reset at once: nothing of one session's data is there for
//! the next.

use std::cell::RefCell;

use flate2::{Compress, Compression, Decompress};

use super::{SharedKey, WINDOW_BITS_MAX};

/// How many idle decompressors a thread keeps, 47 KiB each. More than one is lent at a time where
/// messages arrive in pieces.
pub const DECOMPRESSORS_POOLED_MAX: usize = 16;

/// How many idle compressors a thread keeps, about 310 KiB each and each for another window or
/// level: a compressor is lent for one call, so one of a kind is enough. There are seven windows.
pub const COMPRESSORS_POOLED_MAX: usize = 8;

/// The step in which machines hand out what they make, in bytes: it fits a core's first cache.
pub(super) const SCRATCH_BYTES: usize = 16 * 1024;

thread_local! {
    static DECOMPRESSORS: RefCell<Vec<Decompress>> = const { RefCell::new(Vec::new()) };
    static COMPRESSORS: RefCell<Vec<(SharedKey, Compress)>> = const { RefCell::new(Vec::new()) };
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Runs `work` with this thread's [`SCRATCH_BYTES`], whose content is anything.
///
/// Machines write into initialised memory that stays, and what they made is copied once: cheaper
/// than zeroing new memory for each step, and no guess about sizes is needed.
pub(super) fn with_scratch<T>(work: impl FnOnce(&mut [u8]) -> T) -> T {
    SCRATCH.with_borrow_mut(|scratch| {
        scratch.resize(SCRATCH_BYTES, 0);
        work(scratch)
    })
}

/// A decompressor that goes back to the pool of the thread where it is dropped.
#[derive(Debug)]
pub(super) struct Decompressor(Option<Decompress>);

impl Decompressor {
    /// A fresh one.
    ///
    /// Its window is always the largest: it reads what was made with a smaller one, zlib-rs spends
    /// the same memory on either, and only this one is reset without a new allocation.
    pub(super) fn take() -> Self {
        let pooled = DECOMPRESSORS.try_with(|pool| pool.borrow_mut().pop()).ok().flatten();
        let make = || Decompress::new_with_window_bits(false, WINDOW_BITS_MAX);
        Self(Some(pooled.unwrap_or_else(make)))
    }

    pub(super) fn machine(&mut self) -> &mut Decompress {
        self.0.get_or_insert_with(|| Decompress::new_with_window_bits(false, WINDOW_BITS_MAX))
    }

    /// Gives it up for good.
    pub(super) fn discard(mut self) {
        self.0 = None;
    }
}

impl Drop for Decompressor {
    fn drop(&mut self) {
        let Some(mut machine) = self.0.take() else { return };
        if std::thread::panicking() {
            // Whatever has gone wrong stays with this message.
            return;
        }
        // A thread that ends has no pool any more; the machine ends with it.
        let _ = DECOMPRESSORS.try_with(|pool| {
            let mut pool = pool.borrow_mut();
            if pool.len() < DECOMPRESSORS_POOLED_MAX {
                machine.reset(false);
                pool.push(machine);
            }
        });
    }
}

/// A compressor that goes back to the pool of the thread where it is dropped.
#[derive(Debug)]
pub(super) struct Compressor {
    key: SharedKey,
    machine: Option<Compress>,
}

impl Compressor {
    /// A fresh one.
    pub(super) fn take(key: SharedKey) -> Self {
        let pooled = COMPRESSORS.try_with(|pool| {
            let mut pool = pool.borrow_mut();
            let found = pool.iter().position(|(of, _)| *of == key)?;
            Some(pool.remove(found).1)
        });
        let machine = pooled.ok().flatten().unwrap_or_else(|| make(key));
        Self { key, machine: Some(machine) }
    }

    pub(super) fn machine(&mut self) -> &mut Compress {
        let key = self.key;
        self.machine.get_or_insert_with(|| make(key))
    }

    /// Gives it up for good.
    pub(super) fn discard(mut self) {
        self.machine = None;
    }
}

impl Drop for Compressor {
    fn drop(&mut self) {
        let Some(mut machine) = self.machine.take() else { return };
        if std::thread::panicking() {
            // Whatever has gone wrong stays with this message.
            return;
        }
        let _ = COMPRESSORS.try_with(|pool| {
            let mut pool = pool.borrow_mut();
            if pool.iter().any(|(of, _)| *of == self.key) {
                return;
            }
            // The one that was used longest ago makes room.
            if pool.len() == COMPRESSORS_POOLED_MAX {
                pool.remove(0);
            }
            machine.reset();
            pool.push((self.key, machine));
        });
    }
}

fn make(key: SharedKey) -> Compress {
    let level = Compression::new(u32::from(key.level()));
    Compress::new_with_window_bits(level, false, key.window_bits())
}

#[cfg(test)]
pub(super) fn pooled() -> (usize, usize) {
    (DECOMPRESSORS.with_borrow(Vec::len), COMPRESSORS.with_borrow(Vec::len))
}
