//! Write WebSocket endpoints that Sockhop runs as sandboxed Wasm components.
//!
//! A whole component: it answers each message with the message itself.
//!
//! ```
//! use sockhop_guest::{Endpoint, Message, Result, Session, endpoint, export};
//!
//! struct Echo;
//!
//! #[endpoint("/echo", max_message_size = 16 * 1024 * 1024)]
//! impl Endpoint for Echo {
//!     fn on_open(_session: Session) -> Result<Self> {
//!         Ok(Echo)
//!     }
//!
//!     fn on_message(&mut self, message: Message) -> Result<Message> {
//!         Ok(message)
//!     }
//! }
//!
//! export!(Echo);
//! # fn main() {}
//! ```
//!
//! Its crate has `crate-type = ["cdylib"]` and is built with
//! `cargo build --release --target wasm32-wasip2`; `sockhop run` takes the file that results.
//!
//! # What an endpoint is
//!
//! For each session that opens there is one value of the endpoint's type: made in
//! [`Endpoint::on_open`], given each event in turn, dropped after [`Endpoint::on_close`]. State
//! that belongs to a session is a field; state that is shared goes through the host, as
//! properties of sessions and as messages, because the host may serve every session from an
//! instance of its own, where a `static` is shared with nobody. Where the operator chooses
//! `instancing = "keyed"`, the sessions with one key (a room, a document) share an instance, and
//! its `static`s are what they have in common.
//!
//! # Typed messages
//!
//! [`Endpoint::on_message`] takes what [`Decode`]s and returns what [`Encode`]s, an `Option` of
//! it, or nothing:
//!
//! ```
//! use serde::{Deserialize, Serialize};
//! use sockhop_guest::{Endpoint, Json, Result, Session, SessionError, endpoint, export, log};
//!
//! #[derive(Deserialize)]
//! struct Question { a: i64, b: i64 }
//!
//! #[derive(Serialize)]
//! struct Answer { sum: Option<i64> }
//!
//! struct Adder { session: Session }
//!
//! #[endpoint("/add/{client}", subprotocols = ["add.v1"])]
//! impl Endpoint for Adder {
//!     fn on_open(session: Session) -> Result<Self> {
//!         let client = session.path_parameter("client").unwrap_or_default();
//!         log::info!("{client} is here to add");
//!         Ok(Adder { session })
//!     }
//!
//!     fn on_message(&mut self, Json(q): Json<Question>) -> Result<Option<Json<Answer>>> {
//!         Ok(Some(Json(Answer { sum: q.a.checked_add(q.b) })))
//!     }
//!
//!     // A message that is no question comes here, and the session goes on.
//!     fn on_error(&mut self, error: SessionError) {
//!         if let Err(error) = self.session.send(error.to_string()) {
//!             log::warn!("{error}");
//!         }
//!     }
//! }
//!
//! export!(Adder);
//! # fn main() {}
//! ```
//!
//! Several types are taken by an enum with `#[derive(Decode)]`: see [`Decode`]. A path's variables
//! are parameters of `on_open`, each with a type: see [`endpoint`](macro@endpoint).
//!
//! # Test it
//!
//! [`testing`] opens endpoints in plain `#[test]`s, without a host and without Wasm:
//!
//! ```
//! # use sockhop_guest::{Endpoint, Message, Result, Session, endpoint};
//! # struct Echo;
//! # #[endpoint("/echo")]
//! # impl Endpoint for Echo {
//! #     fn on_open(_session: Session) -> Result<Self> { Ok(Echo) }
//! #     fn on_message(&mut self, message: Message) -> Result<Message> { Ok(message) }
//! # }
//! # fn main() -> Result {
//! let peer = sockhop_guest::testing::Host::<Echo>::new().open("/echo")?;
//! peer.send("hello");
//! assert_eq!(peer.read(), Some(Message::from("hello")));
//! # Ok(())
//! # }
//! ```
//!
//! # The rest
//!
//! - [`Session`]: identity, principal, properties, limits, sending and waiting for it, closing.
//! - [`OpenSessions`]: the endpoint's other sessions, and broadcasts to them.
//! - [`Topic`]: sessions that are sent to together, whatever brings them together.
//! - [`PartialEndpoint`] and [`OutgoingMessage`]: messages piece by piece, in and out.
//! - [`BatchEndpoint`]: several messages in one call.
//! - [`Session::start_timer`] and [`Endpoint::on_timer`]: to be called at a time.
//! - [`Configurator`]: accept or reject handshakes.
//! - [`Connect`]: connections to other servers, which are sessions too.
//! - [`InstanceKeys`]: say which sessions share an instance.
//! - [`Layer`]: what is wrapped around an endpoint and sees each of its events first.
//! - [`Error`]: what the functions above fail with; everything converts into it.
//! - [`log`]: the facade. What is logged goes to the deployment's log, from [`logging`]'s level on.

// What the macros write names the crate as others know it.
#[cfg(test)]
extern crate self as sockhop_guest;

pub mod logging;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;

mod batch;
#[doc(hidden)]
pub mod bindings;
mod close;
mod coder;
mod configurator;
mod connect;
mod dispatch;
mod endpoint;
mod error;
mod events;
mod export;
mod handshake;
mod host;
mod keys;
mod layer;
mod message;
#[cfg(not(target_arch = "wasm32"))]
mod mock;
mod open_sessions;
mod outgoing;
mod parameter;
mod send;
mod session;
mod topic;

pub use batch::{Batch, MessageRef, Messages};
pub use close::{CloseCause, CloseEvent, CloseReason, Initiator, close_code};
pub use coder::{Decode, DecodeError, Encode, EncodeError, IntoReply, Json};
pub use configurator::{Configurator, Decision};
pub use connect::{
    Connect, ConnectError, Connected, Connecting, Container, ServerAnswer, SessionDefaults,
};
pub use endpoint::{
    BatchEndpoint, ClientEndpoint, Endpoint, EndpointConfig, PartialEndpoint, ServerEndpoint,
    SessionError,
};
pub use error::{Error, Result};
pub use handshake::{Extension, HandshakeRequest};
pub use keys::{INSTANCE_KEY_BYTES_MAX, InstanceKeys};
pub use layer::{Layer, Layered};
pub use log;
pub use message::Message;
pub use open_sessions::{BroadcastOutcome, OpenSessions, PAGE_IDS_MAX};
pub use outgoing::OutgoingMessage;
pub use parameter::PathParameterError;
pub use send::{CloseError, ControlError, PropertyError, QueueStatus, SendError, WriteError};
pub use session::{NotifyError, Principal, Session, TimerError, WaitError};
pub use sockhop_guest_macros::{Decode, Encode, client_endpoint, endpoint};
pub use topic::{Topic, TopicError};

/// What the macros of this crate write in yours. No part of what this crate promises.
#[doc(hidden)]
pub mod __private {
    pub use crate::batch::Span;
    pub use crate::bindings;
    pub use crate::coder::Chain;
    pub use crate::configurator::{Accepted, Parts, decide};
    pub use crate::dispatch::{Component, Entry, Exported, OpenSession, Opened, describe};
    pub use crate::keys::instance_key;
    pub use crate::parameter::path_parameter;
    pub use sockhop_guest_macros::{export_configurator, export_keys, export_with};
    pub use wit_bindgen;
}
