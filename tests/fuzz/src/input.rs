//! A target's input, taken apart from the front.

use sockhop_wire::deflate::{Agreed, Policy, negotiate, offer};

/// What is left of an input. At its end it is an endless row of zeros.
pub(crate) struct Input<'a> {
    rest: &'a [u8],
}

impl<'a> Input<'a> {
    pub(crate) fn new(data: &'a [u8]) -> Self {
        Self { rest: data }
    }

    pub(crate) fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.rest.split_first() else { return 0 };
        self.rest = rest;
        *first
    }

    /// Bytes of which the number comes first; all that are left, where that says 255.
    pub(crate) fn piece(&mut self) -> &'a [u8] {
        let length = match self.byte() {
            u8::MAX => self.rest.len(),
            length => self.rest.len().min(usize::from(length)),
        };
        let (piece, rest) = self.rest.split_at(length);
        self.rest = rest;
        piece
    }

    pub(crate) fn rest(self) -> &'a [u8] {
        self.rest
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// One side's settings, in two bytes. Window bits may be out of their range, which is 9 to 15.
    pub(crate) fn policy(&mut self) -> Policy {
        let (first, second) = (self.byte(), self.byte());
        Policy {
            server_takeover: first & 1 != 0,
            client_takeover: first & 2 != 0,
            server_window_bits: 8 + (first >> 2 & 7),
            client_window_bits: 8 + (first >> 5),
            level: second % 10,
            threshold_bytes: usize::from(second >> 4) * 4,
        }
    }

    /// What two sides agree on that have the same settings.
    pub(crate) fn agreed(&mut self) -> (Policy, Agreed) {
        let policy = self.policy();
        let agreed = negotiate(&[offer(&policy)], &policy);
        (policy, agreed.expect("a side agrees with itself"))
    }
}

/// The header lines that an input is, of at most 100: a head has no more.
pub(crate) fn lines(data: &[u8]) -> impl Iterator<Item = &[u8]> {
    data.split(|byte| *byte == b'\n').take(100)
}
