//! Admission: who is let in, held against the limits on connections, handshakes and sessions of the
//! host, of one address and of one endpoint.
//!
//! Nothing here waits, reads a clock, or does any I/O, but that a ticket which is dropped looks at
//! the time. What is let in holds a ticket, and gives its place back by dropping it.
//!
//! Peers count by address: one of IPv4, or a /64 of IPv6. Those in `limits.exempt_addresses`,
//! among them by default the machine itself, and those at Unix sockets, which have no address,
//! count for the host and for endpoints only. Those that a proxy does not name count as one.

mod addresses;
mod bucket;
mod over_limit;
#[cfg(test)]
mod tests;

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use self::addresses::{AddressKey, AddressTicket, Addresses};
use self::bucket::{Bucket, Rate};
pub(super) use self::over_limit::OverLimit;
use self::over_limit::Told;
use crate::config::Limits;
use crate::registry::{EndpointSessions, SessionPlace};

/// The limits, and what counts against them now.
pub(super) struct Admission {
    limits: Limits,
    connections: Arc<Semaphore>,
    addresses: Arc<Addresses>,
    /// The handshakes of all peers, where they are limited.
    handshakes: Option<(Rate, Mutex<Bucket>)>,
    told: Told,
}

/// A connection's place, given back on drop.
#[derive(Debug)]
pub(super) struct ConnectionTicket {
    _permit: OwnedSemaphorePermit,
    /// Nothing where the peer does not count by address.
    address: Option<AddressTicket>,
}

/// A handshake's place, which the session that it becomes holds to its end. Given back on drop.
#[derive(Debug)]
pub(super) struct HandshakeTicket {
    _session: SessionPlace,
    _address: Option<AddressTicket>,
    _connection: Option<ConnectionTicket>,
}

/// A valid handshake that asks to be let in.
pub(super) struct Asking<'a> {
    /// The connection that it came on.
    pub(super) connection: &'a ConnectionTicket,
    /// Whether others may come on the connection too, as over HTTP/2: then it takes a connection's
    /// place of its own, or one connection would carry more sessions than its peer may have.
    pub(super) shares_connection: bool,
    /// The address that the peer counts for, if any: where a proxy speaks for it, not that of the
    /// connection.
    pub(super) peer: Option<IpAddr>,
    /// The open sessions of the endpoint.
    pub(super) sessions: &'a Arc<EndpointSessions>,
    /// How many the endpoint may have.
    pub(super) sessions_max: Option<NonZeroU32>,
}

impl Admission {
    /// Nobody is there yet.
    pub(super) fn new(limits: &Limits, now: Instant) -> Self {
        let rate = |per_second: NonZeroU32| Rate::new(per_second, limits.handshake_burst);
        let handshakes = limits.handshakes_per_second.map(rate);
        Self {
            connections: Arc::new(Semaphore::new(limits.connections as usize)),
            addresses: Arc::new(Addresses::new(
                limits.connections_per_address,
                limits.handshakes_per_second_per_address.map(rate),
                limits.connections as usize,
            )),
            handshakes: handshakes.map(|rate| (rate, Mutex::new(Bucket::full(&rate, now)))),
            limits: limits.clone(),
            told: Told::default(),
        }
    }

    /// Lets a connection in. Where its peer's address is not known yet, because a proxy has still
    /// to name it, `peer` is nothing, and the handshake counts it.
    ///
    /// # Errors
    /// [`OverLimit::Connections`] and [`OverLimit::ConnectionsOfAddress`].
    pub(super) fn connection(
        &self,
        peer: Option<IpAddr>,
        now: Instant,
    ) -> Result<ConnectionTicket, OverLimit> {
        let permit = Arc::clone(&self.connections).try_acquire_owned();
        let permit = permit.map_err(|_full| OverLimit::Connections)?;
        let address = self.key(peer).map(|key| self.addresses.connection(key, now)).transpose()?;
        Ok(ConnectionTicket { _permit: permit, address: address.flatten() })
    }

    /// Counts a connection that was let in without an address for the one that is known by now.
    ///
    /// # Errors
    /// [`OverLimit::ConnectionsOfAddress`]; nothing has changed then.
    pub(super) fn name(
        &self,
        ticket: &mut ConnectionTicket,
        peer: Option<IpAddr>,
        now: Instant,
    ) -> Result<(), OverLimit> {
        if ticket.address.is_none() {
            let address = self.key(peer).map(|key| self.addresses.connection(key, now));
            ticket.address = address.transpose()?.flatten();
        }
        Ok(())
    }

    /// Lets a handshake in: first by the rates, so that attempts count and not successes, then by
    /// what is open.
    ///
    /// # Errors
    /// Each [`OverLimit`].
    pub(super) fn handshake(
        &self,
        asking: &Asking<'_>,
        now: Instant,
    ) -> Result<HandshakeTicket, OverLimit> {
        let key = self.key(asking.peer);
        self.take_handshake(key, now)?;
        let counted = asking.connection.address.as_ref().map(AddressTicket::key);
        let (connection, address) = if asking.shares_connection {
            (Some(self.connection(asking.peer, now)?), None)
        } else {
            let other = key.filter(|key| counted != Some(*key));
            let other = other.map(|key| self.addresses.connection(key, now)).transpose()?;
            (None, other.flatten())
        };
        let session = asking.sessions.enter(asking.sessions_max).ok_or(OverLimit::Sessions)?;
        Ok(HandshakeTicket { _session: session, _address: address, _connection: connection })
    }

    /// How often a limit was reached since the last line about it, where it is time for one.
    pub(super) fn tell(&self, over: &OverLimit, now: Instant) -> Option<u64> {
        self.told.of(over).count(now)
    }

    /// Takes a handshake from both buckets or from none: a peer that is over its own rate takes
    /// nothing from the others.
    fn take_handshake(&self, key: Option<AddressKey>, now: Instant) -> Result<(), OverLimit> {
        let of_address = || key.map_or(Ok(()), |key| self.addresses.handshake(key, now));
        let Some((rate, bucket)) = &self.handshakes else {
            return of_address();
        };
        // Held while a shard of the table is locked, and never the other way round.
        let mut bucket = bucket.lock().unwrap_or_else(PoisonError::into_inner);
        bucket.ready(rate, now).map_err(|wait| OverLimit::Handshakes { wait })?;
        of_address()?;
        bucket.take(rate, now).map_err(|wait| OverLimit::Handshakes { wait })
    }

    /// As what a peer counts, if it counts by address at all.
    fn key(&self, peer: Option<IpAddr>) -> Option<AddressKey> {
        peer.filter(|peer| !self.limits.is_exempt(*peer)).map(AddressKey::from)
    }
}
