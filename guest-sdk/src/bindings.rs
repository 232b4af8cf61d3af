//! What the contract in `wit/` looks like in Rust: generated, and nobody's face.
//!
//! The world is `endpoints` and not `configured-endpoints`: what stands in this crate's
//! component type must be exported by every component that links it, and most decide about no
//! handshake. The configurator's part is generated in the crate that has one (`export!`).

wit_bindgen::generate!({
    path: "../wit",
    world: "endpoints",
    pub_export_macro: true,
    additional_type_attributes: {
        "sockhop:websocket/types@0.1.0/message": [#[derive(PartialEq, Eq)]],
        "sockhop:websocket/types@0.1.0/close-reason": [#[derive(PartialEq, Eq)]],
        "sockhop:websocket/types@0.1.0/close-event": [#[derive(PartialEq, Eq)]],
        "sockhop:websocket/types@0.1.0/extension": [#[derive(PartialEq, Eq)]],
        "sockhop:websocket/types@0.1.0/principal": [#[derive(PartialEq, Eq)]],
        "sockhop:websocket/types@0.1.0/endpoint-config": [#[derive(PartialEq, Eq)]],
        "sockhop:websocket/types@0.1.0/handshake-request": [#[derive(PartialEq, Eq)]],
        "sockhop:websocket/session@0.1.0/queue-status": [#[derive(PartialEq, Eq)]],
        "sockhop:websocket/sessions@0.1.0/broadcast-outcome": [#[derive(PartialEq, Eq)]],
    },
});
