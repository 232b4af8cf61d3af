//! A guest's standard output and standard error, line by line, into the deployment's log.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::io::AsyncWrite;
use wasmtime_wasi::async_trait;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};

/// The longest line that is kept whole, in bytes; a longer one is cut into several.
const LINE_BYTES_MAX: usize = 4096;

/// Which of a guest's streams a line came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// Where a guest's lines go. Called from whatever task runs the guest; it must not block.
pub trait GuestOutput: Send + Sync {
    /// One line, without its end; bytes that are not UTF-8 have been replaced.
    fn line(&self, stream: Stream, line: &str);
}

/// One of an instance's streams. Clones write to the same line.
#[derive(Clone)]
pub(crate) struct LogStream {
    stream: Stream,
    output: Arc<dyn GuestOutput>,
    partial: Arc<Mutex<Vec<u8>>>,
}

impl LogStream {
    pub(crate) fn new(stream: Stream, output: Arc<dyn GuestOutput>) -> Self {
        Self { stream, output, partial: Arc::default() }
    }

    fn take(&self, mut bytes: &[u8]) {
        let mut partial = self.partial.lock().unwrap_or_else(PoisonError::into_inner);
        while !bytes.is_empty() {
            let room = LINE_BYTES_MAX - partial.len();
            let end = bytes.iter().take(room).position(|byte| *byte == b'\n');
            let (taken, skipped) = match end {
                Some(end) => (end, end + 1),
                None => (bytes.len().min(room), bytes.len().min(room)),
            };
            partial.extend_from_slice(&bytes[..taken]);
            bytes = &bytes[skipped..];
            if end.is_some() || partial.len() == LINE_BYTES_MAX {
                self.emit(&partial);
                partial.clear();
            }
        }
    }

    fn emit(&self, line: &[u8]) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        self.output.line(self.stream, &String::from_utf8_lossy(line));
    }
}

impl Drop for LogStream {
    fn drop(&mut self) {
        // The last clone gives out the line that has no end: a panic message may be one.
        if let Some(partial) = Arc::get_mut(&mut self.partial) {
            let partial = std::mem::take(partial.get_mut().unwrap_or_else(PoisonError::into_inner));
            if !partial.is_empty() {
                self.emit(&partial);
            }
        }
    }
}

impl IsTerminal for LogStream {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for LogStream {
    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }

    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }
}

#[async_trait]
impl Pollable for LogStream {
    async fn ready(&mut self) {}
}

impl OutputStream for LogStream {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.take(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(LINE_BYTES_MAX)
    }
}

impl AsyncWrite for LogStream {
    fn poll_write(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        self.take(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Lines(Mutex<Vec<String>>);

    impl GuestOutput for Lines {
        fn line(&self, _stream: Stream, line: &str) {
            self.0.lock().expect("not poisoned").push(line.to_owned());
        }
    }

    fn lines_of(writes: &[&[u8]]) -> Vec<String> {
        let lines = Arc::new(Lines::default());
        let stream = LogStream::new(Stream::Stdout, Arc::clone(&lines) as Arc<dyn GuestOutput>);
        for write in writes {
            stream.clone().take(write);
        }
        drop(stream);
        let lines = lines.0.lock().expect("not poisoned");
        lines.clone()
    }

    #[test]
    fn lines_are_joined_and_split_at_their_ends() {
        assert_eq!(lines_of(&[b"a", b"b\r\n\nc", b"\nd"]), ["ab", "", "c", "d"]);
    }

    #[test]
    fn a_long_line_is_cut() {
        let long = vec![b'x'; LINE_BYTES_MAX + 1];
        let lines = lines_of(&[&long]);
        assert_eq!(lines.iter().map(String::len).collect::<Vec<_>>(), [LINE_BYTES_MAX, 1]);
    }
}
