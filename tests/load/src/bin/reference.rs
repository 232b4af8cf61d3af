//! A plain tokio-tungstenite echo server, as fast as that crate goes: what Sockhop is measured by.

use std::error::Error;
use std::io::{self, Write};
use std::net::SocketAddr;

use clap::Parser;
use futures_util::{FutureExt, SinkExt, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error as WsError, Message};

/// Bytes read at a time. The crate's own 128 KiB is filled with zeros at each read, which costs
/// more than the message.
const READ_BUFFER_BYTES: usize = 8 << 10;

/// Bytes of replies gathered before they are written though more messages are there.
const WRITE_BUFFER_BYTES: usize = 16 << 10;

/// The most bytes of replies that wait for a client. It has to hold the longest message.
const MAX_WRITE_BUFFER_BYTES: usize = 32 << 20;

/// A plain tokio-tungstenite echo server, to compare with.
#[derive(Debug, Parser)]
#[command(version = sockhop_load::rivals::reference_version())]
struct Args {
    /// Where to listen; port 0 picks one.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    let listener = TcpListener::bind(args.listen).await?;
    writeln!(io::stdout(), "listening on ws://{}", listener.local_addr()?)?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let (stream, _) = accepted?;
                // A connection that fails ends alone; its client counts the replies.
                connections.spawn(async move { echo(stream).await.is_ok() });
            }
            Some(_) = connections.join_next() => {}
            _ = terminate.recv() => return Ok(()),
        }
    }
}

/// Serves one connection until its end. All that has arrived is answered before anything is
/// flushed, so that one write carries the replies of one read.
async fn echo(stream: TcpStream) -> Result<(), WsError> {
    stream.set_nodelay(true)?;
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(WRITE_BUFFER_BYTES)
        .max_write_buffer_size(MAX_WRITE_BUFFER_BYTES);
    let mut socket = tokio_tungstenite::accept_async_with_config(stream, Some(config)).await?;
    while let Some(message) = socket.next().await {
        let mut next = Some(message);
        while let Some(message) = next {
            let message = message?;
            if is_data(&message) {
                socket.feed(message).await?;
            }
            next = socket.next().now_or_never().flatten();
        }
        socket.flush().await?;
    }
    Ok(())
}

fn is_data(message: &Message) -> bool {
    message.is_text() || message.is_binary()
}
