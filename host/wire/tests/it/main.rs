//! The machine from outside: bytes that a peer may send, and what is understood.

mod compression;
mod conformance;
mod frames;
mod round_trip;
mod splits;
mod violations;
