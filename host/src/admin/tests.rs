//! The admin API over real sockets, with a made-up host behind it.

mod access;
mod deploys;
mod document;
mod fake;
mod harness;
mod lifecycle;
mod logs;
mod routes;
mod sockets;
