//! An echo that exports keys: where it is deployed so, the query says which sessions share an
//! instance.

use sockhop_guest::{
    Endpoint, HandshakeRequest, InstanceKeys, Message, Result, Session, endpoint, export,
};

struct Echo;

#[endpoint("/exports-keys")]
impl Endpoint for Echo {
    fn on_open(_session: Session) -> Result<Self> {
        Ok(Self)
    }

    fn on_message(&mut self, message: Message) -> Result<Message> {
        Ok(message)
    }
}

struct ByQuery;

impl InstanceKeys for ByQuery {
    fn instance_key(_endpoint_path: &str, request: HandshakeRequest) -> Result<String> {
        Ok(request.query_parameter("key").ok_or("say who you are: ?key=…")?)
    }
}

export!(Echo; keys = ByQuery);
