//! Clients that provoke guests which misbehave, again and again.

use std::io::ErrorKind;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use thread_priority::ThreadPriority;
use thread_priority::unix::{
    NormalThreadSchedulePolicy, ThreadSchedulePolicy, set_thread_priority_and_policy,
    thread_native_id,
};
use tokio_tungstenite::tungstenite::{self, Error, Message, WebSocket};

use crate::client::{self, Patient};
use crate::load::Target;

/// The least time between two provocations by one client, in milliseconds: 25 a second. A client
/// that came back faster would measure what a flood of handshakes costs, whatever the guest does.
pub const PROVOKE_MILLISECONDS: u64 = 40;

/// How long a client that does not read stays, in milliseconds.
const UNREAD_MILLISECONDS: u64 = 1_000;

/// The pause after a refused connection, in milliseconds.
const REFUSED_MILLISECONDS: u64 = 10;

/// Lets the calling thread run when nobody else wants the processor: the hostile clients share the
/// generator's, and what is measured is whether the host holds up a neighbour, not whether they do.
fn come_last() -> Result<()> {
    let policy = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
    set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, policy)
        .map_err(|error| anyhow!("cannot lower the priority: {error}"))
}

/// What the client of a misbehaving guest does. It comes back when its connection has
/// ended, [`PROVOKE_MILLISECONDS`] after its last visit began at the earliest.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Provocation {
    /// Sends a text message, reads, and sends another whenever nothing comes for a while, until the
    /// server closes.
    Insist,
    /// Sends a text message and a Close frame, and reads until the end.
    Leave,
    /// Sends a text message and reads nothing for a second, then resets the connection.
    Ignore,
}

/// What hostile clients did.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    /// Connections that shook hands.
    pub visits: u64,
    /// Text messages sent.
    pub provocations: u64,
    /// Messages received.
    pub received: u64,
    /// Connections or handshakes that failed.
    pub refused: u64,
}

impl Tally {
    pub(crate) fn add(&mut self, other: Self) {
        self.visits += other.visits;
        self.provocations += other.provocations;
        self.received += other.received;
        self.refused += other.refused;
    }
}

/// Hostile clients at work, a thread each.
#[derive(Debug)]
pub struct Mob {
    stop: Arc<AtomicBool>,
    first: Receiver<()>,
    threads: Vec<JoinHandle<Result<Tally>>>,
}

impl Mob {
    /// Sends so many clients to an endpoint, who say `text`.
    pub fn start(
        target: &Target,
        provocation: Provocation,
        text: &'static str,
        clients: usize,
    ) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (provoked, first) = sync_channel(1);
        let threads = (0..clients)
            .map(|client| {
                let (stop, provoked) = (Arc::clone(&stop), provoked.clone());
                let mut hostile = Hostile {
                    target: target.clone(),
                    provocation,
                    text,
                    stop,
                    provoked,
                    tally: Tally::default(),
                };
                // They come one after another, as strangers do, and not all in the same instant.
                let pace = Duration::from_millis(PROVOKE_MILLISECONDS);
                let delay = pace.mul_f64(client as f64 / clients as f64);
                thread::spawn(move || {
                    hostile.stay(delay);
                    hostile.run()
                })
            })
            .collect();
        Self { stop, first, threads }
    }

    /// Waits until the first message has been sent.
    ///
    /// # Errors
    /// None is sent in that time.
    pub fn wait_for_first(&self, limit: Duration) -> Result<()> {
        self.first.recv_timeout(limit).map_err(|_| anyhow!("no hostile client sent anything"))
    }

    /// Calls the clients back and says what they did.
    ///
    /// # Errors
    /// A client failed on its own account; what the server does to it is none.
    pub fn stop(mut self) -> Result<Tally> {
        self.stop.store(true, Ordering::Relaxed);
        let mut tally = Tally::default();
        for thread in self.threads.drain(..) {
            thread.thread().unpark();
            tally.add(thread.join().map_err(|_| anyhow!("a hostile client panicked"))??);
        }
        Ok(tally)
    }
}

impl Drop for Mob {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

struct Hostile {
    target: Target,
    provocation: Provocation,
    text: &'static str,
    stop: Arc<AtomicBool>,
    provoked: SyncSender<()>,
    tally: Tally,
}

impl Hostile {
    fn run(&mut self) -> Result<Tally> {
        come_last()?;
        let pace = Duration::from_millis(PROVOKE_MILLISECONDS);
        while !self.is_over() {
            let arrived = Instant::now();
            match self.arrive() {
                Ok(socket) => {
                    self.tally.visits += 1;
                    // Whatever ends the visit is the server's answer to the provocation.
                    let _ = self.visit(socket);
                    self.stay(pace.saturating_sub(arrived.elapsed()));
                }
                Err(_) => {
                    self.tally.refused += 1;
                    thread::park_timeout(Duration::from_millis(REFUSED_MILLISECONDS));
                }
            }
        }
        Ok(self.tally)
    }

    fn is_over(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn arrive(&self) -> Result<WebSocket<Patient<TcpStream>>> {
        let stream = Patient(client::open(&self.target)?);
        let (socket, _) = tungstenite::client::client(self.target.url(), stream)
            .map_err(|error| anyhow!("handshake failed: {error}"))?;
        let pause = Duration::from_millis(PROVOKE_MILLISECONDS);
        socket.get_ref().0.set_read_timeout(Some(pause))?;
        Ok(socket)
    }

    fn visit(&mut self, mut socket: WebSocket<Patient<TcpStream>>) -> Result<()> {
        self.provoke(&mut socket)?;
        match self.provocation {
            Provocation::Ignore => {
                self.stay(Duration::from_millis(UNREAD_MILLISECONDS));
                // With a linger time of 0 the kernel resets instead of closing.
                rustix::net::sockopt::set_socket_linger(&socket.get_ref().0, Some(Duration::ZERO))?;
                return Ok(());
            }
            Provocation::Insist => {}
            Provocation::Leave => socket.close(None)?,
        }
        while !self.is_over() {
            match socket.read() {
                Ok(_) => self.tally.received += 1,
                Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => {
                    if self.provocation == Provocation::Insist {
                        self.provoke(&mut socket)?;
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn provoke(&mut self, socket: &mut WebSocket<Patient<TcpStream>>) -> Result<()> {
        socket.send(Message::text(self.text))?;
        self.tally.provocations += 1;
        // Only the first is waited for.
        let _ = self.provoked.try_send(());
        Ok(())
    }

    fn stay(&self, time: Duration) {
        let end = Instant::now() + time;
        while !self.is_over() {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            // `Mob::stop` wakes the thread.
            thread::park_timeout(left);
        }
    }
}
