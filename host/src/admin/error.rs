//! Why a request is not answered as it was meant, and the answer that it gets.

use hyper::{
    Method, Response, StatusCode,
    header::{self, HeaderValue},
};

use super::{
    OperatorError, OperatorErrorKind,
    answer::{AnswerBody, json},
    model::{ErrorBody, ErrorDetail},
};

/// An error as the API tells it.
#[derive(Clone, Debug)]
pub(super) struct ApiError {
    code: ErrorCode,
    message: String,
    allow: Option<HeaderValue>,
}

impl ApiError {
    pub(super) fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), allow: None }
    }

    /// The path is known, the method is not (RFC 9110 §15.5.6).
    pub(super) fn method_not_allowed(allowed: &[Method]) -> Self {
        let names: Vec<_> = allowed.iter().map(Method::as_str).collect();
        let names = names.join(", ");
        let allow = HeaderValue::from_str(&names).ok();
        Self { allow, ..Self::new(ErrorCode::MethodNotAllowed, format!("use {names} here")) }
    }

    pub(super) fn answer(self) -> Response<AnswerBody> {
        let code = self.code.as_str().to_owned();
        let body = ErrorBody { error: ErrorDetail { code, message: self.message } };
        let mut response = json(self.code.status(), &body);
        let headers = response.headers_mut();
        // What is left of the request is not read, so the connection cannot be used again. And a
        // caller without the token is not to keep one.
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        if let Some(allow) = self.allow {
            headers.insert(header::ALLOW, allow);
        }
        if self.code == ErrorCode::Unauthorized {
            let challenge = HeaderValue::from_static("Bearer realm=\"sockhop\"");
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

impl From<OperatorError> for ApiError {
    fn from(error: OperatorError) -> Self {
        let code = match error.kind {
            OperatorErrorKind::AtCapacity => ErrorCode::AtCapacity,
            OperatorErrorKind::Busy => ErrorCode::Busy,
            OperatorErrorKind::Internal => ErrorCode::Internal,
            OperatorErrorKind::NotFound => ErrorCode::NotFound,
            OperatorErrorKind::Refused => ErrorCode::Refused,
        };
        Self::new(code, error.message)
    }
}

/// What a program needs to know of an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ErrorCode {
    AtCapacity,
    BadName,
    BadRequest,
    Busy,
    Forbidden,
    Internal,
    MethodNotAllowed,
    NotFound,
    Refused,
    Timeout,
    TooLarge,
    Unauthorized,
    UnsupportedMediaType,
}

impl ErrorCode {
    /// All codes, for the test that holds them against the API's document.
    #[cfg(test)]
    pub(super) const ALL: [Self; 13] = [
        Self::AtCapacity,
        Self::BadName,
        Self::BadRequest,
        Self::Busy,
        Self::Forbidden,
        Self::Internal,
        Self::MethodNotAllowed,
        Self::NotFound,
        Self::Refused,
        Self::Timeout,
        Self::TooLarge,
        Self::Unauthorized,
        Self::UnsupportedMediaType,
    ];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::AtCapacity => "at_capacity",
            Self::BadName => "bad_name",
            Self::BadRequest => "bad_request",
            Self::Busy => "busy",
            Self::Forbidden => "forbidden",
            Self::Internal => "internal",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::NotFound => "not_found",
            Self::Refused => "refused",
            Self::Timeout => "timeout",
            Self::TooLarge => "too_large",
            Self::Unauthorized => "unauthorized",
            Self::UnsupportedMediaType => "unsupported_media_type",
        }
    }

    /// The one mapping from errors to HTTP.
    pub(super) fn status(self) -> StatusCode {
        match self {
            Self::AtCapacity => StatusCode::SERVICE_UNAVAILABLE,
            Self::BadName | Self::BadRequest => StatusCode::BAD_REQUEST,
            Self::Busy => StatusCode::CONFLICT,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Refused => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Timeout => StatusCode::REQUEST_TIMEOUT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        }
    }
}
