//! The opening handshake over HTTP/2 (RFC 8441 §5): an extended CONNECT, which needs none of the
//! fields by which HTTP/1.1 changes its protocol.

use hyper::header::{self, HeaderMap};
use hyper::{Method, Uri};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::{Form, Handshake, Refusal, announces_body, check_version, fields, read_key};
use super::{read_host, read_origin};

/// The `:protocol` of a WebSocket.
const PROTOCOL: &str = "websocket";

impl Handshake {
    /// Checks the head of an HTTP/2 request; `protocol` is its `:protocol`, where it has one. The
    /// extensions that it offers are not looked at.
    ///
    /// A key is not needed, and answered where one came, as there are clients that wait for it. A
    /// version is not needed either, and is 13 where one came.
    ///
    /// # Errors
    /// The first [`Refusal`]. [`Refusal::NotExtendedConnect`] says that the request is none of this
    /// function's business: the caller may have another answer for it.
    pub fn read_http2(
        method: &Method,
        protocol: Option<&str>,
        uri: &Uri,
        headers: &HeaderMap,
    ) -> Result<Self, Refusal> {
        let protocol = protocol.filter(|_| method == Method::CONNECT);
        let protocol = protocol.ok_or(Refusal::NotExtendedConnect)?;
        if !protocol.eq_ignore_ascii_case(PROTOCOL) {
            return Err(Refusal::UnknownProtocol);
        }
        let scheme = uri.scheme_str();
        if !scheme.is_some_and(|scheme| ["http", "https"].contains(&scheme))
            || !uri.path().starts_with('/')
        {
            return Err(Refusal::BadTarget);
        }
        let key = headers.contains_key(header::SEC_WEBSOCKET_KEY).then(|| read_key(headers));
        let key = key.transpose()?;
        if headers.contains_key(header::SEC_WEBSOCKET_VERSION) {
            check_version(headers).map_err(|refusal| match refusal {
                Refusal::UnsupportedVersion => Refusal::UnsupportedHttp2Version,
                other => other,
            })?;
        }
        if announces_body(headers) {
            return Err(Refusal::Body);
        }
        let host = read_host(uri, headers, true)?;
        let origin = read_origin(headers)?;
        let subprotocols = fields::subprotocols(headers)?;
        let accept = key.map(|key| derive_accept_key(key.as_bytes()));
        Ok(Self { form: Form::ExtendedConnect, accept, subprotocols, origin, host })
    }
}
