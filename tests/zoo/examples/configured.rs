//! Decides about each handshake as the query's `do` tells it, and says on any text which
//! subprotocol and property its session has.

#![expect(clippy::print_stderr, reason = "standard error is the deployment's log")]

use std::thread::sleep;
use std::time::Duration;

use sockhop_guest::{
    Configurator, Decision, Endpoint, HandshakeRequest, Message, Result, Session, endpoint, export,
};

/// How long a slow handshake takes: long enough for a deploy.
const SLOW: Duration = Duration::from_secs(1);

struct Configured {
    session: Session,
}

#[endpoint("/configured", subprotocols = ["a", "b"], properties = [("role", "nobody")])]
impl Endpoint for Configured {
    fn on_open(session: Session) -> Result<Self> {
        Ok(Self { session })
    }

    fn on_message(&mut self, _message: Message) -> Result<Message> {
        let role = self.session.text_property("role");
        Ok(format!("subprotocol={:?} role={role:?}", self.session.subprotocol()).into())
    }
}

struct Doorkeeper;

impl Configurator for Doorkeeper {
    fn handshake(endpoint_path: &str, request: HandshakeRequest) -> Decision {
        match request.query_parameter("do").as_deref() {
            None => Decision::accept(&request),
            Some("choose") => Decision::accept(&request)
                .subprotocol(Some("b"))
                .header("x-endpoint", endpoint_path)
                .property("role", "guest"),
            Some("slow") => {
                eprintln!("a slow handshake begins");
                sleep(SLOW);
                Decision::accept(&request)
            }
            Some("deny") => Decision::reject(403).header("x-reason", "mood").body("not tonight\n"),
            Some("status") => Decision::reject(200),
            Some("header") => Decision::accept(&request).header("sec-websocket-accept", "mine"),
            Some("subprotocol") => Decision::accept(&request).subprotocol(Some("z")),
            Some(other) => panic!("this guest was told to {other}"),
        }
    }
}

export!(Configured; configurator = Doorkeeper);
