//! Load for WebSocket echoes, and the benchmarks that are made of it.
//!
//! From the inside out: [`frame`] builds what is sent, [`reply`] counts what comes back, `client`
//! is one connection, [`fleet`] drives many from one thread at the pace and for the time that
//! [`load`] names; [`fan_out`] lets a few publish to many, and [`churn`] lets connections come and
//! go. [`server`] runs a server under test as a child process, [`rivals`] knows how each is
//! started, [`serve`] is what the plain ones have in common, [`pin`] gives it a CPU and [`process`]
//! reads what it used. [`mod@bench`] compares the rivals, [`mod@idle`] weighs their connections,
//! [`bar`] holds our own against the best of them, and [`report`] prints what was found;
//! [`neighbours`] puts an echo beside guests that misbehave, provoked by [`hostile`], and
//! [`verdict`] prints what that did to it. [`exports`] puts echoes that export one optional thing
//! each beside one that exports none.

pub mod bar;
pub mod bench;
pub mod churn;
mod client;
pub mod exports;
pub mod fan_out;
pub mod fleet;
pub mod frame;
pub mod hostile;
pub mod idle;
pub mod limits;
pub mod load;
pub mod machine;
pub mod neighbours;
pub mod pin;
mod poll;
pub mod process;
pub mod ratio;
pub mod reply;
pub mod report;
pub mod rivals;
mod schedule;
mod script;
pub mod serve;
pub mod server;
pub mod table;
mod usage;
pub mod verdict;
