//! The contract's interface `session`, function by function.

use std::sync::Arc;

use crate::bindings::sockhop::websocket::types::{
    CloseReason, Extension, HandshakeRequest, Message, Principal, Property,
};
use crate::mock::{Control, Settings, Wire, ending};

// What the interface has beside its functions is the bindings' own.
pub(crate) use crate::bindings::sockhop::websocket::session::*;

/// A handle to a session.
#[derive(Debug)]
pub(crate) struct Session(Arc<Wire>);

impl Session {
    pub(crate) fn of(wire: &Arc<Wire>) -> Self {
        Self(Arc::clone(wire))
    }

    pub(crate) fn wire(&self) -> &Arc<Wire> {
        &self.0
    }

    pub(crate) fn id(&self) -> String {
        self.0.id()
    }

    pub(crate) fn endpoint_path(&self) -> String {
        self.0.endpoint_path.clone()
    }

    pub(crate) fn request(&self) -> HandshakeRequest {
        self.0.request.clone()
    }

    pub(crate) fn path_parameters(&self) -> Vec<(String, String)> {
        self.0.request.path_parameters.clone()
    }

    pub(crate) fn subprotocol(&self) -> Option<String> {
        self.0.subprotocol.clone()
    }

    pub(crate) fn extensions(&self) -> Vec<Extension> {
        self.0.extensions.clone()
    }

    pub(crate) fn principal(&self) -> Option<Principal> {
        self.0.principal.clone()
    }

    pub(crate) fn is_open(&self) -> bool {
        self.0.queue().is_open()
    }

    pub(crate) fn max_message_size(&self) -> u64 {
        self.0.settings().max_message_size
    }

    pub(crate) fn set_max_message_size(&self, bytes: u64) {
        let mut settings = self.0.settings();
        settings.max_message_size = bytes.min(settings.message_ceiling);
    }

    pub(crate) fn idle_timeout(&self) -> Option<u64> {
        self.0.settings().idle_timeout
    }

    pub(crate) fn set_idle_timeout(&self, milliseconds: Option<u64>) {
        self.0.settings().idle_timeout = Settings::time(milliseconds);
    }

    pub(crate) fn read_idle_timeout(&self) -> Option<u64> {
        self.0.settings().read_idle_timeout
    }

    pub(crate) fn set_read_idle_timeout(&self, milliseconds: Option<u64>) {
        self.0.settings().read_idle_timeout = Settings::time(milliseconds);
    }

    pub(crate) fn write_idle_timeout(&self) -> Option<u64> {
        self.0.settings().write_idle_timeout
    }

    pub(crate) fn set_write_idle_timeout(&self, milliseconds: Option<u64>) {
        self.0.settings().set_write_idle_timeout(milliseconds);
    }

    pub(crate) fn send_timeout(&self) -> Option<u64> {
        self.0.settings().send_timeout
    }

    pub(crate) fn set_send_timeout(&self, milliseconds: Option<u64>) {
        self.0.settings().send_timeout = Settings::time(milliseconds);
    }

    pub(crate) fn properties(&self) -> Vec<Property> {
        self.0.properties().all()
    }

    pub(crate) fn property(&self, name: &str) -> Option<Vec<u8>> {
        self.0.properties().get(name)
    }

    pub(crate) fn set_property(
        &self,
        name: &str,
        value: Option<&[u8]>,
    ) -> Result<(), PropertyError> {
        self.0.properties().set(name, value)
    }

    pub(crate) fn send_text(&self, text: &str) -> Result<(), SendError> {
        self.0.queue().push(Message::from(text))
    }

    pub(crate) fn send_binary(&self, data: &[u8]) -> Result<(), SendError> {
        self.0.queue().push(Message::from(data))
    }

    pub(crate) fn send_and_wait(&self, message: &Message) -> Result<(), WaitError> {
        self.0.queue().push_awaited(message.clone())
    }

    pub(crate) fn notify_sent(&self, token: u64) -> Result<(), NotifyError> {
        self.0.queue().push_token(token)
    }

    pub(crate) fn start_message(&self) -> Result<OutgoingMessage, SendError> {
        let stream = self.0.queue().start_stream()?;
        Ok(OutgoingMessage { wire: Arc::clone(&self.0), stream })
    }

    pub(crate) fn set_batching(&self, allowed: bool) {
        self.0.queue().set_batching(allowed);
    }

    pub(crate) fn batching(&self) -> bool {
        self.0.queue().batching()
    }

    pub(crate) fn flush(&self) {
        self.0.queue().flush();
    }

    pub(crate) fn ping(&self, data: &[u8]) -> Result<(), ControlError> {
        self.0.queue().push_control(Control::Ping(data.to_vec()))
    }

    pub(crate) fn pong(&self, data: &[u8]) -> Result<(), ControlError> {
        self.0.queue().push_control(Control::Pong(data.to_vec()))
    }

    pub(crate) fn queue(&self) -> QueueStatus {
        self.0.queue().status()
    }

    pub(crate) fn close(&self, reason: Option<&CloseReason>) -> Result<(), CloseError> {
        let event = ending::by_guest(reason)?;
        self.0.queue().end(event);
        Ok(())
    }

    pub(crate) fn abort(&self) {
        self.0.queue().abort();
    }
}

/// A message that is sent piece by piece.
#[derive(Debug)]
pub(crate) struct OutgoingMessage {
    wire: Arc<Wire>,
    stream: u64,
}

impl OutgoingMessage {
    pub(crate) fn write(&self, piece: &Message) -> Result<(), WriteError> {
        self.wire.queue().write_piece(self.stream, piece.clone())
    }

    pub(crate) fn finish(&self) -> Result<(), WriteError> {
        self.wire.queue().finish_stream(self.stream)
    }
}

impl Drop for OutgoingMessage {
    fn drop(&mut self) {
        self.wire.queue().abandon_stream(self.stream);
    }
}
