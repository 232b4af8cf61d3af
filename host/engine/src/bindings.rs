//! The contract in `wit/`, as wasmtime's generator renders it.

mod generated {
    wasmtime::component::bindgen!({
        path: "../../wit",
        world: "all-exports",
        exports: { default: async },
        imports: {
            "sockhop:websocket/container.[method]connecting.wait": async | trappable,
            "sockhop:websocket/session.[method]session.send-and-wait": async | trappable,
            default: trappable,
        },
        // A message is lowered into the guest from where it lies, without a copy of the host's.
        ownership: Borrowing { duplicate_if_necessary: true },
        with: {
            "sockhop:websocket/session.session": crate::ctx::SessionRef,
            "sockhop:websocket/session.outgoing-message": crate::ctx::OutgoingMessage,
            "sockhop:websocket/container.connecting": crate::container_host::Connecting,
        },
    });
}

pub(crate) use generated::exports::sockhop::websocket::{
    batches, completions, configurator, deployment, endpoint, keys, parts, pongs, timer_events,
};
pub(crate) use generated::sockhop::websocket::{
    container, session, sessions, timers, topics, types,
};
