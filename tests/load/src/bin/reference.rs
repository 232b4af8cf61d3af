//! A plain tokio-tungstenite server, as fast as that crate goes: one of those that Sockhop is
//! measured by.

use std::io;
use std::net::SocketAddr;
use std::sync::LazyLock;

use clap::Parser;
use futures_util::{FutureExt, SinkExt, StreamExt};
use sockhop_load::rivals::locked_versions;
use sockhop_load::serve::{BROADCAST_PATH, until_terminated};
use tokio::net::TcpStream;
use tokio::sync::broadcast;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::server::{
    Callback, ErrorResponse, Request, Response,
};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error as WsError, Message};

/// Bytes read at a time. The crate's own 128 KiB is filled with zeros at each read, which costs
/// more than the message.
const READ_BUFFER_BYTES: usize = 8 << 10;

/// Bytes of replies gathered before they are written though more messages are there.
const WRITE_BUFFER_BYTES: usize = 16 << 10;

/// The most bytes of replies that wait for a client. It has to hold the longest message.
const MAX_WRITE_BUFFER_BYTES: usize = 32 << 20;

/// The most messages that a member of the broadcast may be behind.
const BACKLOG_MESSAGES: usize = 1024;

type Socket = WebSocketStream<TcpStream>;

/// What it is made of.
static VERSION: LazyLock<String> =
    LazyLock::new(|| locked_versions(&["tokio-tungstenite", "tokio"]));

/// A plain tokio-tungstenite server, to compare with.
#[derive(Debug, Parser)]
#[command(version = VERSION.as_str())]
struct Args {
    /// Where to listen; port 0 picks one.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
}

#[tokio::main(worker_threads = 1)]
async fn main() -> io::Result<()> {
    let args = Args::parse();
    let hub = broadcast::Sender::new(BACKLOG_MESSAGES);
    until_terminated(args.listen, |stream, _, tasks| {
        let hub = hub.clone();
        // A connection that fails ends alone; its client counts the replies.
        tasks.spawn(async move { serve(stream, hub).await.is_ok() });
    })
    .await
}

/// Notes whether a handshake asks for the broadcast.
struct Asks<'a>(&'a mut bool);

impl Callback for Asks<'_> {
    #[allow(clippy::result_large_err, reason = "the trait's own types")]
    fn on_request(self, request: &Request, answer: Response) -> Result<Response, ErrorResponse> {
        *self.0 = request.uri().path() == BROADCAST_PATH;
        Ok(answer)
    }
}

async fn serve(stream: TcpStream, hub: broadcast::Sender<Message>) -> Result<(), WsError> {
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(WRITE_BUFFER_BYTES)
        .max_write_buffer_size(MAX_WRITE_BUFFER_BYTES);
    let mut asks = false;
    let callback = Asks(&mut asks);
    let socket =
        tokio_tungstenite::accept_hdr_async_with_config(stream, callback, Some(config)).await?;
    if asks { broadcast(socket, hub).await } else { echo(socket).await }
}

/// Serves one connection until its end. All that has arrived is answered before anything is
/// flushed, so that one write carries the replies of one read.
async fn echo(mut socket: Socket) -> Result<(), WsError> {
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

/// Serves a member of the broadcast until its end. All that waits for it goes out in one write.
async fn broadcast(mut socket: Socket, hub: broadcast::Sender<Message>) -> Result<(), WsError> {
    let mut feed = hub.subscribe();
    loop {
        tokio::select! {
            message = socket.next() => match message {
                Some(message) => {
                    let message = message?;
                    if is_data(&message) {
                        // At least this member listens.
                        let _members = hub.send(message);
                    }
                }
                None => return Ok(()),
            },
            message = feed.recv() => {
                let mut next = message.ok();
                // One that is too far behind ends, and its client sees that messages are missing.
                if next.is_none() {
                    return Ok(());
                }
                while let Some(message) = next {
                    socket.feed(message).await?;
                    next = feed.try_recv().ok();
                }
                socket.flush().await?;
            }
        }
    }
}

fn is_data(message: &Message) -> bool {
    message.is_text() || message.is_binary()
}
