//! A plain fastwebsockets server, set up as that crate's own examples are: one of those that
//! Sockhop is measured by.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::LazyLock;

use bytes::Bytes;
use clap::Parser;
use fastwebsockets::upgrade::{self, UpgradeFut};
use fastwebsockets::{
    FragmentCollector, FragmentCollectorRead, Frame, OpCode, Payload, WebSocketError,
};
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use sockhop_load::rivals::locked_versions;
use sockhop_load::serve::{BROADCAST_PATH, until_terminated};
use tokio::sync::{broadcast, mpsc};
use tokio_util::task::TaskTracker;

/// The most messages that a member of the broadcast may be behind.
const BACKLOG_MESSAGES: usize = 1024;

/// Answers to Ping and Close frames that may wait to be written to one member.
const ANSWERS_MAX: usize = 8;

/// A message that goes to everybody.
type Published = (OpCode, Bytes);

/// What it is made of.
static VERSION: LazyLock<String> =
    LazyLock::new(|| locked_versions(&["fastwebsockets", "hyper", "tokio"]));

/// A plain fastwebsockets server, to compare with.
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
        let (hub, sessions) = (hub.clone(), tasks.clone());
        let service = service_fn(move |request| {
            let answer = answer(request, &hub, &sessions);
            async move { answer }
        });
        let connection =
            http1::Builder::new().serve_connection(TokioIo::new(stream), service).with_upgrades();
        // A connection that fails ends alone; its client counts the replies.
        tasks.spawn(async move { connection.await.is_ok() });
    })
    .await
}

/// Accepts a handshake, and starts the session's task, which waits for the answer to be written.
fn answer(
    mut request: Request<Incoming>,
    hub: &broadcast::Sender<Published>,
    tasks: &TaskTracker,
) -> Result<Response<Empty<Bytes>>, WebSocketError> {
    let asks = request.uri().path() == BROADCAST_PATH;
    let (response, upgraded) = upgrade::upgrade(&mut request)?;
    // The crate's examples take its sockets out of tokio's budget, too.
    if asks {
        let session = broadcast(upgraded, hub.clone());
        tasks.spawn(async move { tokio::task::unconstrained(session).await.is_ok() });
    } else {
        tasks.spawn(async move { tokio::task::unconstrained(echo(upgraded)).await.is_ok() });
    }
    Ok(response)
}

async fn echo(upgraded: UpgradeFut) -> Result<(), WebSocketError> {
    let mut socket = FragmentCollector::new(upgraded.await?);
    loop {
        let frame = socket.read_frame().await?;
        match frame.opcode {
            OpCode::Close => return Ok(()),
            OpCode::Text | OpCode::Binary => socket.write_frame(frame).await?,
            OpCode::Continuation | OpCode::Ping | OpCode::Pong => {}
        }
    }
}

/// Serves a member of the broadcast until its end. Its reading goes on while it is written to: a
/// read of this crate that is given up loses what it has read.
async fn broadcast(
    upgraded: UpgradeFut,
    hub: broadcast::Sender<Published>,
) -> Result<(), WebSocketError> {
    let (reader, mut writer) = upgraded.await?.split(tokio::io::split);
    let mut reader = FragmentCollectorRead::new(reader);
    let mut feed = hub.subscribe();
    let (answers, mut to_answer) = mpsc::channel::<Frame<'static>>(ANSWERS_MAX);
    let reading = async {
        loop {
            let mut answer = |frame| answers.send(frame);
            let frame = reader.read_frame::<_, mpsc::error::SendError<_>>(&mut answer).await?;
            match frame.opcode {
                OpCode::Close => return Ok::<_, WebSocketError>(()),
                OpCode::Text | OpCode::Binary => {
                    let payload = Bytes::from(Vec::from(frame.payload));
                    // At least this member listens.
                    let _members = hub.send((frame.opcode, payload));
                }
                OpCode::Continuation | OpCode::Ping | OpCode::Pong => {}
            }
        }
    };
    let mut reading = pin!(reading);
    let mut has_ended = false;
    while !has_ended {
        tokio::select! {
            ended = &mut reading => {
                ended?;
                has_ended = true;
            }
            Some(frame) = to_answer.recv() => writer.write_frame(frame).await?,
            message = feed.recv() => {
                // One that is too far behind ends, and its client sees that messages are missing.
                let Ok((opcode, payload)) = message else { return Ok(()) };
                let payload = Payload::Borrowed(&payload);
                writer.write_frame(Frame::new(true, opcode, None, payload)).await?;
            }
        }
    }
    // The answer to the Close frame.
    while let Ok(frame) = to_answer.try_recv() {
        writer.write_frame(frame).await?;
    }
    Ok(())
}
