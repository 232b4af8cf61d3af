//! The host as its users meet it: a process, its port, its command line. One module for each thing
//! that it promises.

#![expect(clippy::disallowed_methods, reason = "the tasks of a test end with its runtime")]

mod admission;
mod agreement;
mod api;
mod assets;
mod backpressure;
mod batches;
mod browser;
mod browser_tls;
mod capacity;
mod catch_all;
mod cli;
mod close;
mod completions;
mod component;
mod config;
mod configurator;
mod connect;
mod controls;
mod deploy;
mod echo;
mod endpoint_settings;
mod errors;
mod exports;
mod folder;
mod handshake;
mod hostile;
mod http2;
mod keyed;
mod logs;
mod outgoing;
mod parts;
mod protocol;
mod proxies;
mod python;
mod refused;
mod replace;
mod repository;
mod sandbox;
mod sessions;
mod shared;
mod shutdown;
mod silence;
mod terminal;
mod thousand;
mod tidy;
mod timers;
mod tls;
mod topics;
mod traps;
mod tuning;
mod unix;
mod unread;
mod walls;
