//! A served admin API, and requests of every kind to it.

use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{
    Method, Request, Response,
    client::conn::http1,
    header::{AUTHORIZATION, HOST},
    http::request::Builder,
};
use hyper_util::rt::TokioIo;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpStream, UnixStream},
    task::JoinHandle,
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use super::fake::FakeHost;
use crate::{
    admin::{AdminClient, AdminServer, limits::Limits},
    config::{AdminAccess, AdminAddress},
};

/// The token of every server here.
pub(super) const TOKEN: &str = "0123456789abcdef";

/// How long anything here may take: long enough for a loaded machine, so that only what would
/// never end does not end in time.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// An admin API that is served, until this is dropped.
pub(super) struct Served {
    pub(super) address: AdminAddress,
    pub(super) host: Arc<FakeHost>,
    pub(super) shutdown: CancellationToken,
    pub(super) task: JoinHandle<()>,
}

impl Served {
    /// Serves at a port of the system's choice.
    pub(super) async fn start() -> Self {
        Self::with_limits(Limits::default()).await
    }

    pub(super) async fn with_limits(limits: Limits) -> Self {
        Self::at(&"127.0.0.1:0".parse().unwrap(), limits).await
    }

    pub(super) async fn at(address: &AdminAddress, limits: Limits) -> Self {
        let server = AdminServer::bind(address).await.unwrap().with_limits(limits);
        let (host, shutdown) = (FakeHost::new(), CancellationToken::new());
        let address = server.bound();
        let token = TOKEN.parse().unwrap();
        let task = tokio::spawn(server.serve(host.clone(), token, shutdown.clone()));
        Self { address, host, shutdown, task }
    }

    pub(super) fn client(&self) -> AdminClient {
        client(&self.address, TOKEN)
    }

    pub(super) fn tcp(&self) -> SocketAddr {
        match &self.address {
            AdminAddress::Tcp(address) => *address,
            AdminAddress::Unix(_) => panic!("not at a port"),
        }
    }

    /// Sends a request with the token and gives its answer, whole.
    pub(super) async fn ask(&self, method: Method, path: &str, body: &str) -> Response<Bytes> {
        let request = self.request(method, path);
        self.send(request.body(Full::from(body.to_owned())).unwrap()).await
    }

    /// A request with the token. A component is announced, where a body may come.
    pub(super) fn request(&self, method: Method, path: &str) -> Builder {
        let is_put = method == Method::PUT;
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, "localhost")
            .header(AUTHORIZATION, format!("Bearer {TOKEN}"));
        if is_put { request.header("content-type", "application/wasm") } else { request }
    }

    /// Sends a request as it is and gives its answer, whole.
    pub(super) async fn send(&self, request: Request<Full<Bytes>>) -> Response<Bytes> {
        let (parts, body) = self.begin(request).await.into_parts();
        let body = timeout(PATIENCE, body.collect()).await.unwrap().unwrap();
        Response::from_parts(parts, body.to_bytes())
    }

    /// Sends a request as it is and gives the head of its answer.
    pub(super) async fn begin(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Response<hyper::body::Incoming> {
        let mut sender = match &self.address {
            AdminAddress::Tcp(address) => {
                let stream = TokioIo::new(TcpStream::connect(address).await.unwrap());
                let (sender, connection) = http1::handshake(stream).await.unwrap();
                tokio::spawn(connection);
                sender
            }
            AdminAddress::Unix(path) => {
                let stream = TokioIo::new(UnixStream::connect(path).await.unwrap());
                let (sender, connection) = http1::handshake(stream).await.unwrap();
                tokio::spawn(connection);
                sender
            }
        };
        timeout(PATIENCE, sender.send_request(request)).await.unwrap().unwrap()
    }

    /// Sends bytes as they are, and gives all that comes until the server closes.
    pub(super) async fn raw(&self, bytes: &str) -> String {
        let mut stream = TcpStream::connect(self.tcp()).await.unwrap();
        stream.write_all(bytes.as_bytes()).await.unwrap();
        let mut answer = String::new();
        timeout(PATIENCE, stream.read_to_string(&mut answer)).await.unwrap().unwrap();
        answer
    }

    /// Ends the server, and waits until it has ended.
    pub(super) async fn stop(self) {
        self.shutdown.cancel();
        timeout(PATIENCE, self.task).await.unwrap().unwrap();
    }
}

pub(super) fn client(address: &AdminAddress, token: &str) -> AdminClient {
    AdminClient::new(AdminAccess { address: address.clone(), token: token.parse().unwrap() })
}

/// A path for a socket, in a folder that does not exist yet.
pub(super) fn socket() -> (TempDir, PathBuf, AdminAddress) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/admin.sock");
    let address = AdminAddress::unix(&path).unwrap();
    (folder, path, address)
}

/// The code of an error's body.
pub(super) fn code(response: &Response<Bytes>) -> String {
    let body: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
    body["error"]["code"].as_str().unwrap().to_owned()
}
