//! The body of a request: a component, or something that nobody wants.

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::{HeaderMap, body::Body, body::Incoming, header};
use tokio::time::timeout;

use super::{
    error::{ApiError, ErrorCode},
    limits::Limits,
};

/// Receives a body as a whole.
///
/// # Errors
///
/// Refuses one that is too large, as soon as that shows, and one that stands still.
pub(super) async fn receive(body: &mut Incoming, limits: &Limits) -> Result<Bytes, ApiError> {
    let limit = limits.component_max_bytes;
    if body.size_hint().lower() > limit as u64 {
        return Err(too_large(limit));
    }
    // Grows with what has come, as an announced length costs the caller nothing.
    let mut bytes = BytesMut::new();
    loop {
        let Ok(frame) = timeout(limits.body_idle_timeout, body.frame()).await else {
            return Err(ApiError::new(
                ErrorCode::Timeout,
                format!("no byte of the component has come for {:?}", limits.body_idle_timeout),
            ));
        };
        let Some(frame) = frame else { return Ok(bytes.freeze()) };
        let frame = frame.map_err(|error| {
            ApiError::new(ErrorCode::BadRequest, format!("the component broke off: {error}"))
        })?;
        let Ok(data) = frame.into_data() else { continue };
        if data.len() > limit - bytes.len() {
            return Err(too_large(limit));
        }
        bytes.extend_from_slice(&data);
    }
}

/// Reads what is left of a body and throws it away, within bounds. A connection that is closed
/// with unread data is reset, and a caller that is still sending would see that instead of the
/// answer.
pub(super) async fn discard(body: &mut Incoming, headers: &HeaderMap, limits: &Limits) {
    // Who waits for a 100 (RFC 9110 §10.1.1) has sent nothing yet, and will not.
    if headers.contains_key(header::EXPECT) {
        return;
    }
    let mut left = limits.component_max_bytes;
    let reading = async {
        while let Some(Ok(frame)) = body.frame().await {
            let length = frame.data_ref().map_or(0, Bytes::len);
            let Some(rest) = left.checked_sub(length) else { break };
            left = rest;
        }
    };
    // Either way there is an answer to give now.
    let _finished = timeout(limits.discard_timeout, reading).await;
}

fn too_large(limit: usize) -> ApiError {
    let message = format!("a component has at most {limit} bytes; strip this one of debug data");
    ApiError::new(ErrorCode::TooLarge, message)
}
