//! HTTP/1.1 in, a stream of HTTP/2 out: the opening handshake becomes an extended CONNECT (RFC
//! 8441 §5), and what follows it is the payload of DATA frames.

use std::io;
use std::net::SocketAddr;

use hyper::header::HeaderMap;
use tokio::io::copy_bidirectional;
use tokio::net::TcpStream;

use super::head::Head;
use crate::Http2;
use crate::tls::{Authority, TlsClient, spoken};

/// The fields of a handshake that are a connection's own, or that HTTP/2 says otherwise (RFC 8441
/// §5, RFC 9113 §8.2.2).
const NOT_CARRIED: [&str; 4] = ["connection", "upgrade", "host", "sec-websocket-key"];

/// The fields of an answer that say what was negotiated.
const NEGOTIATED: [&str; 2] = ["sec-websocket-extensions", "sec-websocket-protocol"];

/// The one connection that all streams are on. Where it ends, no client is served any more.
pub(super) struct Upstream(Http2);

impl Upstream {
    /// Connects, and waits until the host has said that it knows extended CONNECT.
    pub(super) async fn connect(host: SocketAddr, authority: &Authority) -> Self {
        let client = TlsClient::trusting(authority).speaking(&["h2"]);
        let tls = client.connect(host).await.expect("the host speaks TLS");
        assert_eq!(spoken(&tls), Some("h2"), "the host has not chosen HTTP/2");
        Self(Http2::over(tls, &format!("https://{host}")).await)
    }

    /// Carries one client on a stream of its own, until both directions have ended. One that is
    /// given up resets its stream as it is dropped (RFC 8441 §5).
    pub(super) async fn carry(&self, mut client: TcpStream) -> io::Result<()> {
        client.set_nodelay(true)?;
        let head = Head::read(&mut client).await?;
        let fields = head.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let fields: Vec<_> = fields.filter(|(name, _)| !NOT_CARRIED.contains(name)).collect();
        match self.0.try_stream(self.0.handshake(&head.target, &fields)).await {
            Ok((answer, mut stream)) => {
                head.accept(&mut client, &negotiated(answer.headers())).await?;
                copy_bidirectional(&mut client, &mut stream).await?;
                Ok(())
            }
            Err(answer) => Head::refuse(&mut client, answer.status).await,
        }
    }
}

fn negotiated(fields: &HeaderMap) -> Vec<(String, String)> {
    let fields = fields.iter().filter(|(name, _)| NEGOTIATED.contains(&name.as_str()));
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    fields.map(|(name, value)| (name.as_str().to_owned(), text(value.as_bytes()))).collect()
}
