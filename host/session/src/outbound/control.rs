//! Control frames that guests send (RFC 6455 §5.5.2, §5.5.3), in the queue.

use bytes::Bytes;
use thiserror::Error;

use super::{Held, Outbound, SendError, cost_of};

/// The longest payload of a control frame, in bytes (RFC 6455 §5.5).
pub const CONTROL_BYTES_MAX: usize = 125;

/// Which of the two it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ControlKind {
    /// Asks for a pong.
    Ping,
    /// Answers a ping, or nothing.
    Pong,
}

/// A control frame of a guest's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Control {
    /// Which it is.
    pub kind: ControlKind,
    /// What it carries: at most [`CONTROL_BYTES_MAX`].
    pub payload: Bytes,
}

/// Why a control frame was not taken. Nothing of it is sent.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum ControlError {
    /// It has no room in the queue, or there is none any more.
    #[error(transparent)]
    Send(#[from] SendError),
    /// A guest gave it more than a control frame holds.
    #[error("the payload of a ping or pong has {0} bytes; at most 125 fit")]
    TooLong(usize),
}

impl Outbound {
    /// Takes a control frame, behind all that waits. Behind a message that is not finished it does
    /// not wait for its end.
    ///
    /// # Errors
    /// [`ControlError`]; the frame is then not taken.
    pub fn push_control(&mut self, control: Control) -> Result<(), ControlError> {
        let bytes = control.payload.len();
        if bytes > CONTROL_BYTES_MAX {
            return Err(ControlError::TooLong(bytes));
        }
        let cost = cost_of(bytes);
        if self.may_append(cost)? {
            self.queued_bytes = self.queued_bytes.saturating_add(cost);
            let before = self.taken.saturating_add(self.entries.len() as u64);
            self.controls.push_back((before, control));
            self.hold_back(Held::Control, cost);
        }
        Ok(())
    }
}
