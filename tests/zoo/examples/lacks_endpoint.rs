//! Says what it serves, and exports nothing that could serve it.

#![expect(missing_docs, unsafe_code, reason = "generated bindings, which are unsafe at the border")]

wit_bindgen::generate!({
    path: "../../wit",
    inline: "
        package zoo:lacks-endpoint;
        world lacks-endpoint {
            export sockhop:websocket/deployment@0.1.0;
        }
    ",
    world: "zoo:lacks-endpoint/lacks-endpoint",
    generate_all,
});

use exports::sockhop::websocket::deployment::{EndpointConfig, Guest};

struct LacksEndpoint;

impl Guest for LacksEndpoint {
    fn describe() -> Vec<EndpointConfig> {
        vec![EndpointConfig {
            path: "/lacks-endpoint".to_owned(),
            subprotocols: Vec::new(),
            max_message_size: None,
            properties: Vec::new(),
        }]
    }
}

export!(LacksEndpoint);
