//! The WebSocket under a session: the only place that names the WebSocket library.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use bytestring::ByteString;
use futures_util::{Sink, Stream};
use sockhop_session::{CloseCause, CloseReason, Message};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::{CapacityError, Error, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{self, Utf8Bytes};

/// How much is read at a time, in bytes. The library keeps this much for each connection, used or
/// not.
const READ_BUFFER_BYTES: usize = 4 << 10;

/// How much is gathered before it is written without waiting for more, in bytes. Nothing is handed
/// to the library while it cannot write, so it holds at most this much and one message.
const WRITE_BUFFER_BYTES: usize = 16 << 10;

/// How long a peer that may still be sending is read from after the last byte was written to it:
/// closing a socket with unread data resets the connection, and with it the Close frame on its way.
const LINGER: Duration = Duration::from_secs(1);

/// What comes from the peer.
#[derive(Debug)]
pub(super) enum Incoming {
    /// A data message.
    Message(Message),
    /// A Close frame. The library has queued the answer, if it was not an answer itself.
    Close { code: Option<u16>, phrase: String },
    /// The peer broke a rule; nothing more can be read.
    Misbehaved(CloseCause),
    /// The connection has ended, or has failed.
    Ended,
}

/// The connection cannot be written to any more.
#[derive(Debug)]
pub(super) struct Gone;

/// A connection that speaks WebSocket, as the server of the two.
pub(super) struct Socket<IO> {
    stream: WebSocketStream<IO>,
    dirty: bool,
    /// A ping was read, and its pong may not be written yet.
    owes_pong: bool,
}

impl<IO: AsyncRead + AsyncWrite + Unpin> Socket<IO> {
    /// Takes over after the handshake. `already_read` is what came behind it, which is the first to
    /// be read.
    pub(super) async fn new(io: IO, already_read: Bytes, max_message_bytes: usize) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER_BYTES)
            .write_buffer_size(WRITE_BUFFER_BYTES)
            .max_write_buffer_size(usize::MAX)
            .max_message_size(Some(max_message_bytes))
            .max_frame_size(Some(max_message_bytes));
        let (role, already_read) = (Role::Server, already_read.to_vec());
        let stream =
            WebSocketStream::from_partially_read(io, already_read, role, Some(config)).await;
        Self { stream, dirty: false, owes_pong: false }
    }

    /// The next thing that the peer says. Pings are answered here, pongs are dropped.
    pub(super) fn poll_incoming(&mut self, cx: &mut Context<'_>) -> Poll<Incoming> {
        loop {
            // The library would keep a pong for each ping of a peer that reads none of them.
            if self.owes_pong {
                if ready!(self.poll_flush(cx)).is_err() {
                    return Poll::Ready(Incoming::Ended);
                }
                self.owes_pong = false;
            }
            let Some(read) = ready!(Pin::new(&mut self.stream).poll_next(cx)) else {
                return Poll::Ready(Incoming::Ended);
            };
            return Poll::Ready(match read {
                Ok(tungstenite::Message::Text(text)) => {
                    match ByteString::try_from(Bytes::from(text)) {
                        Ok(text) => Incoming::Message(Message::Text(text)),
                        Err(_) => Incoming::Misbehaved(CloseCause::InvalidPayload),
                    }
                }
                Ok(tungstenite::Message::Binary(data)) => Incoming::Message(Message::Binary(data)),
                Ok(tungstenite::Message::Close(frame)) => {
                    self.dirty = true;
                    match frame {
                        None => Incoming::Close { code: None, phrase: String::new() },
                        Some(CloseFrame { code, reason }) => Incoming::Close {
                            code: Some(code.into()),
                            phrase: reason.as_str().to_owned(),
                        },
                    }
                }
                Ok(tungstenite::Message::Ping(_)) => {
                    self.dirty = true;
                    self.owes_pong = true;
                    continue;
                }
                Ok(tungstenite::Message::Pong(_) | tungstenite::Message::Frame(_)) => continue,
                Err(error) => misbehaviour(&error),
            });
        }
    }

    /// Whether a message can be taken; until then nothing may be sent.
    pub(super) fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Gone>> {
        Pin::new(&mut self.stream).poll_ready(cx).map_err(|_| Gone)
    }

    /// Takes a message. It is written when there is enough of it, or with the next flush.
    pub(super) fn send(&mut self, message: Message) -> Result<(), Gone> {
        self.start(match message {
            // The library's text type can be made without a check by `unsafe` alone.
            Message::Text(text) => tungstenite::Message::Text(
                Utf8Bytes::try_from(text.into_bytes()).map_err(|_| Gone)?,
            ),
            Message::Binary(data) => tungstenite::Message::Binary(data),
        })
    }

    /// Takes a Close frame, behind all messages.
    pub(super) fn send_close(&mut self, reason: &CloseReason) -> Result<(), Gone> {
        let frame = reason
            .wire_code()
            .map(|code| CloseFrame { code: code.into(), reason: Utf8Bytes::from(reason.phrase()) });
        self.start(tungstenite::Message::Close(frame))
    }

    fn start(&mut self, message: tungstenite::Message) -> Result<(), Gone> {
        self.dirty = true;
        Pin::new(&mut self.stream).start_send(message).map_err(|_| Gone)
    }

    /// Writes all that was taken.
    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Gone>> {
        if !self.dirty {
            return Poll::Ready(Ok(()));
        }
        let flushed = ready!(Pin::new(&mut self.stream).poll_flush(cx));
        // A failure is reported for as long as it is asked about.
        self.dirty = flushed.is_err();
        Poll::Ready(flushed.map_err(|_| Gone))
    }

    /// Ends the connection, the server first (RFC 6455 §7.1.1). `lingers` where the peer may still
    /// be sending.
    pub(super) async fn end(self, lingers: bool) {
        let mut io = self.stream.into_inner();
        if io.shutdown().await.is_err() || !lingers {
            return;
        }
        let drained = async {
            let mut buffer = [0; 4 << 10];
            while let Ok(1..) = io.read(&mut buffer).await {}
        };
        // Either way the connection is dropped now.
        let _in_time = timeout(LINGER, drained).await;
    }
}

/// What the peer has done, by the error that the library makes of it: the one mapping.
fn misbehaviour(error: &Error) -> Incoming {
    Incoming::Misbehaved(match error {
        Error::Utf8(_) => CloseCause::InvalidPayload,
        Error::Capacity(CapacityError::MessageTooLong { .. }) => CloseCause::MessageTooBig,
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)
        | Error::ConnectionClosed
        | Error::AlreadyClosed
        | Error::Io(_) => return Incoming::Ended,
        Error::Capacity(CapacityError::TooManyHeaders)
        | Error::Protocol(_)
        | Error::AttackAttempt
        | Error::WriteBufferFull(_)
        | Error::Tls(_)
        | Error::Url(_)
        | Error::Http(_)
        | Error::HttpFormat(_) => CloseCause::ProtocolError,
    })
}
