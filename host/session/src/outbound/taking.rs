//! What comes out of the queue next.

use super::pieces::Piece;
use super::{Entry, Outbound, Outgoing, cost_of};

impl Outbound {
    /// Takes the next thing to write, if there is any.
    pub(super) fn take(&mut self) -> Option<Outgoing> {
        let (held_entries, held_controls) =
            self.batch.as_ref().map_or((0, 0), |batch| (batch.entries, batch.controls));
        let control_may_go = self.controls.len() > held_controls;
        loop {
            let is_next = |(before, _): &(u64, _)| *before <= self.taken;
            if control_may_go && self.controls.front().is_some_and(is_next) {
                return self.take_control();
            }
            if self.entries.len() <= held_entries {
                return None;
            }
            let outgoing = match self.entries.front()? {
                Entry::Stream => match self.take_from_stream() {
                    FromStream::Piece(outgoing) => return Some(outgoing),
                    FromStream::Over => continue,
                    // A control frame may stand between two pieces (RFC 6455 §5.4), and would wait
                    // for as long as the guest takes its time.
                    FromStream::Unfinished if control_may_go => return self.take_control(),
                    FromStream::Unfinished => return None,
                },
                Entry::Message(_) | Entry::Shared(_) | Entry::Mark(_) => match self.take_entry()? {
                    Entry::Mark(mark) => return Some(Outgoing::Mark(mark)),
                    Entry::Message(message) => Outgoing::Message(message),
                    Entry::Shared(shared) => Outgoing::Shared(shared),
                    Entry::Stream => return None,
                },
            };
            self.release(cost_of(outgoing.payload_bytes()));
            return Some(outgoing);
        }
    }

    fn take_entry(&mut self) -> Option<Entry> {
        self.taken = self.taken.saturating_add(1);
        self.entries.pop_front()
    }

    fn take_from_stream(&mut self) -> FromStream {
        let taken = self.streams.take();
        if taken.is_over {
            self.take_entry();
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

    fn take_control(&mut self) -> Option<Outgoing> {
        let (_before, control) = self.controls.pop_front()?;
        self.release(cost_of(control.payload.len()));
        Some(Outgoing::Control(control))
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
