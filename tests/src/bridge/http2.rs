//! HTTP/1.1 in, a stream of HTTP/2 out: the opening handshake becomes an extended CONNECT (RFC
//! 8441 §5), and what follows it is the payload of DATA frames.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;

use h2::client::{ResponseFuture, SendRequest};
use h2::ext::Protocol;
use h2::{Ping, Reason, RecvStream, SendStream};
use hyper::body::Bytes;
use hyper::http::uri::Uri;
use hyper::{Method, Request, Response};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio_rustls::TlsConnector;

use super::head::Head;
use crate::{Certificate, within};

/// How much is carried at once, in bytes: the payload of a frame at most, as long as the host does
/// not ask for larger ones (RFC 9113 §4.2).
const CHUNK_BYTES: usize = 16 * 1024;

/// The fields of a handshake that are a connection's own, or that HTTP/2 says otherwise (RFC 8441
/// §5, RFC 9113 §8.2.2).
const NOT_CARRIED: [&str; 4] = ["connection", "upgrade", "host", "sec-websocket-key"];

/// The one connection that all streams are on. Where it ends, no client is served any more.
pub(super) struct Upstream {
    host: SocketAddr,
    requests: SendRequest<Bytes>,
}

impl Upstream {
    /// Connects, and waits until the host has said that it knows extended CONNECT.
    pub(super) async fn connect(host: SocketAddr, certificate: &Certificate) -> Self {
        let tcp = TcpStream::connect(host).await.expect("the host listens");
        tcp.set_nodelay(true).expect("a socket");
        let connector = TlsConnector::from(certificate.client_config(&["h2"]));
        let tls = connector.connect(Certificate::server_name(), tcp);
        let tls = within("the TLS handshake", tls).await.expect("the host speaks TLS");
        let chosen = tls.get_ref().1.alpn_protocol();
        assert_eq!(chosen, Some(&b"h2"[..]), "the host has not chosen HTTP/2");
        let (requests, mut connection) =
            within("the connection's preface", h2::client::handshake(tls))
                .await
                .expect("the host speaks HTTP/2");
        let mut pings = connection.ping_pong().expect("nobody else has it");
        tokio::spawn(connection);
        // A server's settings are the first that it sends (RFC 9113 §3.4), so they have come when
        // an answer has.
        within("the host's settings", pings.ping(Ping::opaque())).await.expect("an answer");
        let known = requests.is_extended_connect_protocol_enabled();
        assert!(known, "the host has not set SETTINGS_ENABLE_CONNECT_PROTOCOL");
        Self { host, requests }
    }

    /// Carries one client on a stream of its own, until both directions have ended.
    pub(super) async fn carry(&self, mut client: TcpStream) -> io::Result<()> {
        client.set_nodelay(true)?;
        let head = Head::read(&mut client).await?;
        let mut requests = self.requests.clone().ready().await.map_err(io::Error::other)?;
        let (response, sender) =
            requests.send_request(self.request(&head)?, false).map_err(io::Error::other)?;
        let Some(response) = accepted(&mut client, response).await? else {
            return Ok(());
        };
        head.accept(&mut client, &fields(&response)).await?;
        let (reads, writes) = client.into_split();
        tokio::try_join!(up(reads, sender), down(response.into_body(), writes))?;
        Ok(())
    }

    fn request(&self, head: &Head) -> io::Result<Request<()>> {
        let uri = Uri::builder()
            .scheme("https")
            .authority(self.host.to_string())
            .path_and_query(head.target.as_str())
            .build()
            .map_err(io::Error::other)?;
        let mut request = Request::builder().method(Method::CONNECT).uri(uri);
        for (name, value) in &head.fields {
            if !NOT_CARRIED.contains(&name.as_str()) {
                request = request.header(name, value);
            }
        }
        let protocol = Protocol::from_static("websocket");
        request.extension(protocol).body(()).map_err(io::Error::other)
    }
}

/// The answer where it accepts (RFC 8441 §5: 200); any other is told to the client.
async fn accepted(
    client: &mut TcpStream,
    response: ResponseFuture,
) -> io::Result<Option<Response<RecvStream>>> {
    let response = response.await.map_err(io::Error::other)?;
    if response.status() == 200 {
        return Ok(Some(response));
    }
    Head::refuse(client, response.status().as_u16()).await?;
    Ok(None)
}

/// What was negotiated.
fn fields(response: &Response<RecvStream>) -> Vec<(String, String)> {
    let negotiated = ["sec-websocket-extensions", "sec-websocket-protocol"];
    let fields = response.headers().iter();
    fields
        .filter(|(name, _)| negotiated.contains(&name.as_str()))
        .map(|(name, value)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        })
        .collect()
}

/// From the client to the host. An end is told as an end, and a reset as a reset (RFC 8441 §5).
async fn up(mut client: OwnedReadHalf, mut stream: SendStream<Bytes>) -> io::Result<()> {
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let read = match client.read(&mut chunk).await {
            Ok(read) => read,
            Err(error) => {
                stream.send_reset(Reason::CANCEL);
                return Err(error);
            }
        };
        if read == 0 {
            return stream.send_data(Bytes::new(), true).map_err(io::Error::other);
        }
        send(&mut stream, Bytes::copy_from_slice(&chunk[..read])).await?;
    }
}

/// Sends as the host's windows allow.
pub(super) async fn send(stream: &mut SendStream<Bytes>, mut chunk: Bytes) -> io::Result<()> {
    while !chunk.is_empty() {
        stream.reserve_capacity(chunk.len());
        let granted = poll_fn(|context| stream.poll_capacity(context)).await;
        let granted = granted.ok_or(io::ErrorKind::BrokenPipe)?.map_err(io::Error::other)?;
        let now = chunk.split_to(granted.min(chunk.len()));
        if !now.is_empty() {
            stream.send_data(now, false).map_err(io::Error::other)?;
        }
    }
    Ok(())
}

/// From the host to the client. The window is given back when the client has taken what came.
async fn down(mut stream: RecvStream, mut client: OwnedWriteHalf) -> io::Result<()> {
    while let Some(chunk) = stream.data().await {
        let chunk = chunk.map_err(io::Error::other)?;
        client.write_all(&chunk).await?;
        stream.flow_control().release_capacity(chunk.len()).map_err(io::Error::other)?;
    }
    client.shutdown().await
}
