//! The client's role: from a URL to an open connection (RFC 6455 §4.1).
//!
//! [`connect`] looks up the host, goes through a proxy and TLS where it is to, does the opening
//! handshake over HTTP/1.1 and follows redirects. What it gives is for
//! [`Connection`](crate::connection::Connection).

mod answer;
mod dial;
mod error;
mod exchange;
mod handshake;
mod lookup;
mod observer;
mod proxy;
mod reach;
mod redirect;
mod request;
#[cfg(test)]
mod tests;
mod tls;
mod websocket_url;

use std::net::SocketAddr;

use bytes::Bytes;
use hyper::StatusCode;
use hyper::header::HeaderMap;
use hyper::http::response::Parts;
use sockhop_wire::deflate::Agreed;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

pub use self::answer::{Answer, BODY_EXCERPT_BYTES_MAX};
pub use self::dial::{ADDRESSES_MAX, DialError};
pub use self::error::{ConnectError, Phase};
pub use self::exchange::{ANSWER_HEAD_BYTES_MAX, ANSWER_HEADERS_MAX, ExchangeError};
pub use self::handshake::AnswerFault;
pub use self::lookup::{LOOKUPS_MAX, Lookups};
pub use self::observer::Observer;
pub use self::proxy::{Proxy, ProxyUrlError};
pub use self::reach::{Gate, Reach};
pub use self::redirect::RedirectError;
pub use self::request::{
    CONNECT_TIMEOUT, CONNECT_TIMEOUT_MAX, ConnectRequest, HEADER_BYTES_MAX, HEADERS_MAX, REDIRECTS,
    RequestError, SUBPROTOCOLS_MAX,
};
pub use self::tls::{
    ClientStream, ClientTls, ClientTlsError, SecureError, TlsIdentity, TlsProfile,
};
pub use self::websocket_url::{URL_BYTES_MAX, UrlError, WebSocketUrl};

use self::exchange::{Answered, Exchanged, exchange};
use self::handshake::{Agreement, Offer};

/// An open connection of which nothing has been said yet.
#[derive(Debug)]
pub struct Connected {
    /// Where it leads, after redirects.
    pub url: WebSocketUrl,
    /// The connection.
    pub stream: ClientStream,
    /// What was read behind the handshake: the first to be read.
    pub already_read: Bytes,
    /// The status of the answer, 101.
    pub status: StatusCode,
    /// The header fields of the answer.
    pub headers: HeaderMap,
    /// The subprotocol that the server has chosen.
    pub subprotocol: Option<String>,
    /// What was agreed about permessage-deflate, for either direction; without it messages go
    /// uncompressed.
    pub deflate: Option<Agreed>,
    /// The address of the server, or of the proxy.
    pub peer: SocketAddr,
    /// This side's address.
    pub local: SocketAddr,
}

/// Opens a connection. `observer` sees what is asked and answered on the way, redirects included.
///
/// # Errors
/// [`ConnectError`]; nothing is left open then.
///
/// # Cancellation
/// Dropping the future gives it up, and drops what was open.
pub async fn connect(
    request: &ConnectRequest,
    observer: &dyn Observer,
) -> Result<Connected, ConnectError> {
    request.check()?;
    let mut attempt = Attempt {
        request,
        observer,
        until: Instant::now() + request.timeout.min(CONNECT_TIMEOUT_MAX),
        url: request.url.clone(),
        headers: request.headers.clone(),
    };
    let mut followed = 0;
    loop {
        let answered = match attempt.run().await? {
            Outcome::Open(connected) => return Ok(*connected),
            Outcome::Answered(answered) => answered,
        };
        let head = answered.head();
        let target = match request.redirects {
            0 => Ok(None),
            _ => redirect::target(&attempt.url, head.status(), head.headers()),
        };
        if followed < request.redirects
            && let Ok(Some(target)) = target
        {
            attempt.follow(target);
            followed += 1;
            continue;
        }
        let answer = Box::new(answered.read(attempt.until).await);
        return Err(match target {
            Ok(None) => ConnectError::Refused { answer },
            Ok(Some(_)) => ConnectError::TooManyRedirects { answer, followed },
            Err(source) => ConnectError::BadRedirect { answer, source },
        });
    }
}

/// One way to a server, from nothing to an answer.
struct Attempt<'a> {
    request: &'a ConnectRequest,
    observer: &'a dyn Observer,
    until: Instant,
    url: WebSocketUrl,
    headers: HeaderMap,
}

/// What came of it.
enum Outcome {
    Open(Box<Connected>),
    Answered(Answered),
}

impl Attempt<'_> {
    async fn run(&self) -> Result<Outcome, ConnectError> {
        let Some(reach) = self.request.gate.reach(&self.url) else {
            return Err(ConnectError::NotAllowed { url: self.url.clone() });
        };
        let tcp = self.reach(reach).await?;
        let lost = |source| ConnectError::Unreachable(DialError::Lost(source));
        let ends = (tcp.peer_addr().map_err(lost)?, tcp.local_addr().map_err(lost)?);
        let stream = if self.url.is_secure() {
            let encrypted = self.request.tls.encrypt(tcp, self.url.host());
            self.in_time(Phase::Tls, async { encrypted.await.map_err(ConnectError::from) }).await?
        } else {
            ClientStream::Left(tcp)
        };
        let offer = Offer {
            url: &self.url,
            headers: &self.headers,
            subprotocols: &self.request.subprotocols,
            deflate: self.request.deflate.as_ref(),
            key: handshake::fresh_key().map_err(ConnectError::NoRandomNumbers)?,
        };
        let asked = offer.request().map_err(ConnectError::Unwritable)?;
        self.observer.asked(&self.url, asked.uri(), asked.headers());
        let exchanged = async { exchange(stream, asked).await.map_err(ConnectError::Exchange) };
        match self.in_time(Phase::Answer, exchanged).await? {
            Exchanged::Answered(answered) => {
                let head = answered.head();
                self.observer.answered(head.status(), head.headers());
                Ok(Outcome::Answered(answered))
            }
            Exchanged::Upgraded { head, io, already_read } => {
                self.observer.answered(head.status, &head.headers);
                let connected = self.agree(&offer, head, io, already_read, ends)?;
                Ok(Outcome::Open(Box::new(connected)))
            }
        }
    }

    /// Holds an answer that opens a connection against what was offered.
    fn agree(
        &self,
        offer: &Offer<'_>,
        head: Parts,
        stream: ClientStream,
        already_read: Bytes,
        (peer, local): (SocketAddr, SocketAddr),
    ) -> Result<Connected, ConnectError> {
        let Parts { status, version, headers, .. } = head;
        match offer.check(version, &headers) {
            Ok(Agreement { subprotocol, deflate }) => Ok(Connected {
                url: self.url.clone(),
                stream,
                already_read,
                status,
                headers,
                subprotocol,
                deflate,
                peer,
                local,
            }),
            Err(source) => {
                let answer = Box::new(Answer { status, headers, body: Bytes::new() });
                Err(ConnectError::BadAnswer { answer, source })
            }
        }
    }

    /// Connects to the server, or to the proxy and by it to the server. What a name stands for is
    /// the proxy's to find then, and whether it may be reached.
    async fn reach(&self, reach: Reach) -> Result<TcpStream, ConnectError> {
        let (lookups, until) = (&self.request.lookups, self.until);
        let Some(proxy) = &self.request.proxy else {
            let dialled = dial::dial(self.url.host(), self.url.port(), reach, lookups, until);
            let dialled = async { dialled.await.map_err(ConnectError::Unreachable) };
            return self.in_time(Phase::Dial, dialled).await;
        };
        let anywhere = Reach::Anywhere;
        let dialled = dial::dial(proxy.host(), proxy.port(), anywhere, lookups, until);
        let dialled = async { dialled.await.map_err(ConnectError::ProxyUnreachable) };
        let tcp = self.in_time(Phase::ProxyDial, dialled).await?;
        let asked = proxy.request(&self.url).map_err(ConnectError::Unwritable)?;
        let exchanged = async { exchange(tcp, asked).await.map_err(ConnectError::ProxyExchange) };
        match self.in_time(Phase::Tunnel, exchanged).await? {
            // Neither TLS nor HTTP lets the server speak first.
            Exchanged::Upgraded { already_read, .. } if !already_read.is_empty() => {
                Err(ConnectError::ProxySpoke { bytes: already_read.len() })
            }
            Exchanged::Upgraded { io, .. } => Ok(io),
            Exchanged::Answered(answered) => {
                let answer = Box::new(answered.read(self.until).await);
                Err(ConnectError::ProxyRefused { answer })
            }
        }
    }

    /// Goes on at another place.
    fn follow(&mut self, target: WebSocketUrl) {
        if !target.is_of_origin(&self.url) {
            redirect::drop_credentials(&mut self.headers);
        }
        self.url = target;
    }

    async fn in_time<T>(
        &self,
        during: Phase,
        step: impl Future<Output = Result<T, ConnectError>>,
    ) -> Result<T, ConnectError> {
        match timeout_at(self.until, step).await {
            Ok(done) => done,
            Err(_late) => Err(ConnectError::Timeout { limit: self.request.timeout, during }),
        }
    }
}
