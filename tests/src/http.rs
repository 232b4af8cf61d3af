//! HTTP requests that do not become a session, and handshakes that are refused.

use std::net::SocketAddr;

use http_body_util::{BodyExt as _, Empty};
use hyper::body::Bytes;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request, client::conn::http1};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::within;

/// The key of the example in RFC 6455 §1.3.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its header fields.
    pub headers: HeaderMap,
    /// Its body.
    pub body: String,
}

impl Answer {
    /// One header field.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// Sends these bytes on a connection of their own and gives all that comes back until its end. For
/// answers that do not wait for the whole request.
///
/// # Panics
///
/// Where the connection does not come to an end.
pub async fn exchange_bytes(address: SocketAddr, request: &str) -> String {
    let mut tcp = TcpStream::connect(address).await.expect("the host listens");
    // It may have answered and gone already.
    let _written = tcp.write_all(request.as_bytes()).await;
    let mut answer = Vec::new();
    // A reset behind the answer ends it as well.
    let _ended = within("the connection's end", tcp.read_to_end(&mut answer)).await;
    String::from_utf8(answer).expect("a text")
}

/// A request that is about to be sent.
#[derive(Clone, Debug)]
pub struct Asking(Request<Empty<Bytes>>);

/// A GET request without any field but `Host`.
///
/// # Panics
///
/// Where the path is none.
#[must_use]
pub fn get(path: &str) -> Asking {
    let mut request = Request::new(Empty::new());
    *request.uri_mut() = path.parse().expect("a path");
    Asking(request)
}

/// A valid opening handshake.
#[must_use]
pub fn handshake(path: &str) -> Asking {
    get(path)
        .with("connection", "Upgrade")
        .with("upgrade", "websocket")
        .with("sec-websocket-version", "13")
        .with("sec-websocket-key", KEY)
}

impl Asking {
    /// Sets a field; one that is there is replaced.
    ///
    /// # Panics
    ///
    /// Where it is no field.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        let value = HeaderValue::from_str(value).expect("a valid field");
        self.0.headers_mut().insert(name_of(name), value);
        self
    }

    /// Adds a field, beside one of the same name that is there.
    ///
    /// # Panics
    ///
    /// Where it is no field.
    #[must_use]
    pub fn and(mut self, name: &str, value: &str) -> Self {
        let value = HeaderValue::from_str(value).expect("a valid field");
        self.0.headers_mut().append(name_of(name), value);
        self
    }

    /// Leaves a field out.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.0.headers_mut().remove(name);
        self
    }

    /// Uses another method.
    #[must_use]
    pub fn method(mut self, method: Method) -> Self {
        *self.0.method_mut() = method;
        self
    }

    /// Sends the request, with `Host` unless it has one, on a connection of its own, and waits for
    /// the answer.
    ///
    /// # Panics
    ///
    /// Where none comes.
    pub async fn send(mut self, address: SocketAddr) -> Answer {
        if !self.0.headers().contains_key(header::HOST) {
            self = self.with("host", &address.to_string());
        }
        let what = format!("the answer to {} {}", self.0.method(), self.0.uri());
        within(&what, async {
            let tcp = TcpStream::connect(address).await.expect("the host listens");
            exchange(tcp, self.0).await
        })
        .await
    }

    /// As [`send`](Self::send), over a connection to somebody who needs to be called no name.
    ///
    /// # Panics
    ///
    /// Where no answer comes.
    pub async fn over(self, io: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Answer {
        let what = format!("the answer to {} {}", self.0.method(), self.0.uri());
        within(&what, exchange(io, self.with("host", "localhost").0)).await
    }
}

async fn exchange(
    io: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    request: Request<Empty<Bytes>>,
) -> Answer {
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(io)).await.expect("HTTP needs no handshake");
    // Ends with the sender, whatever became of the connection.
    tokio::spawn(connection);
    let response = sender.send_request(request).await.expect("an answer");
    let (head, body) = response.into_parts();
    let body = body.collect().await.expect("a whole body").to_bytes();
    let body = String::from_utf8(body.to_vec()).expect("a text");
    Answer { status: head.status.as_u16(), headers: head.headers, body }
}

fn name_of(name: &str) -> HeaderName {
    name.parse().expect("a name of a field")
}
