//! Why a connection was not opened, and who is to act.

use std::fmt;
use std::time::Duration;

use hyper::http;
use thiserror::Error;

use super::answer::Answer;
use super::dial::DialError;
use super::exchange::ExchangeError;
use super::handshake::AnswerFault;
use super::redirect::RedirectError;
use super::request::RequestError;
use super::tls::SecureError;
use super::websocket_url::WebSocketUrl;

/// Why a connection was not opened. Where the server has answered something else than it should,
/// [`answer`](Self::answer) gives that.
#[derive(Debug, Error)]
pub enum ConnectError {
    /// The server's answer has status 101, and opens no WebSocket all the same.
    #[error("the server's answer opens no WebSocket")]
    BadAnswer {
        /// What was answered.
        answer: Box<Answer>,
        /// What is wrong with it.
        source: AnswerFault,
    },
    /// The server sends on to where nobody goes.
    #[error("the server answered {answer}, and the redirect cannot be followed")]
    BadRedirect {
        /// What was answered.
        answer: Box<Answer>,
        /// Why.
        source: RedirectError,
    },
    /// There was no answer of the server's.
    #[error("the server has not answered")]
    Exchange(#[source] ExchangeError),
    /// The host has no random numbers for a key (RFC 6455 §4.1, item 7).
    #[error("the system gives no random numbers")]
    NoRandomNumbers(#[source] getrandom::Error),
    /// Whoever asks may not go there. The operator is to act.
    #[error("connections to {} are not allowed", url.authority())]
    NotAllowed {
        /// The URL, or where a redirect leads.
        url: WebSocketUrl,
    },
    /// There was no answer of the proxy's.
    #[error("the proxy has not answered")]
    ProxyExchange(#[source] ExchangeError),
    /// The proxy opens no tunnel.
    #[error("the proxy answered {answer}{}", hint(answer))]
    ProxyRefused {
        /// What was answered.
        answer: Box<Answer>,
    },
    /// The proxy has said something behind its answer, before anything was asked of the server.
    #[error("the proxy sent {bytes} bytes that nobody had asked for")]
    ProxySpoke {
        /// How many.
        bytes: usize,
    },
    /// The proxy is not reached.
    #[error("the proxy is not reached")]
    ProxyUnreachable(#[source] DialError),
    /// The server answered with another status than 101.
    #[error("the server answered {answer}")]
    Refused {
        /// What was answered.
        answer: Box<Answer>,
    },
    /// What is asked for may not be asked for. A guest is to act, or the operator.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// What is asked for cannot be written into a request.
    #[error("the request cannot be written")]
    Unwritable(#[source] http::Error),
    /// The connection cannot be encrypted.
    #[error(transparent)]
    Secure(#[from] SecureError),
    /// It took longer than it may.
    #[error("there was no connection in {} ms: it was still {during}", limit.as_millis())]
    Timeout {
        /// How long all of it may take.
        limit: Duration,
        /// What was being waited for then.
        during: Phase,
    },
    /// The server sends on and on.
    #[error("the server answered {answer} after {followed} redirects, which is as many as allowed")]
    TooManyRedirects {
        /// What was answered last.
        answer: Box<Answer>,
        /// How many were followed.
        followed: usize,
    },
    /// The server is not reached.
    #[error("the server is not reached")]
    Unreachable(#[source] DialError),
}

impl ConnectError {
    /// What the server has answered, where it has (Jakarta `Configurator.afterResponse`, which is
    /// called for handshakes that failed as well).
    #[must_use]
    pub fn answer(&self) -> Option<&Answer> {
        match self {
            Self::BadAnswer { answer, .. }
            | Self::BadRedirect { answer, .. }
            | Self::Refused { answer }
            | Self::TooManyRedirects { answer, .. } => Some(answer),
            Self::Exchange(_)
            | Self::NoRandomNumbers(_)
            | Self::NotAllowed { .. }
            | Self::ProxyExchange(_)
            | Self::ProxyRefused { .. }
            | Self::ProxySpoke { .. }
            | Self::ProxyUnreachable(_)
            | Self::Request(_)
            | Self::Secure(_)
            | Self::Timeout { .. }
            | Self::Unreachable(_)
            | Self::Unwritable(_) => None,
        }
    }
}

/// What mends the one refusal of a proxy that is mended here.
fn hint(answer: &Answer) -> &'static str {
    if answer.status.as_u16() == 407 { "; name user and password in its URL" } else { "" }
}

/// What is waited for on the way to a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// An answer to the handshake.
    Answer,
    /// The server's name, and a connection to it.
    Dial,
    /// A connection to the proxy.
    ProxyDial,
    /// The proxy's tunnel.
    Tunnel,
    /// The TLS handshake.
    Tls,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Answer => "waiting for the server's answer",
            Self::Dial => "looking for the server",
            Self::ProxyDial => "looking for the proxy",
            Self::Tunnel => "waiting for the proxy's answer",
            Self::Tls => "waiting for the server's TLS handshake",
        })
    }
}
