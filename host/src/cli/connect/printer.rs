//! The guest in this process: prints what comes.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use sockhop_session::outbound::CloseRequest;
use sockhop_session::port::{Endpoint, Fault, SessionError, Trap};
use sockhop_session::{CloseEvent, CloseReason, Handle, Message};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::cli::output::say;
use crate::telemetry::escaped;

/// How many bytes of a binary message are shown in a terminal.
const SHOWN_BYTES_MAX: usize = 1 << 10;

/// Prints each message.
pub(super) struct Printer<W> {
    out: W,
    /// Whether a person looks at it.
    terminal: bool,
    session: Arc<Handle>,
    /// When the last message came.
    heard: watch::Sender<Instant>,
    failed: Arc<OnceLock<io::Error>>,
}

impl<W: Write + Send> Printer<W> {
    /// Prints to `out`; `failed` is set where that takes nothing more, which closes the session.
    pub(super) fn new(
        out: W,
        terminal: bool,
        session: Arc<Handle>,
        failed: Arc<OnceLock<io::Error>>,
    ) -> Self {
        let heard = watch::Sender::new(Instant::now());
        Self { out, terminal, session, heard, failed }
    }

    /// When the last message came.
    pub(super) fn heard(&self) -> watch::Receiver<Instant> {
        self.heard.subscribe()
    }

    fn print(&mut self, message: &Message) -> io::Result<()> {
        match message {
            Message::Text(text) if self.terminal => writeln!(self.out, "{}", escaped(text))?,
            Message::Text(text) => writeln!(self.out, "{}", on_one_line(text))?,
            Message::Binary(bytes) if self.terminal => writeln!(self.out, "{}", in_hex(bytes))?,
            Message::Binary(bytes) => self.out.write_all(bytes)?,
        }
        self.out.flush()
    }
}

/// A space in place of each line break: whoever reads lines gets a message with each, and JSON
/// means the same.
fn on_one_line(text: &str) -> Cow<'_, str> {
    if text.contains('\n') {
        Cow::Owned(text.replace("\r\n", " ").replace('\n', " "))
    } else {
        Cow::Borrowed(text)
    }
}

fn in_hex(bytes: &[u8]) -> String {
    let mut text = format!("({} bytes)", bytes.len());
    for byte in bytes.iter().take(SHOWN_BYTES_MAX) {
        // Writing to a string cannot fail.
        let _written = write!(text, " {byte:02x}");
    }
    if bytes.len() > SHOWN_BYTES_MAX {
        text.push_str(" ...");
    }
    text
}

impl<W: Write + Send> Endpoint for Printer<W> {
    async fn open(&mut self) -> Result<(), Fault> {
        Ok(())
    }

    async fn on_message(&mut self, message: Message) -> Result<Option<Message>, Fault> {
        if let Err(error) = self.print(&message) {
            // Only the first is told.
            let _first = self.failed.set(error);
            self.session.close(CloseRequest::by_guest(CloseReason::normal()));
        }
        self.heard.send_replace(Instant::now());
        Ok(None)
    }

    fn hears_pongs(&self) -> bool {
        // A script has not asked.
        self.terminal
    }

    async fn on_pong(&mut self, data: Bytes) -> Result<(), Fault> {
        let data = String::from_utf8_lossy(&data);
        say(&if data.is_empty() { "pong".to_owned() } else { format!("pong {}", escaped(&data)) });
        Ok(())
    }

    async fn on_error(&mut self, _error: &SessionError) -> Result<(), Trap> {
        Ok(())
    }

    async fn on_close(&mut self, _event: &CloseEvent) -> Result<(), Fault> {
        Ok(())
    }

    async fn finish(&mut self) -> Result<(), Trap> {
        Ok(())
    }
}
