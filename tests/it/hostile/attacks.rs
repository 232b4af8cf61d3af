//! Clients that mean harm. Each attack is bounded in connections, bytes and time, and is over when
//! its function returns.

use std::io::ErrorKind;
use std::time::Duration;

use futures_util::future::join_all;
use rustix::net::sockopt::{
    set_socket_keepalive, set_socket_linger, set_tcp_keepidle, set_tcp_keepintvl,
};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use sockhop_tests::{Closed, Frame, RawClient, TestHost, eventually, within, within_limit};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::time::{interval, timeout};

/// How many clients of a kind attack at once, where one costs no more than a socket.
const CLIENTS: usize = 100;

/// How many do, where each sends or asks for megabytes.
pub(super) const HEAVY_CLIENTS: usize = 20;

/// The pace of those that are slow.
const SLOW: Duration = Duration::from_secs(1);

/// How long those stay that only take up room.
const STAY: Duration = Duration::from_secs(5);

/// How long a host may take to end a connection: longer than anything else, as it accepts those of
/// all attacks first.
const END_MAX: Duration = Duration::from_secs(120);

/// How many connections are reset at once.
const RESETS: usize = 10_000;

/// Files that this process needs beside those, for all tests that run at the same time.
const OTHER_FILES: u64 = 4_000;

/// What a host may grow by while it is asked for far more: what its queues may hold for
/// [`HEAVY_CLIENTS`], what its allocator keeps beside that, and the ten thousand sessions of
/// another attack.
pub(super) const GROWTH_BYTES_MAX: u64 = 640 << 20;

/// Lets this process, and the hosts that it starts, have as many files as the system allows; how
/// many that are.
pub(super) fn raise_file_limit() -> u64 {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).expect("it is allowed");
    maximum.unwrap_or(u64::MAX)
}

async fn connect(host: &TestHost) -> TcpStream {
    within("a connection", TcpStream::connect(host.address())).await.expect("the host listens")
}

/// A session, with these lines in the request's head; again and again where other attacks have
/// taken all instances, or so much of the machine that the head came too late.
pub(super) async fn session(host: &TestHost, path: &str, fields: &str) -> RawClient {
    let connect = async || match RawClient::connect_with(host.address(), path, fields).await {
        Ok(client) => Some(client),
        Err(head) if head.is_empty() || head.starts_with("HTTP/1.1 503 ") => None,
        Err(head) => panic!("the handshake was refused: {head:?}"),
    };
    eventually("room for a session", connect).await
}

/// So many clients at once that do this.
pub(super) async fn all<F: Future<Output = ()>>(clients: usize, client: impl Fn(usize) -> F) {
    join_all((0..clients).map(client)).await;
}

/// Waits until the host ends the connection, whatever it says before that.
async fn ended_by_host(mut tcp: TcpStream) {
    // A reset is an end as well.
    let _end = within_limit(END_MAX, "the host to end it", tcp.read_to_end(&mut Vec::new())).await;
}

/// A request whose head comes by one byte a second.
pub(super) async fn slow_headers(host: &TestHost) {
    all(CLIENTS, async |_| {
        let mut tcp = connect(host).await;
        let mut pace = interval(SLOW);
        let (mut reads, mut writes) = tcp.split();
        let trickle = async {
            for byte in "GET /echo HTTP/1.1\r\nx-endless: ".bytes().chain([b'a'].repeat(1000)) {
                pace.tick().await;
                if writes.write_all(&[byte]).await.is_err() {
                    return;
                }
            }
        };
        let mut answer = Vec::new();
        let end = async {
            tokio::select! {
                () = trickle => {}
                _end = reads.read_to_end(&mut answer) => {}
            }
        };
        within_limit(END_MAX, "the host to give up on a head", end).await;
    })
    .await;
}

/// A message that comes by one byte a second. That is no crime: it is answered.
pub(super) async fn slow_payload(host: &TestHost) {
    all(CLIENTS, async |client| {
        let mut raw = session(host, "/echo", "").await;
        let payload = format!("{client:05}");
        // Masked with zeros, which leave the payload as it is.
        raw.write(&[0x81, 0x85, 0, 0, 0, 0]).await;
        let mut pace = interval(SLOW);
        for byte in payload.bytes() {
            pace.tick().await;
            raw.write(&[byte]).await;
        }
        assert_eq!(raw.receive().await, Frame { first: 0x81, payload: payload.into_bytes() });
    })
    .await;
}

/// A connection on which nothing is ever said.
pub(super) async fn half_open(host: &TestHost) {
    all(CLIENTS, async |_| {
        let tcp = connect(host).await;
        // A kernel whose backlog is full forgets a peer that says nothing, and tells it when asked.
        set_socket_keepalive(&tcp, true).expect("a socket");
        set_tcp_keepidle(&tcp, SLOW).expect("TCP");
        set_tcp_keepintvl(&tcp, SLOW).expect("TCP");
        ended_by_host(tcp).await;
    })
    .await;
}

/// A session that says a lot and does not listen to the echo.
pub(super) async fn never_reads(host: &TestHost) {
    const MESSAGES: usize = 1000;
    let before = host.resident_bytes();
    let payload = [7; 64 * 1024];
    let mut clients = Vec::new();
    for _ in 0..HEAVY_CLIENTS {
        clients.push(session(host, "/echo", "").await);
    }
    let sent = join_all(clients.iter_mut().map(async |client| {
        let all = async {
            for _ in 0..MESSAGES {
                client.send(0x82, &payload).await;
            }
        };
        // A host that stops to read holds its peer up: that is how it stays within its bounds.
        timeout(STAY, all).await.is_ok()
    }))
    .await;
    assert!(!sent.contains(&true), "64 MiB were taken from a peer that took nothing");
    let grown = host.resident_bytes().saturating_sub(before);
    assert!(grown < GROWTH_BYTES_MAX, "the host has grown by {grown} bytes");
}

/// Ten thousand peers whose machine has crashed, so that all their connections are reset at once;
/// some of them are sessions, some on the way to be.
pub(super) async fn resets(host: &TestHost) {
    /// The tests are one process, which has the files for one of these at a time.
    static TURN: Mutex<()> = Mutex::const_new(());
    let (has, needs) = (raise_file_limit(), RESETS as u64 + OTHER_FILES);
    assert!(
        has >= needs,
        "this test needs {needs} open files, and {has} are allowed: raise the hard limit, which \
         is what `ulimit -Hn` says"
    );
    let request = "GET /echo HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade\r\n\
        Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    let _turn = TURN.lock().await;
    let mut peers = Vec::new();
    for _ in 0..RESETS {
        let mut peer = connect(host).await;
        set_socket_linger(&peer, Some(Duration::ZERO)).expect("a socket");
        peer.write_all(request.as_bytes()).await.expect("the host reads");
        peers.push(peer);
    }
}

/// Ten thousand pings from each, as fast as they are taken, and a word in between.
pub(super) async fn ping_flood(host: &TestHost) {
    const ROUNDS: usize = 20;
    // Masked with zeros.
    let ping = [&[0x89, 0xfd, 0, 0, 0, 0], &[b'p'; 125][..]].concat().repeat(500);
    all(HEAVY_CLIENTS, async |_| {
        let mut raw = session(host, "/echo", "").await;
        for round in 0..ROUNDS {
            raw.write(&ping).await;
            let said = round.to_string().into_bytes();
            raw.send(0x81, &said).await;
            // Of several pings only the last has to be answered (RFC 6455 §5.5.3).
            loop {
                let Frame { first, payload } = raw.receive().await;
                match first {
                    0x8a => assert_eq!(payload, [b'p'; 125]),
                    _ => break assert_eq!((first, payload), (0x81, said)),
                }
            }
        }
    })
    .await;
}

/// A request whose head does not end.
pub(super) async fn header_flood(host: &TestHost) {
    const FIELDS: usize = 100_000;
    all(CLIENTS, async |_| {
        let mut tcp = connect(host).await;
        let (mut reads, mut writes) = tcp.split();
        let flood = async {
            writes.write_all(b"GET /echo HTTP/1.1\r\nHost: a.example\r\n").await?;
            for number in 0..FIELDS {
                writes.write_all(format!("x-{number}: {number:0100}\r\n").as_bytes()).await?;
            }
            std::io::Result::Ok(())
        };
        let mut answer = Vec::new();
        let read = reads.read_to_end(&mut answer);
        let (flooded, _end) =
            within_limit(END_MAX, "the host to end it", async { tokio::join!(flood, read) }).await;
        let refused = flooded.expect_err("a host does not read 10 MB of head").kind();
        assert!(matches!(refused, ErrorKind::BrokenPipe | ErrorKind::ConnectionReset), "{refused}");
        // The reset may have overtaken the answer.
        let told = answer.is_empty() || answer.starts_with(b"HTTP/1.1 431 ");
        assert!(told, "{}", String::from_utf8_lossy(&answer));
    })
    .await;
}

/// A message that is announced with more bytes than there are.
pub(super) async fn announced(host: &TestHost) {
    let before = host.resident_bytes();
    all(CLIENTS, async |_| {
        let mut raw = session(host, "/echo", "").await;
        let length = (1_u64 << 62).to_be_bytes();
        raw.write(&[&[0x82, 0xff], &length[..], &[0; 4], &[1; 1000]].concat()).await;
        let Closed { code, .. } = raw.closed().await;
        assert_eq!(code, 1009);
        let grown = host.resident_bytes().saturating_sub(before);
        assert!(grown < GROWTH_BYTES_MAX, "the host has grown by {grown} bytes");
    })
    .await;
}
