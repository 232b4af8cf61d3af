//! Looking names up, in bounded numbers.

use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

/// The most names that are looked up at a time for whoever shares these places. Each takes one of
/// the runtime's threads, until the system's resolver has an answer or gives up.
pub const LOOKUPS_MAX: usize = 16;

/// Places for lookups. Cloning shares them.
#[derive(Clone, Debug)]
pub struct Lookups(Arc<Semaphore>);

impl Default for Lookups {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(LOOKUPS_MAX)))
    }
}

impl Lookups {
    /// The addresses that a name stands for; of an address itself.
    ///
    /// # Cancellation
    /// The system's resolver goes on where nobody waits for it any more, and its place is free when
    /// it has ended: whoever asks for what nobody answers has no more threads than places.
    pub(super) async fn look_up(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        if let Ok(address) = host.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(address, port)]);
        }
        let place = Arc::clone(&self.0).acquire_owned().await.map_err(io::Error::other)?;
        let host = host.to_owned();
        let looked = spawn_blocking(move || {
            let _place = place;
            (host.as_str(), port).to_socket_addrs().map(Iterator::collect)
        });
        looked.await.map_err(io::Error::other)?
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn a_name_waits_for_a_place_and_an_address_needs_none() {
        let lookups = Lookups::default();
        let all = u32::try_from(LOOKUPS_MAX).expect("few");
        let taken = lookups.0.acquire_many(all).await.expect("never closed");
        let address = lookups.look_up("::1", 7).await.expect("an address");
        assert_eq!(address, ["[::1]:7".parse().expect("an address")]);
        let waits = timeout(Duration::from_millis(20), lookups.look_up("localhost", 7)).await;
        assert!(waits.is_err(), "{waits:?}");
        drop(taken);
        let found = lookups.look_up("localhost", 7).await.expect("this machine");
        assert!(found.iter().all(|address| address.ip().is_loopback() && address.port() == 7));
        assert_eq!(lookups.0.available_permits(), LOOKUPS_MAX, "its place is back");
    }
}
