//! A tap in a line: it passes on what goes over connections, and keeps how they began.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

/// How much of each way is kept. A head of these peers is some hundred bytes.
const KEPT_BYTES_MAX: usize = 4096;

/// One way of a connection.
#[derive(Clone, Debug, Default)]
pub(crate) struct Way {
    beginning: Vec<u8>,
    /// How many bytes have gone over it.
    pub(crate) bytes: u64,
}

/// What went over one connection.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// To the server.
    pub(crate) up: Way,
    /// From the server.
    pub(crate) down: Way,
}

impl Seen {
    /// The extensions that the server has agreed on.
    pub(crate) fn extensions(&self) -> Option<String> {
        self.down.field("sec-websocket-extensions")
    }

    /// The subprotocol that the server has agreed on.
    pub(crate) fn subprotocol(&self) -> Option<String> {
        self.down.field("sec-websocket-protocol")
    }
}

impl Way {
    fn take(&mut self, data: &[u8]) {
        let room = KEPT_BYTES_MAX - self.beginning.len();
        self.beginning.extend_from_slice(&data[..room.min(data.len())]);
        self.bytes += data.len() as u64;
    }

    fn field(&self, wanted: &str) -> Option<String> {
        let text = String::from_utf8_lossy(&self.beginning);
        let (head, _) = text.split_once("\r\n\r\n").expect("a whole head");
        head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case(wanted).then(|| value.trim().to_owned())
        })
    }
}

/// Stands before a server.
#[derive(Debug)]
pub(crate) struct Tap {
    address: SocketAddr,
    connections: Arc<Mutex<Vec<Arc<Mutex<Seen>>>>>,
}

impl Tap {
    pub(crate) async fn before(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("bound");
        let connections = Arc::default();
        tokio::spawn(accept(listener, server, Arc::clone(&connections)));
        Self { address, connections }
    }

    /// Where to connect to in place of the server.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// All connections, in the order in which they came.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        let connections = self.connections.lock().expect("nobody panics");
        connections.iter().map(|seen| seen.lock().expect("nobody panics").clone()).collect()
    }
}

async fn accept(
    listener: TcpListener,
    server: SocketAddr,
    connections: Arc<Mutex<Vec<Arc<Mutex<Seen>>>>>,
) {
    loop {
        let (client, _) = listener.accept().await.expect("a connection");
        let server = TcpStream::connect(server).await.expect("the server listens");
        let seen = Arc::new(Mutex::new(Seen::default()));
        connections.lock().expect("nobody panics").push(Arc::clone(&seen));
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = server.into_split();
        tokio::spawn(pass(from_client, to_server, Arc::clone(&seen), |seen| &mut seen.up));
        tokio::spawn(pass(from_server, to_client, seen, |seen| &mut seen.down));
    }
}

/// Passes on what comes, and the end; where the other end is gone already there is nobody to tell.
async fn pass(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    seen: Arc<Mutex<Seen>>,
    way: fn(&mut Seen) -> &mut Way,
) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        way(&mut seen.lock().expect("nobody panics")).take(&buffer[..count]);
        if to.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
    let _ended = to.shutdown().await;
}
