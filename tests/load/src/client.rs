//! One connection of the generator: what is due, what is on its way, what has come back.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use tokio_tungstenite::tungstenite;

use crate::frame;
use crate::load::{Target, Traffic};
use crate::reply::ReplyCounter;

/// How long connecting, the handshake, and the closing handshake may each take, in seconds.
pub(crate) const HANDSHAKE_LIMIT_SECONDS: u64 = 10;

/// Bytes read at a time.
pub(crate) const READ_BUFFER_BYTES: usize = 64 << 10;

/// The most bytes of frames laid out one behind the other, to be sent in one write. A longer frame
/// is written alone.
const BATCH_BYTES: usize = 64 << 10;

/// An open connection to an echo.
pub(crate) struct Client {
    stream: TcpStream,
    /// The frame, repeated: any run of messages is a run of these bytes.
    batch: Vec<u8>,
    frame_bytes: usize,
    /// Where in a frame the next byte to write is.
    offset: usize,
    /// Bytes of messages in flight that the socket has not taken yet.
    unsent_bytes: usize,
    /// When each message that is due and finds no room in the window was meant to go.
    waiting: VecDeque<Instant>,
    /// When each message without a reply yet was meant to go, oldest first.
    in_flight: VecDeque<Instant>,
    window: usize,
    counter: ReplyCounter,
}

impl Client {
    /// Connects and shakes hands as connection number `index`.
    pub(crate) fn connect(target: &Target, traffic: &Traffic, index: usize) -> Result<Self> {
        let stream = shake_hands(target)?;
        stream.set_nonblocking(true)?;
        let payload = frame::payload(traffic.kind, traffic.payload_bytes, index);
        let frame = frame::client_frame(traffic.kind, &payload);
        let repeats = (BATCH_BYTES / frame.len()).clamp(1, traffic.window);
        Ok(Self {
            stream,
            batch: frame.repeat(repeats),
            frame_bytes: frame.len(),
            offset: 0,
            unsent_bytes: 0,
            waiting: VecDeque::new(),
            in_flight: VecDeque::with_capacity(traffic.window),
            window: traffic.window,
            counter: ReplyCounter::new(frame::server_frame(traffic.kind, &payload)),
        })
    }

    /// The socket, for the poll.
    pub(crate) fn socket(&self) -> &TcpStream {
        &self.stream
    }

    /// Messages that were due and have no reply yet.
    pub(crate) fn unanswered(&self) -> usize {
        self.waiting.len() + self.in_flight.len()
    }

    /// Makes a message due that was meant to go at `intended`.
    pub(crate) fn due(&mut self, intended: Instant) {
        self.waiting.push_back(intended);
    }

    /// Makes as many messages due now as the window has room for.
    pub(crate) fn fill_window(&mut self, now: Instant) {
        while self.unanswered() < self.window {
            self.due(now);
        }
    }

    /// Sends what the window and the socket have room for; `true` means that the socket is full and
    /// the rest has to wait until it can be written to.
    pub(crate) fn send(&mut self) -> Result<bool> {
        while self.in_flight.len() < self.window
            && let Some(intended) = self.waiting.pop_front()
        {
            self.in_flight.push_back(intended);
            self.unsent_bytes += self.frame_bytes;
        }
        while self.unsent_bytes > 0 {
            let end = self.batch.len().min(self.offset + self.unsent_bytes);
            match self.stream.write(&self.batch[self.offset..end]) {
                Ok(written) => {
                    self.unsent_bytes -= written;
                    self.offset = (self.offset + written) % self.frame_bytes;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(true),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error).context("cannot send"),
            }
        }
        Ok(false)
    }

    /// Reads once and hands on, for each message that is now answered, when it was meant to go and
    /// when its reply was read; returns how many those are.
    pub(crate) fn receive(
        &mut self,
        buffer: &mut [u8],
        mut answered: impl FnMut(Instant, Instant),
    ) -> Result<u64> {
        let bytes = match self.stream.read(buffer) {
            Ok(0) => bail!("the server ended the connection, {} unanswered", self.unanswered()),
            Ok(bytes) => bytes,
            Err(error) if is_not_yet(&error) => return Ok(0),
            Err(error) => return Err(error).context("cannot receive"),
        };
        let now = Instant::now();
        let replies = self.counter.push(&buffer[..bytes])?;
        for _ in 0..replies {
            let intended = self.in_flight.pop_front().context("a reply came to no message")?;
            answered(intended, now);
        }
        Ok(replies)
    }

    /// Says goodbye: nothing but the server's Close may come, and then the end.
    pub(crate) fn close(self) -> Result<()> {
        ensure!(self.counter.partial_bytes() == 0, "the last reply is cut short");
        say_goodbye(self.stream)
    }
}

/// A WebSocket connection to the target, blocking, with time limits.
pub(crate) fn shake_hands(target: &Target) -> Result<TcpStream> {
    let stream = open(target)?;
    // The WebSocket that tungstenite makes is dropped: only its handshake is wanted.
    tungstenite::client::client(target.url(), Patient(&stream))
        .map_err(|error| anyhow::anyhow!("handshake failed: {error}"))?;
    Ok(stream)
}

/// The closing handshake: nothing but the server's Close may come, and then the end.
pub(crate) fn say_goodbye(mut stream: TcpStream) -> Result<()> {
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(Duration::from_secs(HANDSHAKE_LIMIT_SECONDS)))?;
    stream.write_all(&frame::client_close()).context("cannot send the Close frame")?;
    // One Close frame at most is to come: two header bytes and 125 of payload.
    let mut rest = Vec::new();
    (&stream)
        .take(128)
        .read_to_end(&mut rest)
        .context("the server did not end the connection after the Close frame")?;
    ensure!(
        frame::is_close(&rest),
        "something else than a Close frame came after the last reply: {rest:?}"
    );
    Ok(())
}

/// A TCP connection to the target, blocking, with time limits, without Nagle's delay.
pub(crate) fn open(target: &Target) -> Result<TcpStream> {
    let limit = Duration::from_secs(HANDSHAKE_LIMIT_SECONDS);
    let stream = TcpStream::connect_timeout(&target.address, limit)
        .with_context(|| format!("cannot connect to {}", target.address))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(limit))?;
    stream.set_write_timeout(Some(limit))?;
    Ok(stream)
}

/// A stream that goes on after an interruption.
///
/// A read with a time limit is interrupted also by signals that nobody handles, as when a process
/// is stopped and continued (signal(7)), and tungstenite takes that for a failed handshake.
#[derive(Debug)]
pub(crate) struct Patient<S>(pub(crate) S);

impl<S: Read> Read for Patient<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        patiently(|| self.0.read(buffer))
    }
}

impl<S: Write> Write for Patient<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        patiently(|| self.0.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        patiently(|| self.0.flush())
    }
}

fn patiently<T>(mut work: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match work() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}

pub(crate) fn is_not_yet(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Is interrupted before each byte.
    struct Interrupted(bool);

    impl Read for Interrupted {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0 = !self.0;
            if self.0 {
                return Err(ErrorKind::Interrupted.into());
            }
            buffer[0] = b'x';
            Ok(1)
        }
    }

    #[test]
    fn an_interruption_is_no_error() {
        let mut byte = [0];
        for _ in 0..3 {
            assert_eq!(Patient(Interrupted(false)).read(&mut byte).expect("a byte"), 1);
        }
    }
}
