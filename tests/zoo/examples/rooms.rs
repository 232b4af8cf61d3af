//! Counts in its instance's memory, and says so on any text: the sessions that its room has had,
//! what they have sent, how many handshakes it has decided, and how many keys it was asked for.
//! On `trap` it traps. The query's `key` is the key; without one there is an error, on `trap` the
//! guest traps, and `long` is one that is too long.

use std::sync::atomic::{AtomicU64, Ordering};

use sockhop_guest::{
    Configurator, Decision, Endpoint, HandshakeRequest, InstanceKeys, Result, Session, endpoint,
    export,
};

static SESSIONS: AtomicU64 = AtomicU64::new(0);
static MESSAGES: AtomicU64 = AtomicU64::new(0);
static HANDSHAKES: AtomicU64 = AtomicU64::new(0);
static KEYS: AtomicU64 = AtomicU64::new(0);

/// What is said of this instance.
fn counted() -> String {
    let [sessions, messages, handshakes, keys] =
        [&SESSIONS, &MESSAGES, &HANDSHAKES, &KEYS].map(|count| count.load(Ordering::Relaxed));
    format!("sessions={sessions} messages={messages} handshakes={handshakes} keys={keys}")
}

struct Room;

#[endpoint("/rooms/{room}")]
impl Endpoint for Room {
    fn on_open(_session: Session) -> Result<Self> {
        SESSIONS.fetch_add(1, Ordering::Relaxed);
        Ok(Self)
    }

    fn on_message(&mut self, message: String) -> Result<String> {
        MESSAGES.fetch_add(1, Ordering::Relaxed);
        assert_ne!(message, "trap", "this guest was told to");
        Ok(counted())
    }
}

struct Doorkeeper;

impl Configurator for Doorkeeper {
    fn handshake(_endpoint_path: &str, request: HandshakeRequest) -> Decision {
        HANDSHAKES.fetch_add(1, Ordering::Relaxed);
        Decision::accept(&request)
    }
}

struct ByQuery;

impl InstanceKeys for ByQuery {
    fn instance_key(_endpoint_path: &str, request: HandshakeRequest) -> Result<String> {
        KEYS.fetch_add(1, Ordering::Relaxed);
        match request.query_parameter("key").as_deref() {
            None => Err("nobody goes nowhere".into()),
            Some("trap") => panic!("this guest was told to"),
            Some("long") => Ok("k".repeat(1025)),
            Some(key) => Ok(key.to_owned()),
        }
    }
}

export!(Room; keys = ByQuery, configurator = Doorkeeper);
