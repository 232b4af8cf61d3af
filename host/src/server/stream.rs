//! The streams that connections are made of: one type over TCP, Unix sockets and TLS, and one over
//! what HTTP/1.1 and HTTP/2 leave to a session.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf as _, Bytes};
use hyper::upgrade::{Parts, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};

use super::answering::Answering;
use super::tls::TlsStream;

/// The most that a session hands to an HTTP/2 stream at a time, in bytes: one frame of the default
/// size (RFC 9113 §6.5.2). The library copies what it is given, so this bounds the copies.
const HTTP2_WRITE_BYTES_MAX: usize = 16 << 10;

/// An accepted connection.
#[derive(Debug)]
pub(super) struct Stream {
    io: Io,
    /// What was read to see what the peer speaks. It is read again first.
    unread: Bytes,
}

#[derive(Debug)]
enum Io {
    Tcp(TcpStream),
    Unix(UnixStream),
    /// Over either. Boxed: it is ten times as large as they are.
    Tls(Box<TlsStream>),
}

impl Stream {
    /// Puts bytes back that were read and belong to whoever reads next.
    pub(super) fn unread(&mut self, bytes: Bytes) {
        debug_assert!(self.unread.is_empty(), "what was put back is read first");
        self.unread = bytes;
    }
}

impl From<TcpStream> for Stream {
    fn from(stream: TcpStream) -> Self {
        Self { io: Io::Tcp(stream), unread: Bytes::new() }
    }
}

impl From<UnixStream> for Stream {
    fn from(stream: UnixStream) -> Self {
        Self { io: Io::Unix(stream), unread: Bytes::new() }
    }
}

impl From<TlsStream> for Stream {
    fn from(stream: TlsStream) -> Self {
        Self { io: Io::Tls(Box::new(stream)), unread: Bytes::new() }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.unread.is_empty() {
            give_back(&mut self.unread, buf);
            return Poll::Ready(Ok(()));
        }
        match &mut self.io {
            Io::Tcp(io) => Pin::new(io).poll_read(cx, buf),
            Io::Unix(io) => Pin::new(io).poll_read(cx, buf),
            Io::Tls(io) => Pin::new(io).poll_read(cx, buf),
        }
    }
}

fn give_back(unread: &mut Bytes, buf: &mut ReadBuf<'_>) {
    let length = unread.len().min(buf.remaining());
    buf.put_slice(&unread[..length]);
    unread.advance(length);
    if unread.is_empty() {
        // Its memory goes, for the life of the connection.
        *unread = Bytes::new();
    }
}

/// Hands a call on to the stream inside.
macro_rules! inside {
    ($stream:expr, $io:ident => $call:expr) => {
        match &mut $stream.get_mut().io {
            Io::Tcp($io) => $call,
            Io::Unix($io) => $call,
            Io::Tls($io) => $call,
        }
    };
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        inside!(self, io => Pin::new(io).poll_write(cx, buf))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        inside!(self, io => Pin::new(io).poll_write_vectored(cx, bufs))
    }

    /// All of them do.
    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        inside!(self, io => Pin::new(io).poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        inside!(self, io => Pin::new(io).poll_shutdown(cx))
    }
}

/// What a session reads and writes.
#[derive(Debug)]
pub(super) enum SessionIo {
    /// The connection itself: after an upgrade of HTTP/1.1.
    Direct(Stream),
    /// One stream among others of an HTTP/2 connection, or what another server than this host's has
    /// made of one.
    Http2(TokioIo<Upgraded>),
}

impl SessionIo {
    /// What a request leaves behind that was answered with an upgrade, and what was read after it.
    #[must_use]
    pub(super) fn new(upgraded: Upgraded) -> (Self, Bytes) {
        match upgraded.downcast::<TokioIo<Answering>>() {
            Ok(Parts { io, read_buf, .. }) => {
                (Self::Direct(io.into_inner().into_inner()), read_buf)
            }
            Err(upgraded) => (Self::Http2(TokioIo::new(upgraded)), Bytes::new()),
        }
    }
}

impl AsyncRead for SessionIo {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Direct(io) => Pin::new(io).poll_read(cx, buf),
            Self::Http2(io) => Pin::new(io).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for SessionIo {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Direct(io) => Pin::new(io).poll_write(cx, buf),
            Self::Http2(io) => {
                let length = buf.len().min(HTTP2_WRITE_BYTES_MAX);
                Pin::new(io).poll_write(cx, &buf[..length])
            }
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Direct(io) => Pin::new(io).poll_write_vectored(cx, bufs),
            // The library would send one frame for each buffer, the two bytes of a header among
            // them.
            Self::Http2(io) => Pin::new(io).poll_write(cx, &gathered(bufs)),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Direct(io) => Pin::new(io).poll_flush(cx),
            Self::Http2(io) => Pin::new(io).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Direct(io) => Pin::new(io).poll_shutdown(cx),
            Self::Http2(io) => Pin::new(io).poll_shutdown(cx),
        }
    }
}

/// The first [`HTTP2_WRITE_BYTES_MAX`] of these bytes in one piece.
fn gathered(bufs: &[IoSlice<'_>]) -> Vec<u8> {
    let whole = bufs.iter().map(|buf| buf.len()).sum::<usize>();
    let mut bytes = Vec::with_capacity(whole.min(HTTP2_WRITE_BYTES_MAX));
    for buf in bufs {
        let room = HTTP2_WRITE_BYTES_MAX - bytes.len();
        bytes.extend_from_slice(&buf[..buf.len().min(room)]);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    #[tokio::test]
    async fn what_was_put_back_is_read_first() {
        let (one, mut other) = UnixStream::pair().expect("a pair");
        let mut stream = Stream::from(one);
        stream.unread(Bytes::from_static(b"first "));
        other.write_all(b"then").await.expect("there is room");
        let mut read = [0; 4];
        stream.read_exact(&mut read).await.expect("enough");
        assert_eq!(&read, b"firs");
        let mut rest = [0; 6];
        stream.read_exact(&mut rest).await.expect("enough");
        assert_eq!(&rest, b"t then");
    }

    #[tokio::test]
    async fn several_buffers_are_written_at_once() {
        let (one, mut other) = UnixStream::pair().expect("a pair");
        let mut stream = Stream::from(one);
        assert!(stream.is_write_vectored());
        let bufs = [IoSlice::new(b"head "), IoSlice::new(b"body")];
        assert_eq!(stream.write_vectored(&bufs).await.expect("there is room"), 9);
        let mut read = [0; 9];
        other.read_exact(&mut read).await.expect("enough");
        assert_eq!(&read, b"head body");
    }

    #[test]
    fn what_is_gathered_keeps_its_order_and_is_bounded() {
        let large = vec![7; HTTP2_WRITE_BYTES_MAX];
        let bufs =
            [IoSlice::new(b"ab"), IoSlice::new(b""), IoSlice::new(&large), IoSlice::new(b"z")];
        let bytes = gathered(&bufs);
        assert_eq!(bytes.len(), HTTP2_WRITE_BYTES_MAX);
        assert_eq!(&bytes[..3], b"ab\x07");
        assert_eq!(gathered(&[IoSlice::new(b"a"), IoSlice::new(b"b")]), b"ab");
    }
}
