//! Decides about handshakes as the query's `do` tells it, and answers each text with what its
//! session has of it: the configurator of the scenarios in `tests/conformance/jakarta`.

use sockhop_guest::{
    Configurator, Decision, Endpoint, HandshakeRequest, Message, Result, Session, endpoint, export,
};
use sockhop_zoo::ByParameters;

struct Guarded {
    session: Session,
}

#[endpoint(
    "/jakarta-gate/{name}",
    subprotocols = ["b", "d", "f", "e", "c"],
    properties = [("colour", "red"), ("size", "small")],
)]
impl Endpoint for Guarded {
    fn on_open(session: Session) -> Result<Self> {
        Ok(Self { session })
    }

    fn on_message(&mut self, text: String) -> Result<Message> {
        let Self { session } = self;
        if let Some(colour) = text.strip_prefix("set ") {
            session.set_property("colour", colour)?;
        }
        let colour = session.text_property("colour");
        let size = session.text_property("size");
        Ok(format!("colour={colour:?} size={size:?} speaks={:?}", session.subprotocol()).into())
    }
}

struct Gate;

impl Configurator for Gate {
    fn handshake(endpoint_path: &str, request: HandshakeRequest) -> Decision {
        let accepted = Decision::accept(&request);
        match request.query_parameter("do").as_deref() {
            None => accepted,
            Some("fields") => {
                let fields = request.header_values("X-Many");
                fields.fold(accepted, |decision, value| decision.header("x-many", value))
            }
            Some("report") => {
                let name = request.path_parameter("name").unwrap_or_default();
                let (offers, chosen) = (&request.subprotocols, &request.default_subprotocol);
                let origin = request.header_text("Origin");
                let report = format!("{endpoint_path} {name} {offers:?} {chosen:?} {origin:?}");
                accepted.header("x-report", report)
            }
            Some("paint") => {
                let name = request.path_parameter("name").unwrap_or_default().to_owned();
                accepted.property("colour", name)
            }
            Some("silence") => accepted.subprotocol(None),
            Some("other") => accepted.subprotocol(Some("c")),
            Some("stranger") => Decision::reject(401).header("www-authenticate", "Bearer"),
            Some("deny") => Decision::reject(403).header("x-reason", "mood").body("not tonight\n"),
            Some("redirect") => Decision::reject(302).header("location", "/elsewhere"),
            Some("unoffered") => accepted.subprotocol(Some("z")),
            Some("forbidden") => accepted.header("sec-websocket-accept", "mine"),
            Some(other) => panic!("this guest was told to {other}"),
        }
    }
}

export!(Guarded; keys = ByParameters, configurator = Gate);
