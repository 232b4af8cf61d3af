//! A harness that starts the real host as a process and talks to it with clients that are not its
//! own.
//!
//! - [`TestHost`]: a host on a free port, with a folder of its own, that is killed when it is
//!   dropped.
//! - [`Client`]: a WebSocket client (tokio-tungstenite) that keeps a transcript; [`RawClient`]: one
//!   that writes frames by hand, for what no honest client sends; [`http`]: requests that do not
//!   become a session.
//! - [`Http2`]: an HTTP/2 client and WebSockets over it; [`tls`]: certificates, and clients that
//!   ask for them.
//! - [`Bridge`]: a way to the host by TLS or HTTP/2 for clients that speak neither.
//! - [`zoo`]: the index of the misbehaving guests.
//! - [`WebDriver`]: a browser.
//!
//! Every wait ends after [`DEADLINE`] with a panic that says what was waited for. Nothing here
//! returns an error: a test that cannot go on fails.

#![expect(
    clippy::disallowed_methods,
    reason = "a test's environment says where things are, and its tasks end with its runtime"
)]

pub mod artefacts;
mod bridge;
mod cli;
mod client;
mod deadline;
mod host;
pub mod http;
mod http2;
mod listing;
mod logs;
mod raw;
pub mod tls;
mod webdriver;
pub mod zoo;

pub use bridge::{Bridge, Transport};
pub use cli::Outcome;
pub use client::{Client, Closed};
pub use deadline::{DEADLINE, eventually, within, within_limit};
pub use host::{TestHost, TestHostBuilder};
pub use http2::{Http2, Http2Stream};
pub use listing::{Deployment, Principal, Revision, SessionRow};
pub use logs::LogFollower;
pub use raw::{Frame, RawClient};
pub use webdriver::WebDriver;
