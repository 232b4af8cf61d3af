//! Suites and clients of others, and guests in other languages, against the real host. `make
//! conformance` installs what they need; `make test` runs those that are called `quick`.

mod autobahn;
mod clients;
mod polyglot;
