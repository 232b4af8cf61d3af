//! What each address has open and may ask for, in a table that is bounded.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::OverLimit;
use super::bucket::{Bucket, Rate};
use crate::telemetry::Seldom;

/// The most addresses in the table beside one for each connection that the host may have: those
/// that have no connection and are remembered because they sent handshakes. Some 4 MiB.
///
/// Beyond it, an address that is not in the table is let in uncounted: whoever has so many
/// addresses is not held by limits on one, and to refuse those that are not in the table would let
/// them lock everybody else out. The limits of the host and of endpoints hold as ever.
pub(super) const ADDRESSES_BESIDE_MAX: usize = 65_536;

/// Parts of the table, each with a lock of its own, so that workers seldom wait for each other.
const SHARDS: usize = 64;

/// A part with fewer entries is not looked through for those that can go.
const SWEEP_MIN: usize = 64;

/// The least time between two looks through a part that is full.
const SWEEP_PERIOD: Duration = Duration::from_secs(1);

/// The bits of an IPv6 address that tell one site from another: providers give each customer a /64
/// at least (RFC 6177), in which it has addresses without end.
const SITE_MASK: u128 = u128::MAX << 64;

/// As what an address counts: itself for IPv4, its /64 for IPv6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct AddressKey(u128);

impl From<IpAddr> for AddressKey {
    fn from(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            // No /64 has the bits of a mapped address (RFC 4291 §2.5.5.2), which are below.
            IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
            IpAddr::V6(address) => address.to_bits() & SITE_MASK,
        })
    }
}

/// The table. An address is in it while it has something open, or its bucket is not full; when
/// neither holds it goes, at the latest when its part grows.
#[derive(Debug)]
pub(super) struct Addresses {
    shards: Vec<Mutex<Shard>>,
    /// Keyed at random, so that nobody can choose addresses that fall into one part.
    hasher: RandomState,
    connections_max: Option<NonZeroU32>,
    rate: Option<Rate>,
    /// The most entries of a part.
    shard_max: usize,
    crowded: Seldom,
}

#[derive(Debug, Default)]
struct Shard {
    entries: HashMap<AddressKey, Entry>,
    /// With this many entries it is looked through before another one comes.
    sweep_at: usize,
    swept: Option<Instant>,
}

#[derive(Debug)]
struct Entry {
    open: u32,
    /// Nothing where handshakes are not limited.
    bucket: Option<Bucket>,
}

/// A place among what an address may have open, given back on drop.
#[derive(Debug)]
pub(super) struct AddressTicket {
    addresses: Arc<Addresses>,
    key: AddressKey,
}

impl AddressTicket {
    /// For whom it counts.
    pub(super) fn key(&self) -> AddressKey {
        self.key
    }
}

impl Drop for AddressTicket {
    fn drop(&mut self) {
        self.addresses.release(self.key, Instant::now());
    }
}

impl Addresses {
    /// A table for a host that may have so many connections.
    pub(super) fn new(
        connections_max: Option<NonZeroU32>,
        rate: Option<Rate>,
        host_connections: usize,
    ) -> Self {
        let shard = || Mutex::new(Shard { sweep_at: SWEEP_MIN, ..Shard::default() });
        Self {
            shards: std::iter::repeat_with(shard).take(SHARDS).collect(),
            hasher: RandomState::new(),
            connections_max,
            rate,
            shard_max: host_connections.saturating_add(ADDRESSES_BESIDE_MAX).div_ceil(SHARDS),
            crowded: Seldom::default(),
        }
    }

    /// Counts a connection, unless there is no limit or no room in the table.
    ///
    /// # Errors
    /// [`OverLimit::ConnectionsOfAddress`].
    pub(super) fn connection(
        self: &Arc<Self>,
        key: AddressKey,
        now: Instant,
    ) -> Result<Option<AddressTicket>, OverLimit> {
        let Some(most) = self.connections_max else { return Ok(None) };
        let mut shard = self.shard(key);
        let Some(entry) = self.entry(&mut shard, key, now) else { return Ok(None) };
        if entry.open >= most.get() {
            return Err(OverLimit::ConnectionsOfAddress);
        }
        entry.open += 1;
        Ok(Some(AddressTicket { addresses: Arc::clone(self), key }))
    }

    /// Takes a handshake from the address's bucket, unless there is no limit or no room in the
    /// table.
    ///
    /// # Errors
    /// [`OverLimit::HandshakesOfAddress`].
    pub(super) fn handshake(&self, key: AddressKey, now: Instant) -> Result<(), OverLimit> {
        let Some(rate) = &self.rate else { return Ok(()) };
        let mut shard = self.shard(key);
        let Some(entry) = self.entry(&mut shard, key, now) else { return Ok(()) };
        let bucket = entry.bucket.get_or_insert_with(|| Bucket::full(rate, now));
        bucket.take(rate, now).map_err(|wait| OverLimit::HandshakesOfAddress { wait })
    }

    fn release(&self, key: AddressKey, now: Instant) {
        let mut shard = self.shard(key);
        if let Some(entry) = shard.entries.get_mut(&key) {
            entry.open = entry.open.saturating_sub(1);
            if self.is_over(entry, now) {
                shard.entries.remove(&key);
            }
        }
    }

    /// The address's entry, which is made where there is room.
    fn entry<'s>(
        &self,
        shard: &'s mut Shard,
        key: AddressKey,
        now: Instant,
    ) -> Option<&'s mut Entry> {
        if !shard.entries.contains_key(&key) && !self.make_room(shard, now) {
            if let Some(addresses) = self.crowded.count(now) {
                tracing::warn!(
                    addresses,
                    "too many addresses are remembered; some are not counted"
                );
            }
            return None;
        }
        Some(shard.entries.entry(key).or_insert(Entry { open: 0, bucket: None }))
    }

    /// Sees to it that there is room for an entry, if there can be.
    fn make_room(&self, shard: &mut Shard, now: Instant) -> bool {
        if shard.entries.len() < shard.sweep_at {
            return true;
        }
        let is_recent = |swept: Instant| now.saturating_duration_since(swept) < SWEEP_PERIOD;
        let is_full = shard.entries.len() >= self.shard_max;
        if is_full && shard.swept.is_some_and(is_recent) {
            return false;
        }
        shard.entries.retain(|_, entry| !self.is_over(entry, now));
        shard.swept = Some(now);
        // So a look through n entries comes after n others were added at least.
        let left = shard.entries.len();
        shard.sweep_at = (left * 2).max(SWEEP_MIN).min(self.shard_max);
        left < self.shard_max
    }

    /// Whether an entry says no more than its absence would.
    fn is_over(&self, entry: &Entry, now: Instant) -> bool {
        let is_full = match (&self.rate, &entry.bucket) {
            (Some(rate), Some(bucket)) => bucket.is_full(rate, now),
            (None, _) | (_, None) => true,
        };
        entry.open == 0 && is_full
    }

    fn shard(&self, key: AddressKey) -> MutexGuard<'_, Shard> {
        // The remainder is below the number of parts.
        let index = (self.hasher.hash_one(key) % SHARDS as u64) as usize;
        self.shards[index].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
