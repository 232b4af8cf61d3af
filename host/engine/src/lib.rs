//! The sandbox of Sockhop: compiles guest components, makes instances of them, and calls them
//! within budgets.
//!
//! This is the only crate that names wasmtime. What it serves and calls is the contract in `wit/`;
//! what it shows to the rest of the host is in terms of `sockhop_session`.
//!
//! The way from bytes to a guest that serves a session:
//!
//! 1. [`Engine::load`] compiles a component and checks that it fits the contract: a [`Program`];
//! 2. [`Guest::new`] joins it with the operator's settings, and [`Guest::describe`] asks for its
//!    endpoints;
//! 3. [`Seats`] hold the instances of one endpoint, one for each session, one for each key, or
//!    shared by all;
//! 4. [`Seats::decide`] gives a handshake its [`Seat`], which becomes the session's
//!    [`GuestSession`].

mod bindings;
mod caller;
mod capacity;
mod clock;
mod container;
mod container_host;
mod convert;
mod ctx;
mod delivery;
mod ending;
mod engine;
mod fault;
mod guest;
mod instance;
mod keyed;
mod lane;
mod limits;
mod output;
mod pace;
mod patience;
mod program;
mod seats;
mod session_host;
mod sessions_host;
mod shard;
#[cfg(test)]
mod tests;
mod timers_host;
mod topics_host;

pub use capacity::{Capacity, CapacityError};
pub use container::{
    ConnectOptions, ConnectRefusal, Container, NoContainer, Opened, Pending, Seating, ServerAnswer,
    SessionDefaults, Surroundings,
};
pub use engine::{Engine, EngineConfig, EngineError};
pub use guest::{DescribeError, Guest, GuestSettings};
pub use keyed::{KEY_BYTES_MAX, KeyError, KeySource};
pub use output::{GuestOutput, Stream};
pub use program::{LoadError, Program};
pub use seats::{GuestSession, Instancing, Seat, SeatError, Seats};
