//! What comes out of the queue next.

use super::pieces::Piece;
use super::{Entry, Outbound, Outgoing, cost_of};

impl Outbound {
    /// Takes the next thing to write, if there is any.
    pub(super) fn take(&mut self) -> Option<Outgoing> {
        while self.entries.len() > self.held_entries() {
            let outgoing = match self.entries.front()? {
                Entry::Stream => match self.take_from_stream() {
                    FromStream::Piece(outgoing) => return Some(outgoing),
                    FromStream::Over => continue,
                    FromStream::Unfinished => return self.take_control(),
                },
                Entry::Message(_) | Entry::Shared(_) | Entry::Control(_) => {
                    match self.entries.pop_front()? {
                        Entry::Message(message) => Outgoing::Message(message),
                        Entry::Shared(shared) => Outgoing::Shared(shared),
                        Entry::Control(control) => {
                            self.controls -= 1;
                            Outgoing::Control(control)
                        }
                        Entry::Stream => return None,
                    }
                }
            };
            self.release(cost_of(outgoing.payload_bytes()));
            return Some(outgoing);
        }
        None
    }

    fn take_from_stream(&mut self) -> FromStream {
        let taken = self.streams.take();
        if taken.is_over {
            self.entries.pop_front();
            self.release(cost_of(0));
        }
        if let Some(Piece { piece, first, last }) = taken.piece {
            if taken.was_queued {
                self.release(cost_of(piece.payload_bytes()));
            }
            return FromStream::Piece(Outgoing::Piece { piece, first, last });
        }
        if taken.is_over { FromStream::Over } else { FromStream::Unfinished }
    }

    /// Takes a control frame from behind a message that is not finished: it may stand between two
    /// pieces (RFC 6455 §5.4), and would wait for as long as the guest takes its time.
    fn take_control(&mut self) -> Option<Outgoing> {
        if self.controls == 0 {
            return None;
        }
        let may_go = self.entries.len() - self.held_entries();
        let is_control = |entry: &Entry| matches!(entry, Entry::Control(_));
        let place = self.entries.iter().take(may_go).position(is_control)?;
        let Entry::Control(control) = self.entries.remove(place)? else { return None };
        self.release(cost_of(control.payload.len()));
        self.controls -= 1;
        Some(Outgoing::Control(control))
    }

    fn held_entries(&self) -> usize {
        self.batch.as_ref().map_or(0, |batch| batch.entries)
    }

    fn release(&mut self, bytes: usize) {
        self.queued_bytes = self.queued_bytes.saturating_sub(bytes);
    }
}

/// What came of a message that is sent piece by piece.
enum FromStream {
    Piece(Outgoing),
    /// It is finished, and nothing is left of it.
    Over,
    /// Its next piece has not been written.
    Unfinished,
}
