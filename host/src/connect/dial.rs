//! From a host and a port to a TCP connection.

use std::io;
use std::net::SocketAddr;

use thiserror::Error;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use super::lookup::Lookups;
use super::reach::Reach;
use super::websocket_url::without_brackets;

/// The most addresses of one host that are tried. Names with more have them to share load, and one
/// of the first answers.
pub const ADDRESSES_MAX: usize = 8;

/// Connects to the first address of a host that answers. Each has its share of the time that is
/// left, so that one which is silent does not take it from the others (IPv6 without a way out, most
/// often). Addresses beyond reach are passed over, whatever name leads to them.
pub(super) async fn dial(
    host: &str,
    port: u16,
    reach: Reach,
    lookups: &Lookups,
    until: Instant,
) -> Result<TcpStream, DialError> {
    let found = lookups.look_up(without_brackets(host), port).await;
    let found = found.map_err(|source| DialError::Unknown { host: host.to_owned(), source })?;
    let mut beyond = None;
    let within = found.into_iter().filter(|address| {
        let within = reach.takes(address.ip());
        if !within {
            beyond = Some(*address);
        }
        within
    });
    let addresses: Vec<_> = within.take(ADDRESSES_MAX).collect();
    if let (true, Some(address)) = (addresses.is_empty(), beyond) {
        return Err(DialError::NotPublic { host: host.to_owned(), address });
    }
    first(&addresses, until).await?.ok_or_else(|| DialError::Unknown {
        host: host.to_owned(),
        source: io::ErrorKind::NotFound.into(),
    })
}

/// Connects to the first that answers; nothing where there is none to try.
async fn first(addresses: &[SocketAddr], until: Instant) -> Result<Option<TcpStream>, DialError> {
    let mut failed = None;
    for (tried, &address) in addresses.iter().enumerate() {
        let left = u32::try_from(addresses.len() - tried).unwrap_or(u32::MAX);
        let share = until.saturating_duration_since(Instant::now()) / left;
        let connected = match timeout(share, TcpStream::connect(address)).await {
            Ok(connected) => connected,
            Err(_late) => Err(io::ErrorKind::TimedOut.into()),
        };
        let ready = connected.and_then(|stream| {
            // What a connection writes is whole, and is not to wait for more.
            stream.set_nodelay(true)?;
            Ok(stream)
        });
        match ready {
            Ok(stream) => return Ok(Some(stream)),
            Err(source) => failed = Some(DialError::Unreachable { address, source }),
        }
    }
    failed.map_or(Ok(None), Err)
}

/// Why a host is not reached. Its operator is to act, or whoever named it.
#[derive(Debug, Error)]
pub enum DialError {
    /// It was there, and is gone.
    #[error("the connection was lost at once")]
    Lost(#[source] io::Error),
    /// All of its addresses are inside somebody's network.
    #[error(
        "{host} stands for {address}, which is no address of the public Internet; the operator \
         has to allow the host by its whole name"
    )]
    NotPublic {
        /// The host.
        host: String,
        /// The last one.
        address: SocketAddr,
    },
    /// Its name is not known, or has no address.
    #[error("{host} has no address")]
    Unknown {
        /// The host.
        host: String,
        /// Why.
        source: io::Error,
    },
    /// It does not answer at any of its addresses.
    #[error("nobody answers at {address}")]
    Unreachable {
        /// The one that was tried last.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::net::TcpListener;

    use super::*;

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(10)
    }

    /// An address at which nobody listens, though somebody did.
    async fn deserted() -> SocketAddr {
        TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("bound")
    }

    #[tokio::test]
    async fn the_next_address_is_tried_where_one_does_not_answer() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("bound");
        let addresses = [deserted().await, address];
        let stream = first(&addresses, soon()).await.expect("one answers").expect("two addresses");
        assert_eq!(stream.peer_addr().expect("connected"), address);
        assert!(stream.nodelay().expect("connected"));
    }

    #[tokio::test]
    async fn the_last_address_is_told_where_none_answers() {
        let addresses = [deserted().await, deserted().await];
        let failed = first(&addresses, soon()).await.expect_err("nobody listens");
        assert!(
            matches!(failed, DialError::Unreachable { address, .. } if address == addresses[1])
        );
        assert!(first(&[], soon()).await.expect("nothing has failed").is_none());
    }

    #[tokio::test]
    async fn an_address_beyond_reach_is_not_tried() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("bound").port();
        for host in ["127.0.0.1", "localhost"] {
            let refused = dial(host, port, Reach::Public, &Lookups::default(), soon()).await;
            assert!(matches!(refused, Err(DialError::NotPublic { .. })), "{refused:?}");
        }
    }

    #[tokio::test]
    async fn an_address_of_ipv6_is_taken_with_its_brackets() {
        let listener = TcpListener::bind("[::1]:0").await.expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let lookups = Lookups::default();
        dial("[::1]", port, Reach::Anywhere, &lookups, soon()).await.expect("it listens");
        let unknown = dial("no.such.host.invalid", 1, Reach::Anywhere, &lookups, soon()).await;
        assert!(matches!(unknown, Err(DialError::Unknown { .. })));
    }
}
