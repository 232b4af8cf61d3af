//! What may come from outside, held to laws: nothing panics, nothing is without end, and two ways
//! to the same answer agree.
//!
//! A target is a function of bytes that panics where a law is broken. It is called with committed
//! seeds and mutations of them in the tests of this package, and by libFuzzer in `make fuzz`.

#![forbid(unsafe_code)]

mod deflate;
mod extensions;
mod forwarded;
mod frames;
mod handshake;
mod input;
pub mod mutate;
mod proxy;
mod random;
mod templates;

pub use random::Random;

/// Something that takes bytes from outside.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name, which is that of its folder of seeds.
    pub name: &'static str,
    /// Panics where a law is broken.
    pub run: fn(&[u8]),
}

/// All targets.
pub const TARGETS: &[Target] = &[
    Target { name: "frames", run: frames::target },
    Target { name: "deflate", run: deflate::target },
    Target { name: "extensions", run: extensions::target },
    Target { name: "handshake", run: handshake::target },
    Target { name: "templates", run: templates::target },
    Target { name: "proxy", run: proxy::target },
    Target { name: "forwarded", run: forwarded::target },
];

/// The target of this name.
#[must_use]
pub fn target(name: &str) -> Option<Target> {
    TARGETS.iter().copied().find(|target| target.name == name)
}
