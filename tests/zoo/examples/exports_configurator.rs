//! An echo that exports a configurator, which accepts each handshake and marks its answer.

use sockhop_guest::{
    Configurator, Decision, Endpoint, HandshakeRequest, Message, Result, Session, endpoint, export,
};

struct Echo;

#[endpoint("/exports-configurator")]
impl Endpoint for Echo {
    fn on_open(_session: Session) -> Result<Self> {
        Ok(Self)
    }

    fn on_message(&mut self, message: Message) -> Result<Message> {
        Ok(message)
    }
}

struct Doorkeeper;

impl Configurator for Doorkeeper {
    fn handshake(_endpoint_path: &str, request: HandshakeRequest) -> Decision {
        Decision::accept(&request).header("x-export", "configurator")
    }
}

export!(Echo; configurator = Doorkeeper);
