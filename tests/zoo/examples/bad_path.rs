//! Describes a path that is no URI template.

use sockhop_guest::{Endpoint, EndpointConfig, Message, Result, ServerEndpoint, Session, export};

struct BadPath;

impl Endpoint for BadPath {
    type Incoming = Message;
    type Reply = Message;

    fn on_open(_session: Session) -> Result<Self> {
        Ok(Self)
    }

    fn on_message(&mut self, message: Message) -> Result<Message> {
        Ok(message)
    }
}

// By hand: `#[endpoint]` would refuse the path.
impl ServerEndpoint for BadPath {
    const PATH: &'static str = "chat/{room";

    fn config() -> EndpointConfig {
        EndpointConfig {
            path: Self::PATH.to_owned(),
            subprotocols: Vec::new(),
            max_message_size: None,
            properties: Vec::new(),
        }
    }
}

export!(BadPath);
