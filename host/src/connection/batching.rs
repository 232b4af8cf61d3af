//! Several messages for one call into the guest: what has arrived, and nothing that is waited for.

use std::task::{Context, Poll};

use sockhop_session::{Batch, Message};
use tokio::io::{AsyncRead, AsyncWrite};

use super::link::Link;
use super::socket::Incoming;

/// The most messages that a guest gets in one call: no more than other connections wait for in one
/// turn. The contract names it.
pub(super) const MESSAGES_IN_A_BATCH_MAX: usize = 128;

/// The most bytes of messages in one call, where they are more than one: what a peer that does not
/// read costs beside its session's queue, should each be answered with one of the same size. The
/// contract names it.
pub(super) const BATCH_BYTES_MAX: usize = 64 << 10;

impl<IO: AsyncRead + AsyncWrite + Unpin> Link<IO> {
    /// A message and those behind it that are here already. What is not to be among them comes
    /// next.
    pub(super) fn batch(&mut self, first: Message) -> Batch {
        let mut bytes = first.payload_bytes();
        if bytes >= BATCH_BYTES_MAX {
            return Batch::alone(first);
        }
        let Some(second) = self.message_at_hand(&mut bytes) else { return Batch::alone(first) };
        let mut messages = vec![first, second];
        while messages.len() < MESSAGES_IN_A_BATCH_MAX
            && let Some(next) = self.message_at_hand(&mut bytes)
        {
            messages.push(next);
        }
        self.count_read(messages.len() - 1);
        Batch::join(&messages)
    }

    /// The next message, if it is here and there is room for it.
    fn message_at_hand(&mut self, bytes: &mut usize) -> Option<Message> {
        match self.socket.at_hand()? {
            Incoming::Message(message) if *bytes + message.payload_bytes() <= BATCH_BYTES_MAX => {
                *bytes += message.payload_bytes();
                Some(message)
            }
            other => {
                self.ahead = Some(Box::new(other));
                None
            }
        }
    }

    /// The next thing that the peer says.
    pub(super) fn poll_incoming(&mut self, cx: &mut Context<'_>) -> Poll<Incoming> {
        match self.ahead.take() {
            Some(incoming) => Poll::Ready(*incoming),
            None => self.socket.poll_incoming(cx),
        }
    }
}
