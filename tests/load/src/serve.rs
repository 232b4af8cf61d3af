//! What every plain server of the comparison does around its connections: listen, say where, and
//! end on SIGTERM.

use std::io::{self, Write};
use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::task::TaskTracker;

/// The path at which a message goes back to whoever sent it.
pub const ECHO_PATH: &str = "/echo";

/// The path at which a message goes to everybody, its sender too.
pub const BROADCAST_PATH: &str = "/broadcast";

/// Listens, prints the address as [`crate::server`] looks for it, and hands each connection to
/// `serve`, which spawns what it needs on the tracker, until SIGTERM comes. Connections that are
/// open then end with the runtime.
///
/// # Errors
/// It cannot listen or accept.
pub async fn until_terminated(
    listen: SocketAddr,
    mut serve: impl FnMut(TcpStream, SocketAddr, &TaskTracker),
) -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let listener = TcpListener::bind(listen).await?;
    writeln!(io::stdout(), "listening on ws://{}", listener.local_addr()?)?;
    let tasks = TaskTracker::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let (stream, peer) = accepted?;
                stream.set_nodelay(true)?;
                serve(stream, peer, &tasks);
            }
            _ = terminate.recv() => return Ok(()),
        }
    }
}
