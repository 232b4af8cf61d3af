//! How a server is left that does not agree to what is required of it.

use std::sync::Arc;

use sockhop_session::outbound::CloseRequest;
use sockhop_session::port::{Endpoint, Fault, SessionError, Trap};
use sockhop_session::{CloseEvent, CloseReason, Handle, Message};

use crate::connect::Connected;
use crate::connection::{Connection, Journal, Role, Settings};

/// What a client says that needed an extension (RFC 6455 §7.4.1).
const MANDATORY_EXTENSION: u16 = 1010;

/// Closes a connection with 1010, and waits for its end.
pub(super) async fn leave(
    connected: Connected,
    session: Arc<Handle>,
    settings: Settings,
    journal: Arc<dyn Journal>,
) {
    let reason = CloseReason::new(MANDATORY_EXTENSION, "permessage-deflate");
    session.close(CloseRequest::by_guest(reason.unwrap_or_else(|_| CloseReason::normal())));
    let (io, read) = (connected.stream, connected.already_read);
    let connection = Connection::new(Role::Client, io, read, session, Nobody, journal, settings);
    connection.run().await;
}

/// Serves a session that nobody was told of.
struct Nobody;

impl Endpoint for Nobody {
    async fn open(&mut self) -> Result<(), Fault> {
        Ok(())
    }

    async fn on_message(&mut self, _message: Message) -> Result<Option<Message>, Fault> {
        Ok(None)
    }

    async fn on_error(&mut self, _error: &SessionError) -> Result<(), Trap> {
        Ok(())
    }

    async fn on_close(&mut self, _event: &CloseEvent) -> Result<(), Fault> {
        Ok(())
    }

    async fn finish(&mut self) -> Result<(), Trap> {
        Ok(())
    }
}
