//! Marks that came out of a session's queue, and wait for what was before them to be written.

use std::collections::VecDeque;

use sockhop_session::outbound::Mark;

/// The marks of one connection.
#[derive(Debug, Default)]
pub(super) struct Marks {
    /// How many bytes the connection has taken so far.
    written: u64,
    /// Most connections have no mark ever.
    places: Option<Box<Places>>,
}

#[derive(Debug, Default)]
struct Places {
    /// Each with how many bytes the connection will have taken by then.
    waiting: VecDeque<(u64, Mark)>,
    /// Tokens of which the guest is to be told.
    told: VecDeque<u64>,
    /// The last of the marks by which a time was kept, and nobody has been told of it.
    kept: Option<u64>,
}

impl Places {
    #[cold]
    fn pass(&mut self, written: u64) {
        while let Some((_, mark)) = self.waiting.pop_front_if(|(by, _)| *by <= written) {
            match mark {
                Mark::Awaited(completion) => completion.sent(),
                Mark::Told(token) => self.told.push_back(token),
                Mark::Timed(mark) => self.kept = Some(mark),
            }
        }
    }

    #[cold]
    fn next_token(&mut self) -> Option<u64> {
        self.told.pop_front()
    }
}

impl Marks {
    /// Takes a mark, behind so many bytes that are not written yet.
    pub(super) fn add(&mut self, mark: Mark, unwritten: usize) {
        let places = self.places.get_or_insert_default();
        places.waiting.push_back((self.written.saturating_add(unwritten as u64), mark));
        places.pass(self.written);
    }

    /// The connection has taken so many bytes more.
    #[inline]
    pub(super) fn wrote(&mut self, bytes: usize) {
        self.written = self.written.saturating_add(bytes as u64);
        if let Some(places) = &mut self.places {
            places.pass(self.written);
        }
    }

    /// The next token of which the guest is to be told.
    #[inline]
    pub(super) fn next_token(&mut self) -> Option<u64> {
        if let Some(places) = &mut self.places { places.next_token() } else { None }
    }

    /// Whether there is such a token.
    #[inline]
    pub(super) fn has_token(&self) -> bool {
        self.places.as_ref().is_some_and(|places| !places.told.is_empty())
    }

    /// Whether one of them is not passed yet.
    #[inline]
    pub(super) fn are_waiting(&self) -> bool {
        self.places.as_ref().is_some_and(|places| !places.waiting.is_empty())
    }

    /// By which mark times were kept since this was asked last.
    pub(super) fn take_kept(&mut self) -> Option<u64> {
        self.places.as_mut()?.kept.take()
    }

    /// The connection is gone: whoever waits for a message is told so.
    pub(super) fn forget_awaited(&mut self) {
        if let Some(places) = &mut self.places {
            places.waiting.retain(|(_, mark)| !matches!(mark, Mark::Awaited(_)));
        }
    }

    /// Nothing is written any more: whoever waits is told so.
    pub(super) fn forget(&mut self) {
        self.places = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_passed_with_the_last_byte_before_it() {
        let mut marks = Marks::default();
        marks.add(Mark::Told(1), 0);
        assert_eq!(marks.next_token(), Some(1), "nothing is before it");
        marks.add(Mark::Told(2), 10);
        marks.add(Mark::Timed(7), 10);
        marks.wrote(9);
        assert!(!marks.has_token());
        marks.add(Mark::Told(3), 5);
        marks.wrote(1);
        assert_eq!((marks.next_token(), marks.next_token()), (Some(2), None));
        assert_eq!((marks.take_kept(), marks.take_kept()), (Some(7), None));
        marks.wrote(4);
        assert_eq!(marks.next_token(), Some(3));
    }
}
