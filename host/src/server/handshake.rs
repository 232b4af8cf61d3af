//! The server's side of the opening handshake over HTTP/1.1 (RFC 6455 §4.2) and HTTP/2 (RFC 8441),
//! without any I/O.

mod extended;
mod extra;
mod fields;
mod refusal;
#[cfg(test)]
mod tests;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use hyper::header::{self, HeaderMap, HeaderValue, InvalidHeaderValue};
use hyper::{Method, StatusCode, Uri, Version};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

pub use extra::{ExtraHeaderError, MAX_EXTRA_HEADER_BYTES, MAX_EXTRA_HEADERS, extra_headers};
pub use fields::MAX_OFFERED_SUBPROTOCOLS;
pub use refusal::Refusal;

use super::origin::{HostPort, OriginPolicy};

/// How many bytes the base64 of a `Sec-WebSocket-Key` stands for (RFC 6455 §4.1).
const NONCE_BYTES: usize = 16;

/// RFC 4648 §3.5 leaves it to the reader whether the unused bits of the last character must be
/// zero. There are clients that draw 22 characters at random, and their keys do no harm.
const KEY_ENCODING: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
);

/// A valid opening handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handshake {
    /// How the request asks for it.
    pub form: Form,
    /// The `Sec-WebSocket-Accept` that answers the peer's key; over HTTP/2 there may be none.
    pub accept: Option<String>,
    /// The subprotocols that the peer offers, in its order of preference: tokens, no two equal.
    pub subprotocols: Vec<String>,
    /// The `Origin`, as it came; a peer that is no browser sends none.
    pub origin: Option<String>,
    /// Host and perhaps port that the request was sent to, as it came: the `Host` field, or the
    /// authority of the request's URI where it has one (RFC 9112 §3.2.2).
    pub host: String,
}

/// How a request asks for a WebSocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// The connection is to change its protocol: HTTP/1.1.
    Upgrade,
    /// One stream of the connection is to be one: HTTP/2.
    ExtendedConnect,
}

impl Form {
    /// The status that accepts it.
    #[must_use]
    pub fn accepted(self) -> StatusCode {
        match self {
            Self::Upgrade => StatusCode::SWITCHING_PROTOCOLS,
            Self::ExtendedConnect => StatusCode::OK,
        }
    }
}

impl Handshake {
    /// Checks an HTTP/1.1 request's head. The extensions that it offers are not looked at.
    ///
    /// # Errors
    /// The first [`Refusal`] in the order of its variants. [`Refusal::NotWebSocket`] says that the
    /// request is none of this function's business: the caller may have another answer for it.
    pub fn read(
        method: &Method,
        uri: &Uri,
        version: Version,
        headers: &HeaderMap,
    ) -> Result<Self, Refusal> {
        let asks_for_websocket = fields::has_token(headers, &header::UPGRADE, "websocket");
        if method != Method::GET || !asks_for_websocket {
            return Err(Refusal::NotWebSocket);
        }
        if version < Version::HTTP_11 {
            return Err(Refusal::HttpVersion);
        }
        if !fields::has_token(headers, &header::CONNECTION, "upgrade") {
            return Err(Refusal::NoConnectionUpgrade);
        }
        let key = read_key(headers)?;
        check_version(headers)?;
        if announces_body(headers) {
            return Err(Refusal::Body);
        }
        let host = read_host(uri, headers, false)?;
        let origin = read_origin(headers)?;
        let subprotocols = fields::subprotocols(headers)?;
        let accept = Some(derive_accept_key(key.as_bytes()));
        Ok(Self { form: Form::Upgrade, accept, subprotocols, origin, host })
    }

    /// Holds the origin against a policy; `secure` says whether the request came over TLS.
    ///
    /// # Errors
    /// [`Refusal::Origin`], and [`Refusal::NoOrigin`] where one is required.
    pub fn check_origin(&self, policy: &OriginPolicy, secure: bool) -> Result<(), Refusal> {
        if policy.permits(self.origin.as_deref(), &self.host, secure) {
            return Ok(());
        }
        Err(self.origin.clone().map_or(Refusal::NoOrigin, |origin| Refusal::Origin { origin }))
    }

    /// The header fields of the answer that accepts (RFC 6455 §4.2.2), without any extension.
    ///
    /// # Errors
    /// A subprotocol that the peer did not offer: it would fail the connection.
    pub fn accept_response_headers(
        &self,
        subprotocol: Option<&str>,
    ) -> Result<HeaderMap, AcceptError> {
        let mut fields = match self.form {
            Form::Upgrade => refusal::upgrade_fields(),
            Form::ExtendedConnect => HeaderMap::new(),
        };
        if let Some(accept) = &self.accept {
            fields.insert(header::SEC_WEBSOCKET_ACCEPT, HeaderValue::from_str(accept)?);
        }
        if let Some(subprotocol) = subprotocol {
            if !self.subprotocols.iter().any(|offered| offered == subprotocol) {
                return Err(AcceptError::NotOffered { subprotocol: subprotocol.to_owned() });
            }
            fields.insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_str(subprotocol)?);
        }
        Ok(fields)
    }
}

/// Why a handshake cannot be accepted as it was decided. Not the peer's fault: 500 is the answer.
#[derive(Debug, thiserror::Error)]
pub enum AcceptError {
    /// A part of the answer that no header field may hold; no handshake that was read has one.
    #[error("the answer's key or subprotocol is no valid value of a header field")]
    Field(#[from] InvalidHeaderValue),
    /// The chosen subprotocol is not among the peer's.
    #[error(
        "the subprotocol {subprotocol:?} was not offered by the peer; choose one that was, or none"
    )]
    NotOffered {
        /// The subprotocol that was chosen.
        subprotocol: String,
    },
}

/// The first of the offered subprotocols that is spoken here: the peer's preference decides
/// (Jakarta `Configurator.getNegotiatedSubprotocol`). Names are case-sensitive.
#[must_use]
pub fn choose_subprotocol<'a>(offered: &'a [String], spoken: &[String]) -> Option<&'a str> {
    offered.iter().find(|name| spoken.contains(name)).map(String::as_str)
}

/// The URI that the peer asked for, in full (Jakarta `HandshakeRequest.getRequestURI`).
///
/// `host` is [`Handshake::host`]; `path_and_query` is as it came and starts with `/`.
#[must_use]
pub fn request_uri(host: &str, path_and_query: &str, secure: bool) -> String {
    let scheme = if secure { "wss" } else { "ws" };
    format!("{scheme}://{host}{path_and_query}")
}

fn read_key(headers: &HeaderMap) -> Result<String, Refusal> {
    let mut values = headers.get_all(header::SEC_WEBSOCKET_KEY).iter();
    let value = values.next().ok_or(Refusal::NoKey)?;
    if values.next().is_some() {
        return Err(Refusal::RepeatedKey);
    }
    let key = value.to_str().map_err(|_| Refusal::BadKey)?;
    // With canonical padding, 16 bytes take 24 characters and no other number.
    let is_nonce = KEY_ENCODING.decode(key).is_ok_and(|nonce| nonce.len() == NONCE_BYTES);
    if is_nonce { Ok(key.to_owned()) } else { Err(Refusal::BadKey) }
}

fn check_version(headers: &HeaderMap) -> Result<(), Refusal> {
    let mut values = headers.get_all(header::SEC_WEBSOCKET_VERSION).iter();
    let value = values.next().ok_or(Refusal::NoVersion)?;
    if values.next().is_some() {
        return Err(Refusal::RepeatedVersion);
    }
    if value == refusal::PROTOCOL_VERSION { Ok(()) } else { Err(Refusal::UnsupportedVersion) }
}

/// A body would be read as frames once the connection is upgraded.
fn announces_body(headers: &HeaderMap) -> bool {
    let lengths = headers.get_all(header::CONTENT_LENGTH);
    headers.contains_key(header::TRANSFER_ENCODING) || lengths.iter().any(|length| length != "0")
}

fn read_host(uri: &Uri, headers: &HeaderMap, allows_no_field: bool) -> Result<String, Refusal> {
    let mut values = headers.get_all(header::HOST).iter();
    let value = values.next();
    if values.next().is_some() {
        return Err(Refusal::RepeatedHost);
    }
    let host = match (uri.authority(), value) {
        // Over HTTP/1.1 the field is needed all the same (RFC 9112 §3.2).
        (Some(_), None) if !allows_no_field => return Err(Refusal::NoHost),
        (Some(authority), _) => authority.as_str(),
        (None, Some(value)) => value.to_str().map_err(|_| Refusal::BadHost)?,
        (None, None) => return Err(Refusal::NoHost),
    };
    HostPort::parse(host).map(|_| host.to_owned()).ok_or(Refusal::BadHost)
}

/// Two origins are no origin (RFC 6454 §7.3), and to judge by one of them would let the other in.
fn read_origin(headers: &HeaderMap) -> Result<Option<String>, Refusal> {
    let mut values = headers.get_all(header::ORIGIN).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(Refusal::RepeatedOrigin);
    }
    value.to_str().map(|origin| Some(origin.to_owned())).map_err(|_| Refusal::BadOrigin)
}
