//! What comes before HTTP on a connection: a PROXY header, TLS, and which HTTP it is.

use std::io;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::AsyncReadExt as _;
use tokio::time::timeout;

use super::listener::Accepted;
use super::peer::Peer;
use super::proxy::ProxyError;
use super::stream::Stream;
use super::{Shared, proxy};

/// What an HTTP/2 connection begins with (RFC 9113 §3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// How much is read to see what the peer speaks, in bytes. A usual request's head comes whole with
/// it, so that this costs no further read.
const FIRST_READ_BYTES: usize = 2 << 10;

/// A connection that is ready for HTTP.
pub(super) struct Opened {
    pub(super) stream: Stream,
    pub(super) peer: Peer,
    pub(super) http: Http,
}

/// What a peer speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Http {
    /// HTTP/1.1, or something that is refused by it.
    One,
    /// HTTP/2.
    Two,
}

/// Does what comes before HTTP, each part within its time.
pub(super) async fn open(accepted: Accepted, shared: &Shared) -> Result<Opened, OpenError> {
    let Accepted { mut stream, mut peer, tls } = accepted;
    let config = &shared.config;
    if config.proxy.protocol_from.contain(peer.address.ip()) {
        let told = proxy::read(&mut stream, config.limits.header_timeout).await?;
        if let Some(told) = told {
            peer.address = told.source;
            peer.secure = told.secure;
            peer.local = told.destination.map_or(peer.local, |local| local.to_string().into());
        }
    }
    let http = match tls {
        Some(tls) => {
            let settled = tls.accept(stream).await.map_err(OpenError::Tls)?;
            stream = settled.stream;
            peer.certificates = settled.certificates;
            peer.secure = true;
            // Over TLS there is no other way to agree upon it (RFC 9113 §3.2).
            if settled.http2 { Http::Two } else { Http::One }
        }
        None if config.http2.is_spoken() => look(&mut stream, config.limits.header_timeout).await?,
        None => Http::One,
    };
    Ok(Opened { stream, peer, http })
}

/// Sees what the peer begins with.
async fn look(stream: &mut Stream, limit: Duration) -> Result<Http, OpenError> {
    let looked = timeout(limit, async {
        let mut read = BytesMut::with_capacity(FIRST_READ_BYTES);
        let http = loop {
            let ended = stream.read_buf(&mut read).await? == 0;
            match of_beginning(&read) {
                None if ended => break Http::One,
                None => {}
                Some(http) => break http,
            }
        };
        stream.unread(read.freeze());
        Ok(http)
    });
    looked.await.map_err(|_late| OpenError::Silent)?.map_err(OpenError::Lost)
}

/// What a peer speaks that begins with these bytes, where they tell.
fn of_beginning(read: &[u8]) -> Option<Http> {
    if PREFACE.starts_with(read) {
        return (read.len() == PREFACE.len()).then_some(Http::Two);
    }
    Some(if read.starts_with(PREFACE) { Http::Two } else { Http::One })
}

/// Why a connection did not get as far as HTTP. The peer's doing.
#[derive(Debug, thiserror::Error)]
pub(super) enum OpenError {
    /// It broke.
    #[error("it was cut")]
    Lost(#[source] io::Error),
    /// It should have begun with a PROXY header.
    #[error(transparent)]
    Proxy(#[from] ProxyError),
    /// Nothing came, or too slowly.
    #[error("nothing came within limits.header_timeout")]
    Silent,
    /// The TLS handshake failed, or took too long.
    #[error("the TLS handshake failed")]
    Tls(#[source] io::Error),
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tokio::io::AsyncWriteExt as _;
    use tokio::net::UnixStream;

    use super::*;

    #[test]
    fn the_beginning_tells_what_is_spoken() {
        assert_eq!(of_beginning(b""), None);
        assert_eq!(of_beginning(b"P"), None);
        assert_eq!(of_beginning(b"PR"), None);
        assert_eq!(of_beginning(b"PU"), Some(Http::One));
        assert_eq!(of_beginning(b"GET / HTTP/1.1\r\n\r\n"), Some(Http::One));
        assert_eq!(of_beginning(&PREFACE[..23]), None);
        assert_eq!(of_beginning(PREFACE), Some(Http::Two));
        assert_eq!(of_beginning(&[PREFACE, b"\0\0"].concat()), Some(Http::Two));
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_peer_is_not_waited_for() {
        let (one, mut other) = UnixStream::pair().expect("a pair");
        let mut stream = Stream::from(one);
        other.write_all(b"PRI * HTTP").await.expect("there is room");
        let looked = look(&mut stream, Duration::from_secs(1)).await;
        assert!(matches!(looked, Err(OpenError::Silent)), "{looked:?}");
    }

    proptest! {
        /// However the bytes come, what is found is the same, and all of them are still there.
        #[test]
        fn looking_takes_nothing_away(
            preface: bool,
            rest in prop::collection::vec(any::<u8>(), 0..60),
            split in 0_usize..90,
        ) {
            let begin = if preface { PREFACE } else { b"" };
            let bytes = [begin, &rest].concat();
            let (head, tail) = bytes.split_at(split.min(bytes.len()));
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let (http, read) = runtime.expect("a runtime").block_on(async {
                let (one, mut other) = UnixStream::pair().expect("a pair");
                let mut stream = Stream::from(one);
                let write = async {
                    other.write_all(head).await.expect("there is room");
                    tokio::task::yield_now().await;
                    other.write_all(tail).await.expect("there is room");
                    drop(other);
                };
                let limit = Duration::from_secs(60);
                let (http, ()) = tokio::join!(look(&mut stream, limit), write);
                let mut read = Vec::new();
                stream.read_to_end(&mut read).await.expect("all of it");
                (http.expect("in time"), read)
            });
            prop_assert_eq!(read, bytes);
            prop_assert_eq!(http == Http::Two, preface || rest.starts_with(PREFACE));
        }
    }
}
