//! A message that is sent piece by piece, at its place in the queue.

use crate::bindings::sockhop::websocket::types::Message;

/// Its pieces, and what the peer has read of it.
#[derive(Debug)]
pub(crate) struct Stream {
    pub(crate) id: u64,
    pub(crate) finished: bool,
    /// Written, and not read by the peer yet.
    pub(crate) waiting: Vec<Message>,
    /// Read by the peer; of the kind of the first piece.
    read: Option<Message>,
}

impl Stream {
    pub(crate) fn new(id: u64) -> Self {
        Self { id, finished: false, waiting: Vec::new(), read: None }
    }

    /// Whether no piece was ever written.
    pub(crate) fn is_empty(&self) -> bool {
        self.first().is_none()
    }

    /// Whether a piece of this one's kind may follow those that there are.
    pub(crate) fn takes(&self, piece: &Message) -> bool {
        self.first().is_none_or(|first| first.is_text() == piece.is_text())
    }

    /// The peer reads what is there. Answers what that was.
    pub(crate) fn read(&mut self) -> Vec<Message> {
        for piece in &self.waiting {
            match (&mut self.read, piece) {
                (Some(Message::Text(text)), Message::Text(more)) => text.push_str(more),
                (Some(Message::Binary(data)), Message::Binary(more)) => data.extend(more),
                (read, piece) => *read = Some(piece.clone()),
            }
        }
        std::mem::take(&mut self.waiting)
    }

    /// The whole message, where a piece of it was written.
    pub(crate) fn into_message(self) -> Option<Message> {
        self.read
    }

    fn first(&self) -> Option<&Message> {
        self.read.as_ref().or(self.waiting.first())
    }
}
