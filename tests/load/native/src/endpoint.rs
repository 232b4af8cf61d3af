//! What takes a guest's place: code of this program, without any sandbox.

use std::sync::Arc;

use sockhop_session::port::{Directory, Endpoint, Fault, SessionError, Trap};
use sockhop_session::{CloseEvent, Message, Shared};

/// What becomes of a message.
pub(crate) enum Native {
    /// It goes back to whoever sent it.
    Echo,
    /// It goes to all of these, its sender too.
    Broadcast(Arc<dyn Directory>),
}

impl Endpoint for Native {
    async fn open(&mut self) -> Result<(), Fault> {
        Ok(())
    }

    async fn on_message(&mut self, message: Message) -> Result<Option<Message>, Fault> {
        match self {
            Self::Echo => Ok(Some(message)),
            Self::Broadcast(members) => {
                let message = Arc::new(Shared::new(message));
                members.visit(None, &mut |member| {
                    // One that is closing misses nothing.
                    let _sent = member.send_shared(&message);
                    true
                });
                Ok(None)
            }
        }
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
