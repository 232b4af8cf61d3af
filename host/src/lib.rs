//! The host of Sockhop: WebSocket endpoints in WebAssembly, deployed without dropping a connection.
//!
//! | module | job |
//! |---|---|
//! | [`config`] | the only reader of flags, environment and file |
//! | [`app`] | wiring: from a configuration to a host that runs |
//! | [`server`] | listening, TLS, proxies, admission, handshakes, upgrades |
//! | [`connect`] | the client's role: from a URL to an open connection |
//! | [`connection`] | one task a socket, from `open` to `on-close` |
//! | [`deployments`] | what is deployed: revisions, routes, draining |
//! | [`registry`] | the open sessions, by endpoint |
//! | [`admin`] | the HTTP API for operators, and its client |
//! | [`telemetry`] | the host's own log |
//! | [`cli`] | one file a verb |

#![forbid(unsafe_code)]

pub mod admin;
pub mod app;
pub mod cli;
pub mod config;
pub mod connect;
pub mod connection;
pub mod deployments;
pub mod registry;
pub mod server;
pub mod telemetry;
mod unix_socket;
