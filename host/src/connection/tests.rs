//! A connection between a scripted guest and a peer that speaks raw frames.
//!
//! Time is paused, so it passes only when nothing else can happen: a deadline that is reached is
//! reached because nobody did anything before.

mod awaited;
mod batches;
mod client;
mod close;
mod control;
mod fake;
mod flow;
mod guest;
mod misbehaving;
mod open;
mod parts;
mod peer;
mod race;
mod reply;
mod time;
mod timing;
mod tuned;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use sockhop_session::handshake::HandshakeRequest;
use sockhop_session::{CloseEvent, Handle, Identity, Message, QueueLimits, SessionId, SlowReader};
use sockhop_wire::Role;
use tokio::io::{AsyncRead, AsyncWrite, duplex};
use tokio::task::{JoinHandle, unconstrained};
use tokio::time::{sleep, timeout};
use tokio_util::task::TaskTracker;

use self::fake::{Calls, Fake};
use self::peer::Peer;
use super::{Connection, Journal, Settings};

const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// By when a session has ended that ends by itself, whatever limits its test has set.
const END_MAX: Duration = Duration::from_secs(3600);

/// What a test may want otherwise than most do.
struct Setup {
    /// The host's.
    role: Role,
    /// How much the connection under the session holds each way.
    wire_bytes: usize,
    queue_bytes: usize,
    max_message_bytes: usize,
    already_read: Bytes,
    slow_reader: SlowReader,
    settings: Settings,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            role: Role::Server,
            wire_bytes: 64 << 10,
            queue_bytes: 64 << 10,
            max_message_bytes: 1 << 20,
            already_read: Bytes::new(),
            slow_reader: SlowReader::Wait,
            settings: Settings {
                close_timeout: CLOSE_TIMEOUT,
                ping_interval: None,
                pong_timeout: Duration::from_secs(1),
                idle_timeout: None,
                read_idle_timeout: None,
                write_idle_timeout: None,
                compression: None,
            },
        }
    }
}

/// A session that is being served.
struct Served {
    peer: Peer,
    session: Arc<Handle>,
    calls: Calls,
    notes: Arc<Notes>,
    end: JoinHandle<CloseEvent>,
}

impl Setup {
    /// Serves a session with what `guest` makes of its handle.
    fn serve(self, guest: impl FnOnce(&Arc<Handle>) -> Fake) -> Served {
        let (io, far) = duplex(self.wire_bytes);
        let (session, calls, notes, end) = self.serve_over(io, guest);
        Served { peer: Peer::new(far), session, calls, notes, end }
    }

    fn serve_over(
        self,
        io: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        guest: impl FnOnce(&Arc<Handle>) -> Fake,
    ) -> (Arc<Handle>, Calls, Arc<Notes>, JoinHandle<CloseEvent>) {
        let identity = Identity {
            id: SessionId { host: 1, number: 1 },
            endpoint_path: "/e".into(),
            request: HandshakeRequest::default(),
            subprotocol: None,
            max_message_bytes: self.max_message_bytes,
        };
        let queue = QueueLimits { bytes: self.queue_bytes, slow_reader: self.slow_reader };
        let session = Arc::new(Handle::new(identity, queue, 1000).with_timers(9));
        let settings = self.settings;
        let notes = Arc::new(Notes::default());
        let journal = Arc::clone(&notes) as Arc<dyn Journal>;
        let guest = guest(&session);
        let calls = guest.calls();
        let (handle, already_read) = (Arc::clone(&session), self.already_read);
        let role = self.role;
        let connection = Connection::new(role, io, already_read, handle, guest, journal, settings);
        // Without a budget of the runtime's: a connection has to give way by itself.
        let end = TaskTracker::new().spawn(unconstrained(connection.run()));
        (session, calls, notes, end)
    }
}

/// Serves a session as most tests want it.
fn serve(guest: impl FnOnce(&Arc<Handle>) -> Fake) -> Served {
    Setup::default().serve(guest)
}

impl Served {
    /// How the session ended; it must end by itself.
    async fn ended(self) -> (CloseEvent, Calls, Arc<Notes>) {
        // The clock of most tests stands still while anything is left to be done.
        let end = timeout(END_MAX, self.end).await.expect("the session ends by itself");
        (end.expect("the connection's task does not panic"), self.calls, self.notes)
    }
}

/// What was written for the operator.
#[derive(Default)]
struct Notes(Mutex<Vec<String>>);

impl Journal for Notes {
    fn note(&self, _session: &Handle, text: String) {
        self.0.lock().expect("not poisoned").push(text);
    }
}

impl Notes {
    fn all(&self) -> Vec<String> {
        self.0.lock().expect("not poisoned").clone()
    }
}

fn text(text: &str) -> Message {
    Message::Text(text.into())
}

/// Returns when no task can do anything more: time, which is paused, passes only then.
async fn settled() {
    sleep(Duration::from_nanos(1)).await;
}
