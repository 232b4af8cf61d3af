//! The sandbox with guests in the text format and real session handles.

mod batches;
mod budgets;
mod keyed;
mod load;
mod own;
mod shared;
mod timers;
mod topics;
mod wat;

use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use sockhop_session::handshake::HandshakeRequest;
use sockhop_session::outbound::Outgoing;
use sockhop_session::port::{Fault, NoSessions, TrapKind};
use sockhop_session::{Handle, Identity, Message, QueueLimits, SessionId, SlowReader};
use tokio::time::{sleep, timeout};

use crate::{
    Engine, EngineConfig, Guest, GuestOutput, GuestSettings, Instancing, NoContainer, Program,
    Seats, Stream, Surroundings,
};

/// More than any event of these tests takes, and less than anyone waits for.
const AMPLE: Duration = Duration::from_secs(20);

/// So that a guest that computes for ever is ended soon.
const SHORT: Duration = Duration::from_millis(30);

const MEMORY_BYTES: usize = 4 << 20;

struct NoOutput;

impl GuestOutput for NoOutput {
    fn line(&self, _stream: Stream, _line: &str) {}
}

fn engine(instances: u32) -> Engine {
    let config = EngineConfig { instances, memory_bytes_max: MEMORY_BYTES, cache_dir: None };
    Engine::new(&config).expect("a sandbox")
}

fn settings(event_cpu: Duration, event_wait: Duration) -> GuestSettings {
    GuestSettings {
        memory_bytes: MEMORY_BYTES,
        event_cpu,
        event_wait,
        env: Vec::new(),
        output: Arc::new(NoOutput),
    }
}

/// A component with time enough.
fn guest_of(engine: &Engine, component: &[u8]) -> Guest {
    guest_within(engine, component, settings(AMPLE, AMPLE))
}

fn guest_within(engine: &Engine, component: &[u8], settings: GuestSettings) -> Guest {
    Guest::new(engine, Program::load(engine, component).expect("a guest"), settings)
}

fn seats(guest: &Guest, instancing: Instancing) -> Seats {
    let directory = Arc::new(NoSessions);
    let around = Surroundings { directory, container: Arc::new(NoContainer) };
    Seats::new(guest, "/e", instancing, around)
}

/// The handshake of a session whose key does not matter.
fn asked() -> HandshakeRequest {
    HandshakeRequest::default()
}

fn session(number: u64) -> Arc<Handle> {
    let identity = Identity {
        id: SessionId { host: 1, number },
        endpoint_path: "/e".into(),
        request: HandshakeRequest::default(),
        subprotocol: None,
        max_message_bytes: 1 << 20,
    };
    Arc::new(Handle::new(
        identity,
        QueueLimits { bytes: 1000, slow_reader: SlowReader::Wait },
        1000,
    ))
}

fn text(text: &str) -> Message {
    Message::Text(text.into())
}

/// Returns when no instance is left. One whose call was given up in another thread ends there,
/// soon.
async fn emptied(engine: &Engine) {
    let emptied = async {
        while engine.instances() > 0 {
            sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(AMPLE, emptied).await.expect("the instances end");
}

/// What waits to be written to the session's peer.
fn queued(session: &Handle) -> Vec<Outgoing> {
    let mut cx = Context::from_waker(Waker::noop());
    let next = || match session.poll_outgoing(&mut cx) {
        Poll::Ready(outgoing) => Some(outgoing),
        Poll::Pending => None,
    };
    std::iter::from_fn(next).collect()
}

/// The kind of trap that a call ended with.
fn trap_kind<T: std::fmt::Debug>(ended: Result<T, Fault>) -> TrapKind {
    match ended {
        Err(Fault::Trapped(trap)) => trap.kind,
        other => panic!("no trap: {other:?}"),
    }
}
