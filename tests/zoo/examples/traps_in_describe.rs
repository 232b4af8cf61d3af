//! Traps when it is asked for its endpoints.

use sockhop_guest::{Endpoint, EndpointConfig, Message, Result, ServerEndpoint, Session, export};

struct TrapsInDescribe;

impl Endpoint for TrapsInDescribe {
    type Incoming = Message;
    type Reply = Message;

    fn on_open(_session: Session) -> Result<Self> {
        Ok(Self)
    }

    fn on_message(&mut self, message: Message) -> Result<Message> {
        Ok(message)
    }
}

impl ServerEndpoint for TrapsInDescribe {
    const PATH: &'static str = "/traps-in-describe";

    fn config() -> EndpointConfig {
        panic!("this guest does not say what it serves")
    }
}

export!(TrapsInDescribe);
