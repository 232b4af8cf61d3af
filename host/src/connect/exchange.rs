//! One request over a connection of its own, and what comes back: an answer, or the connection.

use std::pin::{Pin, pin};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::http::response::Parts;
use hyper::{Method, Request, Response, StatusCode, upgrade};
use hyper_util::rt::TokioIo;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, timeout_at};

use super::answer::{Answer, BODY_EXCERPT_BYTES_MAX};

/// The longest head of an answer, in bytes, the heads of interim ones (1xx) left aside. Some
/// proxies add a lot; a head that is longer than this belongs to an attack.
pub const ANSWER_HEAD_BYTES_MAX: usize = 16 << 10;

/// The most header fields of an answer.
pub const ANSWER_HEADERS_MAX: usize = 100;

/// How long the body of an answer is waited for that opens no connection: it comes with the head,
/// or is not worth it.
const BODY_TIMEOUT: Duration = Duration::from_secs(1);

/// What came of a request.
pub(super) enum Exchanged<IO> {
    /// The connection speaks something else now.
    Upgraded {
        head: Parts,
        io: IO,
        /// What was read behind the head.
        already_read: Bytes,
    },
    /// It does not.
    Answered(Answered),
}

/// Sends a request and waits for the head of its answer, and for the connection where that is an
/// upgrade.
pub(super) async fn exchange<IO>(
    io: IO,
    request: Request<Empty<Bytes>>,
) -> Result<Exchanged<IO>, ExchangeError>
where
    IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut http = http1::Builder::new();
    http.max_buf_size(ANSWER_HEAD_BYTES_MAX).max_headers(ANSWER_HEADERS_MAX);
    let is_connect = request.method() == Method::CONNECT;
    let (mut sender, connection) = http.handshake(TokioIo::new(io)).await?;
    let mut carrier = Carrier { connection: Box::pin(connection.with_upgrades()), is_over: false };
    let mut response = carrier.carry(sender.send_request(request)).await?;
    let status = response.status();
    if status != StatusCode::SWITCHING_PROTOCOLS && !(is_connect && status.is_success()) {
        return Ok(Exchanged::Answered(Answered { response, carrier }));
    }
    let upgraded = carrier.carry(upgrade::on(&mut response)).await?;
    let upgrade::Parts { io, read_buf, .. } =
        upgraded.downcast::<TokioIo<IO>>().map_err(|_| ExchangeError::Strange)?;
    let (head, _empty) = response.into_parts();
    Ok(Exchanged::Upgraded { head, io: io.into_inner(), already_read: read_buf })
}

/// An answer of which the body has not been read.
pub(super) struct Answered {
    response: Response<Incoming>,
    carrier: Carrier,
}

impl Answered {
    /// Its status and fields.
    pub(super) fn head(&self) -> &Response<Incoming> {
        &self.response
    }

    /// The answer with what comes of its body in [`BODY_TIMEOUT`], and not after `until`.
    pub(super) async fn read(self, until: Instant) -> Answer {
        let Self { response, mut carrier } = self;
        let (head, mut incoming) = response.into_parts();
        let mut body = BytesMut::new();
        let reading = carrier.carry(async {
            while body.len() < BODY_EXCERPT_BYTES_MAX
                && let Some(Ok(frame)) = incoming.frame().await
            {
                let data = frame.into_data().unwrap_or_default();
                let room = BODY_EXCERPT_BYTES_MAX - body.len();
                body.extend_from_slice(&data[..data.len().min(room)]);
            }
        });
        // What has come by then is what there is to show.
        let _in_time = timeout_at(until.min(Instant::now() + BODY_TIMEOUT), reading).await;
        Answer { status: head.status, headers: head.headers, body: body.freeze() }
    }
}

/// A connection that is driven by whoever waits for something of it, so that it needs no task.
struct Carrier {
    connection: Pin<Box<dyn Future<Output = hyper::Result<()>> + Send>>,
    is_over: bool,
}

impl Carrier {
    /// Waits for something that the connection brings. What becomes of the connection is told
    /// there.
    async fn carry<F: Future>(&mut self, wanted: F) -> F::Output {
        let mut wanted = pin!(wanted);
        loop {
            tokio::select! {
                biased;
                output = &mut wanted => return output,
                _ = &mut self.connection, if !self.is_over => self.is_over = true,
            }
        }
    }
}

/// Why there is no answer. The server is at fault, or the network.
#[derive(Debug, Error)]
pub enum ExchangeError {
    /// It is not HTTP/1.1.
    #[error("what came is no answer of HTTP/1.1")]
    Malformed(#[source] hyper::Error),
    /// The connection ended or broke before there was one.
    #[error("the connection broke before an answer came")]
    Lost(#[source] hyper::Error),
    /// The library gives another connection back than it was given.
    #[error("the connection was lost in the upgrade, which is a fault of this host")]
    Strange,
    /// A head above [`ANSWER_HEAD_BYTES_MAX`] or [`ANSWER_HEADERS_MAX`].
    #[error(
        "the answer's head has more than {ANSWER_HEAD_BYTES_MAX} bytes or {ANSWER_HEADERS_MAX} \
         fields"
    )]
    TooLarge,
}

impl From<hyper::Error> for ExchangeError {
    fn from(error: hyper::Error) -> Self {
        if error.is_parse_too_large() {
            Self::TooLarge
        } else if error.is_parse() {
            Self::Malformed(error)
        } else {
            Self::Lost(error)
        }
    }
}
