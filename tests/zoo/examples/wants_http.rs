//! Imports what no guest is granted: HTTP.

#![expect(missing_docs, reason = "the generated bindings of an interface that is not ours")]

use sockhop_guest::{Endpoint, Message, Result, Session, endpoint, export};

// The one function of the real interface that stands alone; the host refuses the whole.
wit_bindgen::generate!({
    inline: "
        package zoo:wants-http;
        world wants-http {
            import wasi:http/types@0.2.0;
        }
        package wasi:http@0.2.0 {
            interface types {
                resource fields {
                    constructor();
                }
            }
        }
    ",
    world: "zoo:wants-http/wants-http",
    generate_all,
});

struct WantsHttp;

#[endpoint("/wants-http")]
impl Endpoint for WantsHttp {
    fn on_open(_session: Session) -> Result<Self> {
        Ok(Self)
    }

    fn on_message(&mut self, message: Message) -> Result<Message> {
        drop(wasi::http::types::Fields::new());
        Ok(message)
    }
}

export!(WantsHttp);
