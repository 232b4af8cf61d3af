//! Whoever wants to see a handshake go by.

use hyper::header::HeaderMap;
use hyper::{StatusCode, Uri};

use super::websocket_url::WebSocketUrl;

/// Sees what is asked of servers and what they answer, each time a redirect is followed too; what
/// is said to a proxy is not shown.
pub trait Observer: Send + Sync {
    /// This is about to be asked at a URL, in a GET request with this target.
    fn asked(&self, url: &WebSocketUrl, target: &Uri, headers: &HeaderMap);

    /// This was answered, whatever it is worth.
    fn answered(&self, status: StatusCode, headers: &HeaderMap);
}

/// Looks away.
impl Observer for () {
    fn asked(&self, _url: &WebSocketUrl, _target: &Uri, _headers: &HeaderMap) {}

    fn answered(&self, _status: StatusCode, _headers: &HeaderMap) {}
}
