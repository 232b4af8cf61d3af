//! A WebSocket client that is not the host's own: tokio-tungstenite. It takes a server's part as
//! well, where the host is the client.

use std::net::SocketAddr;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::handshake::client::Response;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use crate::within;

/// The longest payload that is written out in a transcript, in bytes.
const SHOWN_BYTES_MAX: usize = 200;

/// How a session ended, as its peer sees it: by a Close frame with a code and a phrase, by one
/// without a code (1005), or without one (1006).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// The code.
    pub code: u16,
    /// The phrase; empty where there is none.
    pub phrase: String,
}

impl Closed {
    /// An end with this code and phrase.
    #[must_use]
    pub fn new(code: u16, phrase: &str) -> Self {
        Self { code, phrase: phrase.to_owned() }
    }
}

/// A client in a session. It keeps a transcript of what went over the wire, which a panic shows.
#[derive(Debug)]
pub struct Client<IO = TcpStream> {
    stream: WebSocketStream<IO>,
    response: Response,
    serves: bool,
    transcript: Vec<String>,
}

impl Client {
    /// Connects, with these header fields beside those of the handshake.
    ///
    /// # Panics
    ///
    /// Where the handshake is refused; [`http`](crate::http) is for that.
    pub async fn connect(
        address: SocketAddr,
        path: &str,
        headers: &[(&'static str, &str)],
    ) -> Self {
        let tcp = within("a connection", TcpStream::connect(address)).await;
        Self::over(tcp.expect("the host listens"), &format!("ws://{address}{path}"), headers).await
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> Client<IO> {
    /// Does the handshake over a connection, to this URI and with these header fields.
    ///
    /// # Panics
    ///
    /// Where the handshake is refused.
    pub async fn over(io: IO, uri: &str, headers: &[(&'static str, &str)]) -> Self {
        let mut request = uri.into_client_request().expect("a URI");
        for (name, value) in headers {
            let value = HeaderValue::from_str(value).expect("a valid field");
            request.headers_mut().append(*name, value);
        }
        let what = format!("a session at {uri}");
        let connected = within(&what, client_async_with_config(request, io, Some(unbounded())));
        let (stream, response) =
            connected.await.unwrap_or_else(|error| panic!("no session at {uri}: {error}"));
        Self { stream, response, serves: false, transcript: Vec::new() }
    }

    /// Takes over after a handshake that was answered so.
    pub async fn adopt(io: IO, response: Response) -> Self {
        let stream = WebSocketStream::from_raw_socket(io, Role::Client, Some(unbounded())).await;
        Self { stream, response, serves: false, transcript: Vec::new() }
    }

    /// Takes the server's part after a handshake that the host has begun, and that was answered.
    pub async fn serving(io: IO) -> Self {
        let stream = WebSocketStream::from_raw_socket(io, Role::Server, Some(unbounded())).await;
        Self { stream, response: Response::default(), serves: true, transcript: Vec::new() }
    }

    /// The host's answer to the handshake.
    #[must_use]
    pub fn response(&self) -> &Response {
        &self.response
    }

    /// One header field of the answer to the handshake.
    #[must_use]
    pub fn response_header(&self, name: &str) -> Option<&str> {
        self.response.headers().get(name).and_then(|value| value.to_str().ok())
    }

    /// What went over the wire so far, one line for each message: `> ` before what was sent, `< `
    /// before what came.
    #[must_use]
    pub fn transcript(&self) -> &[String] {
        &self.transcript
    }

    /// Sends a message.
    ///
    /// # Panics
    ///
    /// Where the connection does not take it.
    pub async fn send(&mut self, message: impl Into<Message>) {
        let message = message.into();
        self.note('>', &message);
        let sent = within("the host to take a message", self.stream.send(message)).await;
        sent.unwrap_or_else(|error| panic!("not sent: {error}; {:#?}", self.transcript));
    }

    /// Waits for the next message; answers pings meanwhile.
    ///
    /// # Panics
    ///
    /// Where the session ends instead.
    pub async fn next(&mut self) -> Message {
        match self.next_or_closed().await {
            Ok(message) => message,
            Err(closed) => panic!("no message: {closed:?}; {:#?}", self.transcript),
        }
    }

    /// Waits for the next message or for the session's end, which the other end has begun, and
    /// then completes the closing handshake.
    ///
    /// # Errors
    ///
    /// The end, which is none for who waits for it.
    pub async fn next_or_closed(&mut self) -> Result<Message, Closed> {
        match self.receive().await {
            Ok(Message::Close(frame)) => {
                // The answer is written by the next read, which then sees the end.
                let end = within("the host to end the connection", self.stream.next()).await;
                assert!(end.is_none_or(|end| end.is_err()), "after Close: {:#?}", self.transcript);
                if self.serves {
                    // It is the server that ends the connection, and the host may have done so.
                    let _ended = self.stream.get_mut().shutdown().await;
                }
                Err(described(frame))
            }
            Ok(message) => Ok(message),
            Err(error) if is_loss(&error) => Err(Closed::new(1006, "")),
            Err(error) => panic!("the connection is broken: {error}; {:#?}", self.transcript),
        }
    }

    /// Waits for a text.
    ///
    /// # Panics
    ///
    /// Where something else comes.
    pub async fn text(&mut self) -> String {
        match self.next().await {
            Message::Text(text) => text.as_str().to_owned(),
            other => panic!("not a text: {other:?}; {:#?}", self.transcript),
        }
    }

    /// Sends a text and waits for the text that answers it.
    pub async fn ask(&mut self, text: &str) -> String {
        self.send(text).await;
        self.text().await
    }

    /// Waits for the session's end, as [`next_or_closed`](Self::next_or_closed) does.
    ///
    /// # Panics
    ///
    /// Where a message comes instead.
    pub async fn closed(&mut self) -> Closed {
        match self.next_or_closed().await {
            Ok(other) => panic!("not a Close: {other:?}; {:#?}", self.transcript),
            Err(closed) => closed,
        }
    }

    /// Sends a Close frame, with a code and a phrase or without, and waits for the answer.
    pub async fn close(&mut self, reason: Option<(u16, &str)>) -> Closed {
        let frame = reason.map(|(code, phrase)| CloseFrame {
            code: CloseCode::from(code),
            reason: phrase.into(),
        });
        self.send(Message::Close(frame)).await;
        self.closed().await
    }

    /// The two halves, to send and receive at the same time.
    #[must_use]
    pub fn into_stream(self) -> WebSocketStream<IO> {
        self.stream
    }

    async fn receive(&mut self) -> Result<Message, Error> {
        loop {
            let next = within("the host to send something", self.stream.next()).await;
            let message = next.unwrap_or(Err(Error::ConnectionClosed))?;
            self.note('<', &message);
            if !matches!(message, Message::Ping(_)) {
                return Ok(message);
            }
        }
    }

    fn note(&mut self, direction: char, message: &Message) {
        let line = match message {
            Message::Text(text) if text.len() <= SHOWN_BYTES_MAX => {
                format!("text {:?}", text.as_str())
            }
            Message::Text(text) => format!("text of {} bytes", text.len()),
            Message::Binary(data) => format!("binary of {} bytes", data.len()),
            Message::Close(frame) => {
                let Closed { code, phrase } = described(frame.clone());
                format!("close {code} {phrase:?}")
            }
            Message::Ping(data) => format!("ping of {} bytes", data.len()),
            Message::Pong(data) => format!("pong of {} bytes", data.len()),
            Message::Frame(frame) => format!("frame {:?}", frame.header()),
        };
        self.transcript.push(format!("{direction} {line}"));
    }
}

/// Of these tests it is the host that bounds messages.
fn unbounded() -> WebSocketConfig {
    WebSocketConfig::default().max_frame_size(None).max_message_size(None)
}

fn described(frame: Option<CloseFrame>) -> Closed {
    frame.map_or_else(
        || Closed::new(1005, ""),
        |frame| Closed::new(frame.code.into(), frame.reason.as_str()),
    )
}

/// Whether the connection ended without a Close frame.
fn is_loss(error: &Error) -> bool {
    matches!(
        error,
        Error::ConnectionClosed
            | Error::Io(_)
            | Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)
    )
}
