//! What the peer reads of a queue.

use super::{Control, Entry, MESSAGE_OVERHEAD_BYTES, Queue, control_cost, cost};
use crate::bindings::sockhop::websocket::types::Message;

impl Queue {
    /// The peer reads the next whole message. A message whose end is to come is waited for.
    pub(crate) fn read(&mut self) -> Option<Message> {
        if let Some(message) = self.handed_over.pop_front() {
            return Some(message);
        }
        let next = self.take();
        self.pass();
        next
    }

    pub(super) fn take(&mut self) -> Option<Message> {
        let held = self.batch.as_ref().map_or(0, |batch| batch.entries);
        while self.entries.len() > held {
            if let Some(Entry::Stream(stream)) = self.entries.front_mut() {
                let read: u64 = stream.read().iter().map(cost).sum();
                self.queued_bytes = self.queued_bytes.saturating_sub(read);
                if !stream.finished {
                    self.pass_controls(held);
                    return None;
                }
            }
            match self.entries.pop_front()? {
                Entry::Message(message) => {
                    self.queued_bytes = self.queued_bytes.saturating_sub(cost(&message));
                    return Some(message);
                }
                Entry::Control(control) => self.read_control(control),
                Entry::Token(token) => self.told.push_back(token),
                Entry::Stream(stream) => {
                    self.queued_bytes = self.queued_bytes.saturating_sub(MESSAGE_OVERHEAD_BYTES);
                    if let Some(message) = stream.into_message() {
                        return Some(message);
                    }
                }
            }
        }
        None
    }

    /// Control frames do not wait for the end of a message that is not finished.
    fn pass_controls(&mut self, held: usize) {
        let mut place = 0;
        while place + held < self.entries.len() {
            if let Some(Entry::Control(_)) = self.entries.get(place)
                && let Some(Entry::Control(control)) = self.entries.remove(place)
            {
                self.read_control(control);
            } else {
                place += 1;
            }
        }
    }

    fn read_control(&mut self, control: Control) {
        self.queued_bytes = self.queued_bytes.saturating_sub(control_cost(&control));
        self.controls.push(control);
    }

    /// What was read of pings and pongs.
    pub(crate) fn take_controls(&mut self) -> Vec<Control> {
        std::mem::take(&mut self.controls)
    }
}
