//! Decides about each handshake as the query's `do` tells it, and says on any text which
//! subprotocol and property its session has.

#![expect(clippy::print_stderr, reason = "standard error is the deployment's log")]

use std::thread::sleep;
use std::time::Duration;

use sockhop_guest::{
    Configurator, Decision, Endpoint, Extension, HandshakeRequest, Message, OpenSessions, Result,
    Session, endpoint, export,
};
use sockhop_zoo::ByParameters;

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

    fn on_message(&mut self, message: Message) -> Result<Message> {
        if message == Message::from("who") {
            return Ok(self.who().into());
        }
        let role = self.session.text_property("role");
        Ok(format!("subprotocol={:?} role={role:?}", self.session.subprotocol()).into())
    }
}

impl Configured {
    /// What the session has of the handshake's agreement, by a handle that is not its own.
    fn who(&self) -> String {
        let Some(other) = OpenSessions::get(&self.session.id()) else {
            return "is not open".to_owned();
        };
        let extensions: Vec<_> = other.extensions().into_iter().map(shown).collect();
        let principal = other.principal().map(|it| format!("{} {:?}", it.name, it.roles));
        format!("{extensions:?} {principal:?} admin={}", other.is_in_role("admin"))
    }
}

fn shown(extension: Extension) -> String {
    let parameters = extension.parameters.into_iter();
    let parameters: Vec<_> = parameters.map(|(name, value)| format!("{name}={value:?}")).collect();
    [vec![extension.name], parameters].concat().join("; ")
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
            Some("plain") => {
                Decision::accept(&request).extensions(request.select_extensions(&["x"]))
            }
            Some("same") => {
                let names = request.default_extensions.iter().map(|it| it.name.clone());
                Decision::accept(&request).extensions(names)
            }
            Some("unknown") => Decision::accept(&request).extensions(["x-mine"]),
            Some("offered") => {
                let offered: Vec<_> = request.extensions.into_iter().map(shown).collect();
                Decision::reject(403).body(offered.join(" | "))
            }
            Some("principal") => Decision::accept(&request).principal("ada", ["admin", "speaker"]),
            Some("big") => Decision::accept(&request).principal("a".repeat(4097), [""; 0]),
            Some("status") => Decision::reject(200),
            Some("header") => Decision::accept(&request).header("sec-websocket-accept", "mine"),
            Some("subprotocol") => Decision::accept(&request).subprotocol(Some("z")),
            Some(other) => panic!("this guest was told to {other}"),
        }
    }
}

export!(Configured; keys = ByParameters, configurator = Doorkeeper);
