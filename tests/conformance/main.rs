//! Suites, clients and servers of others, guests in other languages, and what is asked of an
//! endpoint's container, against the real host. `make conformance` installs what they need; `make
//! test` runs those that are called `quick`.

#![expect(
    clippy::disallowed_methods,
    reason = "the tasks of a test end with its runtime, and the Makefile says where things are"
)]

mod autobahn;
mod clients;
mod jakarta;
mod peers;
mod polyglot;
