//! The admin API: how an operator watches and changes a running host, over HTTP and JSON.
//!
//! [`AdminServer`] serves it, at a loopback address or a Unix socket, to whoever has the token.
//! [`AdminClient`] speaks it; the command line's verbs are made of its methods. Both share the
//! messages in [`model`]. What the API asks of the host is one trait, [`Operator`].
//!
//! `admin/openapi.json` describes the API, and a test holds it against the server.

mod access;
mod answer;
mod bind;
mod body;
mod client;
mod deployments;
mod error;
mod limits;
mod logs;
pub mod model;
mod operator;
mod overview;
mod query;
mod route;
mod server;
#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test awaits its tasks or outlives them")]
mod tests;

pub use self::{
    bind::BindError,
    client::{AdminClient, ClientError, LogLines},
    limits::{
        BODY_IDLE_TIMEOUT, COMPONENT_MAX_BYTES, CONNECTIONS_MAX, DISCARD_TIMEOUT, FOLLOWERS_MAX,
        HEADER_TIMEOUT, HEADERS_MAX, REQUEST_HEAD_MAX_BYTES, SESSIONS_LISTED_MAX, SHUTDOWN_TIMEOUT,
        UPLOAD_TURN_TIMEOUT, UPLOADS_MAX,
    },
    operator::{HostStatus, Operator, OperatorError, OperatorErrorKind},
    server::AdminServer,
};
