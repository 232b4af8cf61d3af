//! What an idle connection costs: how much a server's memory grows by many that have each sent one
//! message.

use std::thread;

use anyhow::{Result, ensure};
use serde::Serialize;

use crate::fleet::Fleet;
use crate::frame::Kind;
use crate::load::{Pace, Timing, Traffic};
use crate::process;
use crate::server::Server;

/// Connections that come and go before the growth is counted: what a server sets up once is no part
/// of it. They are few, because their memory is used again and so counts for none of the others.
const FIRST_CONNECTIONS: usize = 16;

/// The payload of the one message, in bytes.
const PAYLOAD_BYTES: usize = 128;

/// Memory of one server.
#[derive(Clone, Debug, Serialize)]
pub struct Idle {
    /// The server.
    pub server: String,
    /// Idle connections.
    pub connections: usize,
    /// Resident memory before them, in KiB.
    pub before_kib: u64,
    /// Resident memory with them, in KiB.
    pub after_kib: u64,
}

impl Idle {
    /// What each connection took, in KiB. The kernel's part is not in it.
    pub fn kib_per_connection(&self) -> f64 {
        self.after_kib.saturating_sub(self.before_kib) as f64 / self.connections as f64
    }
}

/// Measures a server that has just been started: it must not have memory left over from load.
/// `timing.warm_up` is how long the connections are left alone before the memory is looked at, and
/// `timing.drain_limit` how long the replies may take.
///
/// # Errors
/// A connection cannot be opened, a message is lost, or the server is gone.
pub fn measure(name: &str, server: &Server, connections: usize, timing: Timing) -> Result<Idle> {
    let pid = server.pid();
    one_message_each(server, FIRST_CONNECTIONS, timing)?.close()?;
    thread::sleep(timing.warm_up);
    let before_kib = process::resident_kib(pid)?;
    let fleet = one_message_each(server, connections, timing)?;
    thread::sleep(timing.warm_up);
    let after_kib = process::resident_kib(pid)?;
    fleet.close()?;
    Ok(Idle { server: name.to_owned(), connections, before_kib, after_kib })
}

fn one_message_each(server: &Server, connections: usize, timing: Timing) -> Result<Fleet> {
    let traffic =
        Traffic { kind: Kind::Text, payload_bytes: PAYLOAD_BYTES, connections, window: 1 };
    let mut fleet = Fleet::connect(server.target(), &traffic)?;
    // In no time at all each connection sends its first message, and no second one.
    let no_time = Timing { warm_up: Default::default(), measured: Default::default(), ..timing };
    let outcome = fleet.run(Pace::Closed, no_time, None)?;
    let first = outcome.failures.first().map_or("", String::as_str);
    ensure!(outcome.failures.is_empty(), "{} messages lost: {first}", outcome.lost);
    Ok(fleet)
}
