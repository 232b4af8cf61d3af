//! A connection that guest code has opened, as its server sees it.

use crate::{CloseEvent, Message, Session, mock};

/// A connection that guest code has opened to a server of a test's.
#[derive(Debug)]
pub struct Dialled(pub(super) mock::Dialled);

impl Dialled {
    /// Where it leads.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.0.url
    }

    /// The name of the client's endpoint that it was opened for.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.0.options.endpoint
    }

    /// The subprotocols that were offered. The server takes the first.
    #[must_use]
    pub fn subprotocols(&self) -> &[String] {
        &self.0.options.subprotocols
    }

    /// The header fields that were sent beside the handshake's own.
    #[must_use]
    pub fn headers(&self) -> &[(String, Vec<u8>)] {
        &self.0.options.headers
    }

    /// A handle to its session, as guest code has it.
    #[must_use]
    pub fn session(&self) -> Session {
        Session::new(mock::Session::of(&self.0.wire))
    }

    /// Reads the next message, if one was sent that is whole and not held back.
    #[must_use = "a message that is read is not there to be read again"]
    pub fn read(&self) -> Option<Message> {
        self.0.wire.queue().read()
    }

    /// How the session ended, once guest code has closed it.
    #[must_use]
    pub fn closed(&self) -> Option<CloseEvent> {
        self.0.wire.queue().ended().cloned()
    }
}
