//! Numbers that look random and are the same in each run (splitmix64).

/// A row of numbers, given by its seed.
#[derive(Clone, Debug)]
pub struct Random {
    state: u64,
}

impl Random {
    /// The row of this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`; 0, where that is 0.
    pub fn below(&mut self, end: usize) -> usize {
        let number = self.number() % (end.max(1) as u64);
        usize::try_from(number).unwrap_or_default()
    }

    /// How many of `left` to take next: at least one, where there is one, and mostly few.
    pub fn few_of(&mut self, left: usize) -> usize {
        let most = match self.below(8) {
            0 => left,
            1 => 1000,
            2..=4 => 16,
            _ => 3,
        };
        (1 + self.below(most)).min(left)
    }
}
