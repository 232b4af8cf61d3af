//! An HTTP/2 client that is not the host's own (the crate `h2`), and WebSockets over it (RFC 8441).

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use h2::client::SendRequest;
use h2::ext::Protocol;
use h2::{Ping, RecvStream, SendStream};
use hyper::body::Bytes;
use hyper::{Method, Request, Response, Version};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::task::JoinHandle;

use crate::http::Answer;
use crate::{Client, within};

/// How many bytes may come before any is read, over all streams of a connection.
const CONNECTION_WINDOW: u32 = 16 << 20;

/// A connection.
#[derive(Debug)]
pub struct Http2 {
    sender: SendRequest<Bytes>,
    connection: JoinHandle<Result<(), h2::Error>>,
    origin: String,
}

impl Http2 {
    /// Begins to speak over a stream; `origin` is the scheme and the authority of what is asked
    /// for. Waits for the host's settings.
    ///
    /// # Panics
    ///
    /// Where the host does not speak HTTP/2, or does not let WebSockets come over it.
    pub async fn over<IO>(io: IO, origin: &str) -> Self
    where
        IO: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let mut client = h2::client::Builder::new();
        // The default is that of one stream, and one that a test does not read would stop all.
        client.initial_connection_window_size(CONNECTION_WINDOW);
        let (sender, mut connection) = client.handshake(io).await.expect("nothing to fail yet");
        let mut pings = connection.ping_pong().expect("nobody else has it");
        let connection = tokio::spawn(connection);
        // A server's settings are the first that it sends (RFC 9113 §3.4), so they have come when
        // an answer has.
        let answer = within("the host's settings", pings.ping(Ping::opaque())).await;
        answer.expect("HTTP/2 is spoken");
        assert!(sender.is_extended_connect_protocol_enabled(), "RFC 8441 is not spoken");
        Self { sender, connection, origin: origin.to_owned() }
    }

    /// Asks for something by GET.
    pub async fn get(&self, path: &str) -> Answer {
        let request = self.request(Method::GET, path);
        self.send(request.body(()).expect("a request")).await
    }

    /// Asks, and gives the whole answer.
    ///
    /// # Panics
    ///
    /// Where none comes.
    pub async fn send(&self, request: Request<()>) -> Answer {
        let (head, body, _) = self.begin(request, true).await;
        answer(head, body).await
    }

    /// A request of this kind, for more to be added.
    pub fn request(&self, method: Method, path: &str) -> hyper::http::request::Builder {
        let uri = format!("{}{path}", self.origin);
        Request::builder().method(method).uri(uri).version(Version::HTTP_2)
    }

    /// An extended CONNECT to this path, with these header fields.
    ///
    /// # Panics
    ///
    /// Where it is none.
    #[must_use]
    pub fn handshake(&self, path: &str, headers: &[(&str, &str)]) -> Request<()> {
        let mut request = self.request(Method::CONNECT, path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.extension(Protocol::from_static("websocket")).body(()).expect("a request")
    }

    /// A session at this path, on a stream of its own.
    ///
    /// # Panics
    ///
    /// Where it is refused.
    pub async fn open(&self, path: &str) -> Client<Http2Stream> {
        match self.try_open(path, &[]).await {
            Ok(client) => client,
            Err(answer) => panic!("no session at {path}: {answer:?}"),
        }
    }

    /// A session at this path.
    ///
    /// # Errors
    ///
    /// The answer that refuses it.
    pub async fn try_open(
        &self,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Result<Client<Http2Stream>, Answer> {
        let (head, stream) = self.try_stream(self.handshake(path, headers)).await?;
        Ok(Client::adopt(stream, head.map(|()| None)).await)
    }

    /// A stream that a handshake has opened, and the answer to that.
    pub(crate) async fn try_stream(
        &self,
        handshake: Request<()>,
    ) -> Result<(Response<()>, Http2Stream), Answer> {
        let (head, body, sender) = self.begin(handshake, false).await;
        if head.status() == 200 {
            return Ok((head, Http2Stream::new(sender, body)));
        }
        Err(answer(head, body).await)
    }

    /// Waits until the host has ended the connection, in good order.
    ///
    /// # Panics
    ///
    /// Where it does not, or otherwise.
    pub async fn ended(self) {
        let Self { sender, connection, .. } = self;
        // While there is one the connection is kept.
        drop(sender);
        let ended = within("the connection to end", connection).await.expect("no panic");
        // The last word of a client comes after the host's, which may have hung up by then.
        let is_unheard = |error: &h2::Error| {
            error.get_io().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
        };
        if let Err(error) = ended {
            assert!(is_unheard(&error), "no end in good order: {error}");
        }
    }

    /// As [`ended`](Self::ended), while the client would still ask.
    ///
    /// # Panics
    ///
    /// Where the host does not end it.
    pub async fn ended_by_host(self) {
        let _kept = self.sender;
        let _ended = within("the host to end it", self.connection).await.expect("no panic");
    }

    async fn begin(
        &self,
        request: Request<()>,
        whole: bool,
    ) -> (Response<()>, RecvStream, SendStream<Bytes>) {
        let what = format!("the answer to {} {}", request.method(), request.uri());
        let answered = within(&what, async {
            let mut sender = self.sender.clone().ready().await?;
            let (response, sender) = sender.send_request(request, whole)?;
            Ok::<_, h2::Error>((response.await?, sender))
        });
        let (response, sender) = answered.await.unwrap_or_else(|error| panic!("{what}: {error}"));
        let (head, body) = response.into_parts();
        (Response::from_parts(head, ()), body, sender)
    }
}

async fn answer(head: Response<()>, mut body: RecvStream) -> Answer {
    let mut bytes = Vec::new();
    while let Some(part) = within("the answer's body", body.data()).await {
        let part = part.expect("a whole body");
        body.flow_control().release_capacity(part.len()).expect("it was taken");
        bytes.extend_from_slice(&part);
    }
    let (head, ()) = head.into_parts();
    let body = String::from_utf8(bytes).expect("a text");
    Answer { status: head.status.as_u16(), headers: head.headers, body }
}

/// One stream of a connection, as a client reads and writes it.
#[derive(Debug)]
pub struct Http2Stream {
    sender: SendStream<Bytes>,
    body: RecvStream,
    read: Bytes,
}

impl Http2Stream {
    pub(crate) fn new(sender: SendStream<Bytes>, body: RecvStream) -> Self {
        Self { sender, body, read: Bytes::new() }
    }
}

impl AsyncRead for Http2Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        while self.read.is_empty() {
            match ready!(self.body.poll_data(cx)) {
                Some(data) => self.read = data.map_err(io::Error::other)?,
                None => return Poll::Ready(Ok(())),
            }
        }
        let length = self.read.len().min(buf.remaining());
        buf.put_slice(&self.read.split_to(length));
        let released = self.body.flow_control().release_capacity(length);
        Poll::Ready(released.map_err(io::Error::other))
    }
}

impl AsyncWrite for Http2Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.sender.reserve_capacity(buf.len());
        // Room for nothing may be told as well, and to have written nothing would be an end.
        let mut room = 0;
        while room == 0 {
            room = match ready!(self.sender.poll_capacity(cx)) {
                Some(room) => room.map_err(io::Error::other)?,
                None => return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
            };
        }
        let length = room.min(buf.len());
        let sent = self.sender.send_data(Bytes::copy_from_slice(&buf[..length]), false);
        Poll::Ready(sent.map(|()| length).map_err(io::Error::other))
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let sent = self.sender.send_data(Bytes::new(), true);
        Poll::Ready(sent.map_err(io::Error::other))
    }
}
