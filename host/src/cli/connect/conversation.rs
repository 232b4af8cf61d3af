//! A session with a server: what comes from the input is sent, what comes from the server printed.

use std::io::{self, Write};
use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use sockhop_session::close::code;
use sockhop_session::outbound::CloseRequest;
use sockhop_session::{CloseEvent, CloseReason, Control, ControlKind, Handle, Message, SendError};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until};

use super::command::{HELP, Typed, message, read};
use super::input::{InputError, Portion};
use super::printer::Printer;
use crate::cli::output::say;
use crate::connection::{Connection, Journal, Role, Settings};
use crate::telemetry::chain;

/// How long to wait before a message is offered again for which the queue has no room, or the queue
/// is looked at again. It tells nobody of what leaves it, and holds a megabyte.
const QUEUE_INTERVAL: Duration = Duration::from_millis(5);

/// How a person or a script talks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manner {
    /// Lines may be commands.
    pub(super) commands: bool,
    /// What is sent is binary.
    pub(super) binary: bool,
    /// What is printed is for a person.
    pub(super) terminal: bool,
    /// After the end of the input, how long nothing may come before this side closes.
    pub(super) wait: Duration,
}

/// What is to be talked over.
pub(super) struct Line<IO> {
    pub(super) io: IO,
    pub(super) already_read: Bytes,
    pub(super) session: Arc<Handle>,
    pub(super) settings: Settings,
}

/// How a conversation ended.
pub(super) struct Ended {
    pub(super) event: CloseEvent,
    /// Why this side closed, where it was a failure.
    pub(super) failure: Option<Failure>,
}

/// What keeps this side from going on.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error(transparent)]
    Input(#[from] InputError),
    #[error("cannot write to standard output")]
    Output(#[source] io::Error),
}

/// What the connection says about itself.
struct Notes;

impl Journal for Notes {
    fn note(&self, _session: &Handle, text: String) {
        say(&text);
    }
}

/// Talks until either side has closed. `interrupt` says that this side is to go away.
pub(super) async fn converse<IO, W>(
    line: Line<IO>,
    manner: Manner,
    mut input: mpsc::Receiver<Portion>,
    out: W,
    interrupt: impl Future<Output = ()>,
) -> Ended
where
    IO: AsyncRead + AsyncWrite + Unpin,
    W: Write + Send,
{
    let Line { io, already_read, session, settings } = line;
    let unprinted = Arc::new(OnceLock::new());
    let printer = Printer::new(out, manner.terminal, Arc::clone(&session), Arc::clone(&unprinted));
    let heard = printer.heard();
    let served = Arc::clone(&session);
    let role = Role::Client;
    let connection =
        Connection::new(role, io, already_read, served, printer, Arc::new(Notes), settings);
    let mut running = pin!(connection.run());
    let talking = Talking { session: &session, manner, heard };
    let mut talking = pin!(talking.talk(&mut input));
    let mut interrupt = pin!(interrupt);
    let (mut talks, mut interrupted, mut unread) = (true, false, None);
    let event = loop {
        tokio::select! {
            event = &mut running => break event,
            told = &mut talking, if talks => {
                talks = false;
                unread = told.err();
            }
            () = &mut interrupt, if !interrupted => {
                interrupted = true;
                talks = false;
                close(&session, code::GOING_AWAY);
            }
        }
    };
    let unprinted = unprinted.get().map(|error| io::Error::new(error.kind(), error.to_string()));
    // A reader that has seen enough, such as `head`.
    let unprinted = unprinted.filter(|error| error.kind() != io::ErrorKind::BrokenPipe);
    let failure = unprinted.map(Failure::Output).or(unread.map(Failure::Input));
    Ended { event, failure }
}

/// This side of a conversation.
struct Talking<'a> {
    session: &'a Handle,
    manner: Manner,
    heard: watch::Receiver<Instant>,
}

impl Talking<'_> {
    /// Sends what comes from the input, and closes at its end.
    async fn talk(mut self, input: &mut mpsc::Receiver<Portion>) -> Result<(), InputError> {
        let told = self.send_all(input).await;
        match &told {
            Ok(()) => self.hear_out().await,
            // What was read before is sent all the same.
            Err(_) => self.sent().await,
        }
        close(self.session, code::NORMAL_CLOSURE);
        told
    }

    async fn send_all(&mut self, input: &mut mpsc::Receiver<Portion>) -> Result<(), InputError> {
        while let Some(portion) = input.recv().await {
            match self.meant(portion?)? {
                Typed::Send(message) => {
                    if self.send(message).await.is_err() {
                        // The session's end says why.
                        return Ok(());
                    }
                }
                Typed::Ping(payload) => {
                    let ping = Control { kind: ControlKind::Ping, payload };
                    if let Err(error) = self.session.send_control(ping) {
                        say(&chain(&error));
                    }
                }
                Typed::Close(reason) => {
                    self.session.close(CloseRequest::by_guest(reason));
                    return Ok(());
                }
                Typed::Help => {}
            }
        }
        Ok(())
    }

    /// What is meant by a line or a piece. A wrong command is told, and nothing comes of it.
    fn meant(&self, portion: Bytes) -> Result<Typed, InputError> {
        let Manner { commands, binary, .. } = self.manner;
        if binary && !commands {
            return Ok(Typed::Send(Message::Binary(portion)));
        }
        let line = String::from_utf8(portion.into()).map_err(|_| InputError::NotUtf8)?;
        if !commands {
            return Ok(Typed::Send(message(line, false)));
        }
        match read(line, binary) {
            Ok(Typed::Help) => HELP.lines().for_each(say),
            Ok(typed) => return Ok(typed),
            Err(error) => say(&chain(&error)),
        }
        Ok(Typed::Help)
    }

    /// Queues a message, and waits for room where there is none.
    async fn send(&self, message: Message) -> Result<(), SendError> {
        loop {
            match self.session.send(message.clone()) {
                Err(SendError::QueueFull(_)) => sleep(QUEUE_INTERVAL).await,
                taken => return taken,
            }
        }
    }

    /// Waits until all that was queued has been taken from there.
    async fn sent(&self) {
        while self.session.is_open() && self.session.queue().queued_bytes > 0 {
            sleep(QUEUE_INTERVAL).await;
        }
    }

    /// Waits until nothing has come for as long as the manner says, since all was sent.
    async fn hear_out(&mut self) {
        self.sent().await;
        let mut quiet_since = Instant::now();
        loop {
            quiet_since = quiet_since.max(*self.heard.borrow_and_update());
            tokio::select! {
                () = sleep_until(quiet_since + self.manner.wait) => return,
                // Without a printer the conversation is over.
                heard = self.heard.changed() => if heard.is_err() { return },
            }
        }
    }
}

fn close(session: &Handle, code: u16) {
    // Of the codes that are used here all may be sent.
    let reason = CloseReason::new(code, "").unwrap_or_else(|_| CloseReason::normal());
    session.close(CloseRequest::by_guest(reason));
}
