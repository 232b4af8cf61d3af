//! Test an endpoint without a host: a plain `#[test]`, run by `cargo test` on your own machine.
//!
//! A [`Host`] serves one endpoint in the test's own process. It opens sessions, and for each there
//! is a [`Peer`], whom the test plays: it sends, it reads, it closes.
//!
//! ```
//! use sockhop_guest::testing::Host;
//! use sockhop_guest::{Endpoint, Message, OpenSessions, Result, Session, close_code, endpoint};
//!
//! /// Tells the room what its members say.
//! struct Room { name: String }
//!
//! #[endpoint("/room/{name}")]
//! impl Endpoint for Room {
//!     fn on_open(_session: Session, name: String) -> Result<Self> {
//!         Ok(Self { name })
//!     }
//!
//!     fn on_message(&mut self, message: String) -> Result<()> {
//!         OpenSessions::all().with_parameter("name", &self.name).broadcast(message)?;
//!         Ok(())
//!     }
//! }
//!
//! # fn main() -> Result {
//! // In a `#[test]` of your crate:
//! let host = Host::<Room>::new();
//! let ada = host.open("/room/tea")?;
//! let bob = host.open("/room/tea")?;
//! let eve = host.open("/room/coffee")?;
//!
//! ada.send("hello");
//! assert_eq!(bob.read(), Some(Message::from("hello")));
//! assert_eq!(eve.read(), None);
//!
//! ada.send(vec![1, 2, 3]); // This endpoint takes texts.
//! assert_eq!(ada.errors(), ["the peer sent a binary message where a text is expected"]);
//!
//! ada.close(close_code::NORMAL_CLOSURE, "bye");
//! assert!(ada.closed().is_some_and(|event| event.clean));
//! # Ok(())
//! # }
//! ```
//!
//! The crate of a component is a `cdylib`, and its tests stand in it, under `#[cfg(test)]`.
//!
//! # What holds here as on a host
//!
//! What the contract says: the order of events, what fails once a session is closed, how much a
//! queue and the properties take, what is held back, which close codes and phrases may be sent,
//! whom a broadcast or a publish reaches. An event is over when the function of [`Peer`] that
//! brought it about returns, and so are the events that came of it, such as the `on_close` of a
//! session that another one closed.
//!
//! A peer reads nothing until the test says so: what it is sent waits in its queue, and counts.
//!
//! # What does not
//!
//! - Time passes for timers alone, where a test says so ([`Host::advance`]): nothing is idle, and a
//!   peer that is sent a Close frame has answered it.
//! - An endpoint that asks in each `on_sent` for the next one, with nothing to be sent between,
//!   makes its test panic, where a host delivers one after another for ever.
//! - `send_and_wait` returns at once: what it waits for has left, and the peer reads it first.
//!   `on_sent` is called when the peer has read what was before its token.
//! - A panic is no trap: it ends the test.
//! - All sessions share one instance, as where the operator chooses `instancing = "shared"`,
//!   whatever their keys; other tests of the process share its `static`s as well.
//! - Nothing is limited but what [`Host`] names: a guest's memory and time are its own.
//!
//! This module is there in native builds only; in a component nothing of it is left.

mod agreement;
mod dialled;
mod handshake;
mod host;
mod peer;
mod refusal;
mod room;
mod route;

pub use self::dialled::Dialled;
pub use self::handshake::Handshake;
pub use self::host::Host;
pub use self::peer::Peer;
pub use self::refusal::NotOpened;
pub use crate::mock::{Control, SlowReader};

#[cfg(test)]
mod tests;
