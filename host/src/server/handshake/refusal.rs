//! Why a request is not accepted as a handshake, and the answer that it gets.

use hyper::StatusCode;
use hyper::header::{self, HeaderMap, HeaderValue};

use sockhop_wire::extensions::ExtensionError;

use super::MAX_OFFERED_SUBPROTOCOLS;

/// The one version of the protocol (RFC 6455 §4.1).
pub(super) const PROTOCOL_VERSION: &str = "13";

/// Why a request is not accepted, in the order in which the reasons are looked for. All of them are
/// the peer's fault.
///
/// The `Display` text is meant as the body of the answer: it tells the author of the client what to
/// change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The request is no attempt at a WebSocket handshake. The answer given here fits the path of
    /// an endpoint; for another path the caller has its own.
    #[error(
        "this is a WebSocket endpoint: send a GET request with `Upgrade: websocket` and \
         `Connection: Upgrade`, which a proxy between must pass on"
    )]
    NotWebSocket,
    /// As [`NotWebSocket`](Self::NotWebSocket), over HTTP/2.
    #[error(
        "this is a WebSocket endpoint: over HTTP/2, send an extended CONNECT request with \
         `:protocol` = `websocket` (RFC 8441)"
    )]
    NotExtendedConnect,
    /// An extended CONNECT to something else than a WebSocket.
    #[error("only `websocket` is spoken here: send that as the `:protocol`")]
    UnknownProtocol,
    /// An extended CONNECT without a scheme or a path that can be served.
    #[error("the request's target is not valid: send `http` or `https` as `:scheme`, and a path")]
    BadTarget,
    /// HTTP/1.0 or older.
    #[error("a WebSocket handshake needs HTTP/1.1: send the request in that version")]
    HttpVersion,
    /// `Connection` does not list `upgrade`.
    #[error("the field `Connection` does not list `Upgrade`: add it, which a proxy must pass on")]
    NoConnectionUpgrade,
    /// No `Sec-WebSocket-Key`.
    #[error("the field `Sec-WebSocket-Key` is missing: send 16 random bytes in base64")]
    NoKey,
    /// More than one `Sec-WebSocket-Key`.
    #[error("the field `Sec-WebSocket-Key` appears more than once: send it once")]
    RepeatedKey,
    /// A key that is not 16 bytes in base64.
    #[error(
        "the field `Sec-WebSocket-Key` is not 16 bytes in base64: send 24 characters, the last two \
         of them `==`"
    )]
    BadKey,
    /// No `Sec-WebSocket-Version`.
    #[error("the field `Sec-WebSocket-Version` is missing: send `Sec-WebSocket-Version: 13`")]
    NoVersion,
    /// More than one `Sec-WebSocket-Version`.
    #[error("the field `Sec-WebSocket-Version` appears more than once: send it once, with 13")]
    RepeatedVersion,
    /// Another version than 13.
    #[error("this server speaks WebSocket version 13 only: send `Sec-WebSocket-Version: 13`")]
    UnsupportedVersion,
    /// The same over HTTP/2, where there is nothing to upgrade.
    #[error(
        "the version of the protocol is not 13: send 13 in `Sec-WebSocket-Version`, or nothing"
    )]
    UnsupportedHttp2Version,
    /// The request announces a body.
    #[error("a WebSocket handshake has no body: send neither a length above 0 nor a coding")]
    Body,
    /// No `Host`.
    #[error("the field `Host` is missing: send the host and port that the request goes to")]
    NoHost,
    /// More than one `Host`.
    #[error("the field `Host` appears more than once: send it once")]
    RepeatedHost,
    /// A `Host`, or an authority in the request's URI, that is not a host and perhaps a port.
    #[error("the request's host is not valid: send a name or an address, and perhaps a port")]
    BadHost,
    /// More than one `Origin`.
    #[error("the field `Origin` appears more than once: send one origin, or none")]
    RepeatedOrigin,
    /// An `Origin` with other than visible ASCII characters.
    #[error("the field `Origin` is not readable: send one origin in ASCII, or none")]
    BadOrigin,
    /// An offered subprotocol that is no token, for example an empty one.
    #[error(
        "element {position} of `Sec-WebSocket-Protocol` is no token: send names of letters, digits \
         and `-._`, set apart by commas"
    )]
    BadSubprotocol {
        /// Which one it is, from 1.
        position: usize,
    },
    /// A subprotocol that is offered twice.
    #[error("the subprotocol `{name}` is offered twice: name each one once")]
    RepeatedSubprotocol {
        /// Its name.
        name: String,
    },
    /// More subprotocols than [`MAX_OFFERED_SUBPROTOCOLS`].
    #[error("too many subprotocols are offered: send at most {MAX_OFFERED_SUBPROTOCOLS}")]
    TooManySubprotocols,
    /// `Sec-WebSocket-Extensions` is not written as RFC 6455 §9.1 has it.
    #[error(transparent)]
    BadExtensions(ExtensionError),
    /// The endpoint takes nobody without permessage-deflate.
    #[error(
        "this endpoint requires the extension permessage-deflate: offer it in \
         `Sec-WebSocket-Extensions`, with parameters of RFC 7692 alone"
    )]
    CompressionRequired,
    /// There is no `Origin`, and this endpoint requires one.
    #[error(
        "the field `Origin` is missing, and this endpoint requires it: send the origin of the page \
         or client, which its operator has to allow"
    )]
    NoOrigin,
    /// The origin is not let in.
    #[error(
        "pages from the origin {origin:?} may not connect here: serve the page from this host, or \
         have its operator allow the origin"
    )]
    Origin {
        /// The origin.
        origin: String,
    },
}

impl Refusal {
    /// The status of the answer.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::NotWebSocket | Self::UnsupportedVersion => StatusCode::UPGRADE_REQUIRED,
            Self::UnknownProtocol => StatusCode::NOT_IMPLEMENTED,
            Self::HttpVersion
            | Self::NotExtendedConnect
            | Self::BadTarget
            | Self::UnsupportedHttp2Version
            | Self::NoConnectionUpgrade
            | Self::NoKey
            | Self::RepeatedKey
            | Self::BadKey
            | Self::NoVersion
            | Self::RepeatedVersion
            | Self::Body
            | Self::NoHost
            | Self::RepeatedHost
            | Self::BadHost
            | Self::RepeatedOrigin
            | Self::BadOrigin
            | Self::BadSubprotocol { .. }
            | Self::RepeatedSubprotocol { .. }
            | Self::TooManySubprotocols
            | Self::BadExtensions(_)
            | Self::CompressionRequired => StatusCode::BAD_REQUEST,
            Self::NoOrigin | Self::Origin { .. } => StatusCode::FORBIDDEN,
        }
    }

    /// The header fields that the answer needs beside those of its body: with 426, what to upgrade
    /// to (RFC 9110 §15.5.22) and the version that is spoken (RFC 6455 §4.4).
    #[must_use]
    pub fn headers(&self) -> HeaderMap {
        let mut fields = match self {
            // Fields about the connection mean nothing over HTTP/2 (RFC 9113 §8.2.2).
            Self::UnsupportedHttp2Version => HeaderMap::new(),
            _ if self.status() == StatusCode::UPGRADE_REQUIRED => upgrade_fields(),
            _ => return HeaderMap::new(),
        };
        fields.insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static(PROTOCOL_VERSION));
        fields
    }
}

/// What both 101 and 426 say about the protocol to change to.
pub(super) fn upgrade_fields() -> HeaderMap {
    let mut fields = HeaderMap::new();
    fields.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    fields.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    fields
}
