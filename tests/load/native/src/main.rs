//! The host's wire engine and connections with native code in the guest's place: what they cost by
//! themselves.

mod endpoint;

use std::convert::Infallible;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use clap::Parser;
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::upgrade::{OnUpgrade, Parts};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use sockhop::connection::{Connection, Journal, Role, Settings};
use sockhop::registry::{EndpointSessions, Entry, Registry};
use sockhop::server::handshake::Handshake;
use sockhop_session::handshake::HandshakeRequest;
use sockhop_session::port::Directory;
use sockhop_session::{Handle, Identity, QueueLimits, SlowReader, TopicLimits};
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::task::TaskTracker;

use self::endpoint::Native;

/// As in the host.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The path at which a message goes to everybody; at any other it goes back to its sender.
const BROADCAST_PATH: &str = "/broadcast";

/// The largest message, in bytes: the host's default.
const MESSAGE_BYTES_MAX: usize = 16 << 20;

/// What may wait to be written to one session, in bytes: the host's default.
const QUEUE_BYTES: usize = 1 << 20;

/// The limits in time of a connection: the host's defaults, without compression.
const SETTINGS: Settings = Settings {
    close_timeout: Duration::from_secs(10),
    ping_interval: Some(Duration::from_secs(30)),
    pong_timeout: Duration::from_secs(20),
    idle_timeout: None,
    read_idle_timeout: None,
    write_idle_timeout: Some(Duration::from_secs(60)),
    compression: None,
};

/// Nobody subscribes to anything here.
const TOPIC_LIMITS: TopicLimits = TopicLimits { name_bytes: 1, of_session: 1, of_endpoint: 1 };

/// The host's wire engine and connections without a guest.
#[derive(Debug, Parser)]
#[command(version)]
struct Args {
    /// Where to listen; port 0 picks one.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
}

/// What every connection needs.
struct Shared {
    registry: Registry,
    /// The members of the broadcast.
    members: Arc<EndpointSessions>,
    /// The same, as code in a guest's place sees them.
    directory: Arc<dyn Directory>,
    journal: Arc<dyn Journal>,
    tasks: TaskTracker,
}

/// What went wrong is the end of this program's log, which an error of the measurement shows.
struct Log;

impl Journal for Log {
    fn note(&self, session: &Handle, text: String) {
        // A log that is gone is no reason to stop.
        let _ = writeln!(io::stderr(), "session {}: {text}", session.id());
    }
}

#[tokio::main(worker_threads = 1)]
async fn main() -> io::Result<()> {
    let args = Args::parse();
    let registry = Registry::new(1);
    let members = registry.endpoint("native", BROADCAST_PATH);
    let directory = Arc::new(members.directory(TOPIC_LIMITS));
    let (journal, tasks) = (Arc::new(Log), TaskTracker::new());
    let shared = Arc::new(Shared { registry, members, directory, journal, tasks });
    let mut terminate = signal(SignalKind::terminate())?;
    let listener = TcpListener::bind(args.listen).await?;
    writeln!(io::stdout(), "listening on ws://{}", listener.local_addr()?)?;
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let (stream, peer) = accepted?;
                stream.set_nodelay(true)?;
                shared.tasks.spawn(shake_hands(stream, peer, Arc::clone(&shared)));
            }
            // What is open ends with the runtime.
            _ = terminate.recv() => return Ok(()),
        }
    }
}

/// Serves HTTP until the connection is upgraded. One that fails ends alone; its client counts the
/// replies.
async fn shake_hands(stream: TcpStream, peer: SocketAddr, shared: Arc<Shared>) {
    let service = service_fn(move |request| {
        let answer = answer(request, peer, &shared);
        async move { Ok::<_, Infallible>(answer) }
    });
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let _ended = connection.with_upgrades().await;
}

/// Answers a request: a handshake that is valid becomes a session.
fn answer(
    mut request: Request<Incoming>,
    peer: SocketAddr,
    shared: &Arc<Shared>,
) -> Response<Empty<Bytes>> {
    let mut response = Response::new(Empty::new());
    let read =
        Handshake::read(request.method(), request.uri(), request.version(), request.headers());
    let headers = read.ok().and_then(|handshake| handshake.accept_response_headers(None).ok());
    let Some(headers) = headers else {
        *response.status_mut() = StatusCode::BAD_REQUEST;
        return response;
    };
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    *response.headers_mut() = headers;
    let broadcasts = request.uri().path() == BROADCAST_PATH;
    let upgrade = hyper::upgrade::on(&mut request);
    shared.tasks.spawn(serve(upgrade, peer, broadcasts, Arc::clone(shared)));
    response
}

/// Waits for the answer to be written, and serves the session to its end.
async fn serve(upgrade: OnUpgrade, peer: SocketAddr, broadcasts: bool, shared: Arc<Shared>) {
    let Ok(upgraded) = upgrade.await else { return };
    let Ok(Parts { io, read_buf, .. }) = upgraded.downcast::<TokioIo<TcpStream>>() else { return };
    let identity = Identity {
        id: shared.registry.next_id(),
        endpoint_path: String::new(),
        request: HandshakeRequest::default(),
        subprotocol: None,
        max_message_bytes: MESSAGE_BYTES_MAX,
    };
    // As the `broadcast` example does: whoever has missed a message is closed.
    let queue = QueueLimits { bytes: QUEUE_BYTES, slow_reader: SlowReader::Close };
    let session = Arc::new(Handle::new(identity, queue, 0));
    let entry = || Entry {
        session: Arc::clone(&session),
        revision: 1,
        peer: peer.to_string(),
        opened_at: SystemTime::now(),
    };
    let _member = broadcasts.then(|| shared.members.register(entry()));
    let guest =
        if broadcasts { Native::Broadcast(Arc::clone(&shared.directory)) } else { Native::Echo };
    let (stream, journal) = (io.into_inner(), Arc::clone(&shared.journal));
    let role = Role::Server;
    Connection::new(role, stream, read_buf, session, guest, journal, SETTINGS).run().await;
}
