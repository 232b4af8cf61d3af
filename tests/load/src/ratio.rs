//! How one of two measurements that take turns compares with the other, and how sure that is.

use serde::Serialize;

use crate::report::Cell;
use crate::table::median;

/// How unlikely it may be, on either side, that the ratio lies outside of what is printed.
const DOUBT: f64 = 0.025;

/// So many turns say where a ratio lies with no more than that doubt, and fewer do not.
pub const TURNS_TO_BE_SURE: usize = 6;

/// The ratio of what is measured in turns. Windows are compared with those of the same turn, so
/// that a machine that changes its speed changes both.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Ratio {
    /// The median of all turns.
    pub median: f64,
    /// The least that it may be: from here to `high` it lies in 95 of 100 runs, by the sign test.
    /// Fewer than [`TURNS_TO_BE_SURE`] cannot say so much; then it is the least of a turn.
    pub low: f64,
    /// The most that it may be.
    pub high: f64,
}

impl Ratio {
    /// The CPU time that a server takes beside another one under the same load. Both have windows.
    pub fn of(one: &Cell, other: &Cell) -> Self {
        let turns = one.windows.iter().zip(&other.windows);
        Self::of_turns(turns.map(|(one, other)| one.cpu_us / other.cpu_us))
    }

    /// Of these ratios, one for each turn.
    pub fn of_turns(ratios: impl IntoIterator<Item = f64>) -> Self {
        let mut ratios: Vec<f64> = ratios.into_iter().collect();
        ratios.sort_by(f64::total_cmp);
        let outside = left_out(ratios.len());
        let at = |index: usize| ratios.get(index).copied().unwrap_or(f64::NAN);
        Self {
            low: at(outside),
            high: at(ratios.len().saturating_sub(outside + 1)),
            median: median(ratios.clone()),
        }
    }

    /// A ratio that is known.
    pub fn exact(ratio: f64) -> Self {
        Self { median: ratio, low: ratio, high: ratio }
    }
}

/// How many of so many sorted turns are left out at either end. That the true median lies beyond
/// the one at `index` is as likely as at most `index` heads of as many coins.
fn left_out(turns: usize) -> usize {
    let mut term = 0.5_f64.powf(turns as f64);
    let mut likely = term;
    let mut index = 0;
    loop {
        term *= (turns as f64 - index as f64) / (index as f64 + 1.0);
        likely += term;
        if likely > DOUBT {
            return index;
        }
        index += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::cell;

    #[test]
    fn windows_of_the_same_turn_are_compared() {
        let slower_and_slower = [8.0, 16.0, 32.0];
        let ratio = Ratio::of(&cell("one", &[4.0, 8.0, 16.0]), &cell("other", &slower_and_slower));
        assert_eq!((ratio.median, ratio.low, ratio.high), (0.5, 0.5, 0.5));
    }

    #[test]
    fn few_turns_leave_nothing_out_and_many_leave_their_ends() {
        // As the tables of the sign test have it, at 5 in 100 on both sides together.
        for (turns, out) in [(1, 0), (5, 0), (6, 0), (8, 0), (9, 1), (12, 2), (20, 5), (40, 13)] {
            assert_eq!(left_out(turns), out, "{turns} turns");
        }
        // That all lie on one side of the true median.
        let doubt = |turns: usize| 0.5_f64.powf(turns as f64);
        assert!(doubt(TURNS_TO_BE_SURE) <= DOUBT && doubt(TURNS_TO_BE_SURE - 1) > DOUBT);
    }

    #[test]
    fn one_odd_turn_of_nine_is_not_in_the_interval() {
        let odd = [9.0, 1.0, 1.1, 0.9, 1.0, 1.0, 1.0, 1.1, 0.1];
        let ratio = Ratio::of(&cell("one", &odd), &cell("other", &[1.0; 9]));
        assert_eq!((ratio.median, ratio.low, ratio.high), (1.0, 0.9, 1.1));
    }
}
