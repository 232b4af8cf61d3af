//! Describes no endpoint at all.

#![expect(missing_docs, unsafe_code, reason = "generated bindings, which are unsafe at the border")]

// By hand: the SDK's `export!` wants at least one.
wit_bindgen::generate!({
    path: "../../wit",
    world: "sockhop:websocket/endpoints",
});

use exports::sockhop::websocket::deployment::{EndpointConfig, Guest as Deployment};
use exports::sockhop::websocket::endpoint::{
    CloseEvent, Endpoint, Guest, GuestEndpoint, Message, Session, SessionError,
};

struct NoEndpoints;

impl Deployment for NoEndpoints {
    fn describe() -> Vec<EndpointConfig> {
        Vec::new()
    }
}

impl Guest for NoEndpoints {
    type Endpoint = Self;
}

impl GuestEndpoint for NoEndpoints {
    fn open(_session: Session) -> Result<Endpoint, String> {
        Err("there is no endpoint to open".to_owned())
    }

    fn on_message(&self, _message: Message) -> Result<Option<Message>, String> {
        Ok(None)
    }

    fn on_error(&self, _error: SessionError) {}

    fn on_close(&self, _event: CloseEvent) -> Result<(), String> {
        Ok(())
    }
}

export!(NoEndpoints);
