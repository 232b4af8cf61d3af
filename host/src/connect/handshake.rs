//! The client's side of the opening handshake over HTTP/1.1 (RFC 6455 §4.1), without any I/O.

#[cfg(test)]
mod tests;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::Empty;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue, InvalidHeaderValue};
use hyper::http;
use hyper::{Request, Version};
use sockhop_wire::deflate::{self, Agreed, AnswerError, Policy};
use sockhop_wire::extensions::{ExtensionError, parse_extensions};
use thiserror::Error;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::websocket_url::WebSocketUrl;

/// How many random bytes a key is made of (RFC 6455 §4.1, item 7).
const NONCE_BYTES: usize = 16;

/// The version of RFC 6455.
const PROTOCOL_VERSION: HeaderValue = HeaderValue::from_static("13");

/// What is asked of a server, and what its answer is held against.
#[derive(Debug)]
pub(super) struct Offer<'a> {
    pub(super) url: &'a WebSocketUrl,
    /// Fields beside those of the handshake.
    pub(super) headers: &'a HeaderMap,
    pub(super) subprotocols: &'a [String],
    pub(super) deflate: Option<&'a Policy>,
    /// The nonce, in base64.
    pub(super) key: String,
}

/// What a server has agreed to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Agreement {
    pub(super) subprotocol: Option<String>,
    pub(super) deflate: Option<Agreed>,
}

/// A key that was not used before.
///
/// # Errors
/// The system gives no random numbers.
pub(super) fn fresh_key() -> Result<String, getrandom::Error> {
    let mut nonce = [0; NONCE_BYTES];
    getrandom::fill(&mut nonce)?;
    Ok(STANDARD.encode(nonce))
}

/// What answers a key (RFC 6455 §4.2.2, item 5.4).
pub(super) fn accept(key: &str) -> String {
    derive_accept_key(key.as_bytes())
}

impl Offer<'_> {
    /// The request (RFC 6455 §4.1, "the requirements for this handshake").
    ///
    /// # Errors
    /// Something that no request can carry; nothing that was checked is.
    pub(super) fn request(&self) -> Result<Request<Empty<Bytes>>, http::Error> {
        let mut request = Request::get(self.url.path_and_query()).body(Empty::new())?;
        let fields = request.headers_mut();
        fields.insert(header::HOST, value(self.url.authority())?);
        fields.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
        fields.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        fields.insert(header::SEC_WEBSOCKET_VERSION, PROTOCOL_VERSION);
        fields.insert(header::SEC_WEBSOCKET_KEY, value(&self.key)?);
        if !self.subprotocols.is_empty() {
            let names = self.subprotocols.join(", ");
            fields.insert(header::SEC_WEBSOCKET_PROTOCOL, value(&names)?);
        }
        if let Some(policy) = self.deflate {
            let offer = deflate::offer(policy).to_string();
            fields.insert(header::SEC_WEBSOCKET_EXTENSIONS, value(&offer)?);
        }
        for (name, value) in self.headers {
            fields.append(name, value.clone());
        }
        Ok(request)
    }

    /// Holds an answer with status 101 against the offer.
    ///
    /// # Errors
    /// The first fault in the order of RFC 6455 §4.1; the connection is to be failed.
    pub(super) fn check(
        &self,
        version: Version,
        headers: &HeaderMap,
    ) -> Result<Agreement, AnswerFault> {
        if version < Version::HTTP_11 {
            return Err(AnswerFault::HttpVersion);
        }
        let upgrade = only(headers, &header::UPGRADE);
        if !upgrade.is_some_and(|value| value.eq_ignore_ascii_case(b"websocket")) {
            return Err(AnswerFault::Upgrade);
        }
        if !elements(headers, &header::CONNECTION).any(|one| one.eq_ignore_ascii_case(b"upgrade")) {
            return Err(AnswerFault::Connection);
        }
        let expected = accept(&self.key);
        if only(headers, &header::SEC_WEBSOCKET_ACCEPT) != Some(expected.as_bytes()) {
            return Err(AnswerFault::Accept);
        }
        let deflate = self.check_extensions(headers)?;
        let subprotocol = self.check_subprotocol(headers)?;
        Ok(Agreement { subprotocol, deflate })
    }

    fn check_extensions(&self, headers: &HeaderMap) -> Result<Option<Agreed>, AnswerFault> {
        let lines = headers.get_all(header::SEC_WEBSOCKET_EXTENSIONS).iter();
        let agreed = parse_extensions(lines.map(HeaderValue::as_bytes))?;
        let Some((first, others)) = agreed.split_first() else { return Ok(None) };
        let Some(policy) = self.deflate else {
            return Err(AnswerFault::Extension { name: first.name.clone() });
        };
        let deflate = deflate::accept_answer(first, policy)?;
        // One was offered, so whatever else is there was not, be it the same once more.
        match others.first() {
            Some(other) => Err(AnswerFault::Extension { name: other.name.clone() }),
            None => Ok(Some(deflate)),
        }
    }

    fn check_subprotocol(&self, headers: &HeaderMap) -> Result<Option<String>, AnswerFault> {
        let mut values = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter();
        let Some(value) = values.next() else { return Ok(None) };
        if values.next().is_some() {
            return Err(AnswerFault::RepeatedSubprotocol);
        }
        let name = value.as_bytes().trim_ascii();
        let asked = self.subprotocols.iter().find(|asked| asked.as_bytes() == name);
        asked.cloned().map(Some).ok_or_else(|| AnswerFault::Subprotocol {
            name: String::from_utf8_lossy(name).into_owned(),
        })
    }
}

fn value(text: &str) -> Result<HeaderValue, InvalidHeaderValue> {
    HeaderValue::from_str(text)
}

/// The value of a field that stands there once, without the white space around it.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a [u8]> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    values.next().is_none().then(|| value.as_bytes().trim_ascii())
}

/// The elements of all fields of this name (RFC 9110 §5.6.1).
fn elements<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a [u8]> {
    let lists = headers.get_all(name).iter();
    lists.flat_map(|list| list.as_bytes().split(|&byte| byte == b',')).map(<[u8]>::trim_ascii)
}

/// Why an answer with status 101 opens no connection (RFC 6455 §4.1). The server is at fault.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum AnswerFault {
    /// It does not show that it has read the key.
    #[error("its Sec-WebSocket-Accept does not answer the key that was sent")]
    Accept,
    /// It does not say that the connection changes its protocol.
    #[error("its Connection field does not say `Upgrade`")]
    Connection,
    /// It agrees to permessage-deflate as it was not offered (RFC 7692 §7.1).
    #[error(transparent)]
    Deflate(#[from] AnswerError),
    /// It agrees to an extension that was not offered.
    #[error("it agrees to the extension {name:?}, which was not offered")]
    Extension {
        /// Which.
        name: String,
    },
    /// What it agrees to cannot be read (RFC 6455 §9.1).
    #[error(transparent)]
    Extensions(#[from] ExtensionError),
    /// It is one of HTTP/1.0, which knows no upgrade.
    #[error("it is not of HTTP/1.1")]
    HttpVersion,
    /// It chooses more than one subprotocol.
    #[error("it has more than one Sec-WebSocket-Protocol")]
    RepeatedSubprotocol,
    /// It chooses a subprotocol that was not offered.
    #[error("it chooses the subprotocol {name:?}, which was not offered")]
    Subprotocol {
        /// Which.
        name: String,
    },
    /// It changes to something else than a WebSocket.
    #[error("its Upgrade field does not say `websocket`")]
    Upgrade,
}
