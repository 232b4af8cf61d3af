//! Answers: how they are written.

use std::convert::Infallible;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, combinators::UnsyncBoxBody};
use hyper::{
    Response, StatusCode,
    header::{self, HeaderName, HeaderValue},
};
use serde::Serialize;

/// The body of any answer.
pub(super) type AnswerBody = UnsyncBoxBody<Bytes, Infallible>;

/// The media type of answers.
pub(super) const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// The media type of logs: a JSON text for each line.
pub(super) const JSON_LINES: HeaderValue = HeaderValue::from_static("application/x-ndjson");

/// An answer in JSON.
pub(super) fn json(status: StatusCode, body: &impl Serialize) -> Response<AnswerBody> {
    match serde_json::to_vec(body) {
        Ok(text) => answer(status, JSON, whole(text)),
        Err(error) => {
            tracing::error!(%error, "an answer of the admin API cannot be written as JSON");
            answer(StatusCode::INTERNAL_SERVER_ERROR, JSON, whole(Bytes::new()))
        }
    }
}

/// An answer of any kind.
pub(super) fn answer(
    status: StatusCode,
    media_type: HeaderValue,
    body: AnswerBody,
) -> Response<AnswerBody> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let fields: [(HeaderName, HeaderValue); 3] = [
        (header::CONTENT_TYPE, media_type),
        // The state of the host is out of date at once.
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        // Guests choose some of the text. No browser is to take it for a page.
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    response.headers_mut().extend(fields);
    response
}

/// A body that is there as a whole.
pub(super) fn whole(bytes: impl Into<Bytes>) -> AnswerBody {
    Full::new(bytes.into()).boxed_unsync()
}
