//! The host as its users meet it: a process, its port, its command line. One module for each thing
//! that it promises.

#![expect(clippy::disallowed_methods, reason = "the tasks of a test end with its runtime")]

mod admission;
mod api;
mod assets;
mod backpressure;
mod browser;
mod browser_tls;
mod capacity;
mod cli;
mod close;
mod component;
mod config;
mod configurator;
mod connect;
mod controls;
mod deploy;
mod echo;
mod endpoint_settings;
mod errors;
mod folder;
mod handshake;
mod hostile;
mod http2;
mod logs;
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
mod thousand;
mod tidy;
mod tls;
mod traps;
mod unix;
mod unread;
mod walls;
