//! Load for WebSocket echoes, and the benchmarks that are made of it.
//!
//! From the inside out: [`frame`] builds what is sent, [`reply`] counts what comes back, `client`
//! is one connection, [`fleet`] drives many from one thread at the pace and for the time that
//! [`load`] names. [`server`] runs a server under test as a child process, [`rivals`] knows how
//! each is started, [`pin`] gives it a CPU and [`process`] reads what it used. [`mod@bench`]
//! compares the rivals and [`report`] prints what it found; [`neighbours`] puts an echo beside
//! guests that misbehave, provoked by [`hostile`], and [`verdict`] prints what that did to it.

pub mod bench;
mod client;
pub mod fleet;
pub mod frame;
pub mod hostile;
pub mod load;
pub mod machine;
pub mod neighbours;
pub mod pin;
pub mod process;
pub mod reply;
pub mod report;
pub mod rivals;
mod schedule;
pub mod server;
pub mod table;
pub mod verdict;
