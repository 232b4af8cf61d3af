//! Who answers a guest's calls: the host, or in a native build the mock behind `testing`.
//!
//! Both have the contract's functions by the names and types that the bindings give them, so the
//! rest of the crate is written once. A function that is new in `wit/` and called here needs its
//! like in `mock`; a native build fails until it is there.

#[cfg(target_arch = "wasm32")]
pub(crate) use crate::bindings::sockhop::websocket::{
    container, session, sessions, timers, topics,
};
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use crate::mock::{container, session, sessions, timers, topics};

use crate::bindings::sockhop::websocket::session as wit;

/// The handle that a host gives to `endpoint.open`.
#[cfg(target_arch = "wasm32")]
pub(crate) fn given(handle: wit::Session) -> session::Session {
    handle
}

/// The handle that a host gives to `endpoint.open`: never, in a native build.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) fn given(_handle: wit::Session) -> session::Session {
    unreachable!("only a host calls a component's exports; a test opens it by `testing::Host`")
}
