//! A server that says what a test wants it to.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::task::TaskTracker;

use crate::connect::handshake;

/// What is said to one request.
pub(super) struct Reply {
    text: String,
    /// Whether the connection stays open until something more comes.
    stays: bool,
}

impl Reply {
    /// Says this, and waits for more.
    pub(super) fn open<const N: usize>(parts: [String; N]) -> Self {
        Self { text: parts.concat(), stays: true }
    }

    /// Says this, and nothing more for longer than anybody waits: from now on time passes when
    /// nothing else happens.
    pub(super) fn slow(text: &str) -> Self {
        tokio::time::pause();
        Self { text: text.to_owned(), stays: true }
    }

    /// Says this, and ends the connection.
    pub(super) fn ended(text: &str) -> Self {
        Self { text: text.to_owned(), stays: false }
    }
}

/// The server, for as long as the test runs.
pub(super) struct Server {
    address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Answers each request by its head.
    pub(super) async fn start(answer: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("bound");
        let heads = Arc::new(Mutex::new(Vec::new()));
        let (seen, answer) = (Arc::clone(&heads), Arc::new(answer));
        let tasks = TaskTracker::new();
        let connections = tasks.clone();
        tasks.spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                let (seen, answer) = (Arc::clone(&seen), Arc::clone(&answer));
                connections.spawn(serve(tcp, seen, answer));
            }
        });
        Self { address, heads }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("ws://{}{path}", self.address)
    }

    /// The heads of all requests so far.
    pub(super) fn heads(&self) -> Vec<String> {
        self.heads.lock().expect("not poisoned").clone()
    }
}

async fn serve(
    mut tcp: TcpStream,
    seen: Arc<Mutex<Vec<String>>>,
    answer: Arc<impl Fn(&str) -> Reply>,
) {
    let Some(head) = read_head(&mut tcp).await else { return };
    seen.lock().expect("not poisoned").push(head.clone());
    let reply = answer(&head);
    // A client that has seen enough may be gone.
    let _written = tcp.write_all(reply.text.as_bytes()).await;
    if reply.stays {
        let _more = tcp.read(&mut [0; 16]).await;
    }
}

/// A head with the empty line behind it; nothing where the connection ends before.
pub(super) async fn read_head(tcp: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(tcp.read_u8().await.ok()?);
    }
    String::from_utf8(head).ok()
}

/// The key in a request's head.
pub(super) fn key_of(head: &str) -> &str {
    let mut lines = head.lines();
    lines.find_map(|line| line.strip_prefix("sec-websocket-key: ")).expect("a key")
}

/// The head of an answer that opens a WebSocket, with these lines in it and without its end. An
/// `Accept` among them takes the place of the right one.
pub(super) fn accepting(head: &str, lines: &str) -> String {
    let accept = format!("sec-websocket-accept: {}\r\n", handshake::accept(key_of(head)));
    let accept = if lines.contains("sec-websocket-accept") { "" } else { &accept };
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\
         {accept}{lines}"
    )
}
