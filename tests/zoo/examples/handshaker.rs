//! Says on any text what it knows of its session and of the handshake that began it, as JSON.

use serde_json::{Value, json};
use sockhop_guest::{Endpoint, Message, Result, Session, endpoint, export};
use sockhop_zoo::ByParameters;

struct Handshaker {
    session: Session,
}

#[endpoint(
    "/handshaker/{room}/{seat}",
    subprotocols = ["a", "b"],
    properties = [("colour", "red")],
    max_message_size = 4096,
)]
impl Endpoint for Handshaker {
    fn on_open(session: Session) -> Result<Self> {
        Ok(Self { session })
    }

    fn on_message(&mut self, _message: Message) -> Result<Message> {
        let Self { session } = self;
        let request = session.request();
        let answer = json!({
            "id": session.id(),
            "endpoint_path": session.endpoint_path(),
            "path_parameters": session.path_parameters(),
            "subprotocol": session.subprotocol(),
            "is_open": session.is_open(),
            "max_message_size": session.max_message_size(),
            "properties": texts(session.properties()),
            "request": {
                "uri": request.uri,
                "query": request.query,
                "path_parameters": request.path_parameters,
                "headers": texts(request.headers),
                "subprotocols": request.subprotocols,
                "default_subprotocol": request.default_subprotocol,
                "secure": request.secure,
                "peer": request.peer,
                "local": request.local,
                "client_certificates": request.client_certificates,
            },
        });
        Ok(answer.to_string().into())
    }
}

fn texts(pairs: Vec<(String, Vec<u8>)>) -> Value {
    let text =
        |(name, value): (String, Vec<u8>)| (name, String::from_utf8_lossy(&value).into_owned());
    json!(pairs.into_iter().map(text).collect::<Vec<_>>())
}

export!(Handshaker; keys = ByParameters);
