//! The bar: our own wire engine without a guest, held against the best of the other servers.

use serde::Serialize;

use crate::idle::Idle;
use crate::ratio::Ratio;
use crate::report::Cell;
use crate::rivals::NATIVE;
use crate::table::{Table, figure};

/// What an idle connection may take without a guest and without compression, in KiB: below this.
pub const IDLE_KIB_MAX: f64 = 4.0;

/// One figure of the native server, and what it is held against.
#[derive(Clone, Debug, Serialize)]
pub struct Verdict {
    /// The load, and the unit of the figures.
    pub figure: String,
    /// The native server's, of the median window.
    pub native: f64,
    /// What it is held against, of the median window.
    pub bar: f64,
    /// Whose figure that is.
    pub whose: String,
    /// The native server's windows beside those of the same turns.
    pub ratio: Ratio,
    /// Whether the native server is not above it; of idle memory, whether it is below.
    pub standing: Standing,
}

/// Whether a bar is kept.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// The native server takes no more.
    Yes,
    /// Its median is above, and no more so than chance may make it: 1 is in the interval.
    Even,
    /// It takes more, beyond chance.
    No,
}

impl Standing {
    fn of(ratio: Ratio) -> Self {
        if ratio.median <= 1.0 {
            Self::Yes
        } else if ratio.low <= 1.0 {
            Self::Even
        } else {
            Self::No
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::Even => "even",
            Self::No => "no",
        }
    }
}

/// Holds each of the native server's figures against the best rival's of the same load.
pub fn verdicts(cells: &[Cell], idle: &[Idle], rivals: &[String]) -> Vec<Verdict> {
    let native = cells.iter().filter(|cell| cell.server == NATIVE);
    let mut verdicts: Vec<_> = native
        .filter_map(|native| {
            let best = best_rival(cells, &native.scenario, rivals)?;
            let ratio = Ratio::of(native, best);
            Some(Verdict {
                figure: format!("{}, µs CPU", best.scenario),
                native: native.median_cpu(),
                bar: best.median_cpu(),
                whose: best.server.clone(),
                ratio,
                standing: Standing::of(ratio),
            })
        })
        .collect();
    verdicts.extend(idle.iter().filter(|idle| idle.server == NATIVE).map(|idle| {
        let native = idle.kib_per_connection();
        Verdict {
            figure: "idle connection, KiB".to_owned(),
            native,
            bar: IDLE_KIB_MAX,
            whose: "a fixed bar".to_owned(),
            ratio: Ratio::exact(native / IDLE_KIB_MAX),
            standing: if native < IDLE_KIB_MAX { Standing::Yes } else { Standing::No },
        }
    }));
    verdicts
}

/// The rival that takes the least CPU time under a load, by its median window.
pub fn best_rival<'a>(cells: &'a [Cell], scenario: &str, rivals: &[String]) -> Option<&'a Cell> {
    cells
        .iter()
        .filter(|cell| cell.scenario == scenario && rivals.contains(&cell.server))
        .min_by(|one, other| one.median_cpu().total_cmp(&other.median_cpu()))
}

/// The verdicts as a table.
pub fn table(verdicts: &[Verdict]) -> Table {
    let header =
        ["the native server", "bar", "not above", "native", "bar", "ratio", "at least", "at most"];
    let mut table = Table::new(3, &header);
    for verdict in verdicts {
        table.row(vec![
            verdict.figure.clone(),
            verdict.whose.clone(),
            verdict.standing.word().to_owned(),
            figure(verdict.native),
            figure(verdict.bar),
            figure(verdict.ratio.median),
            figure(verdict.ratio.low),
            figure(verdict.ratio.high),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::cell;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn the_bar_is_the_best_rivals_and_no_other_servers() {
        let cells = [
            cell("slow", &[9.0, 8.5, 7.0]),
            cell("fast", &[8.0, 30.0, 8.0]),
            cell(NATIVE, &[8.0, 12.0, 8.0]),
            cell("sockhop shared", &[1.0, 1.0, 1.0]),
        ];
        let verdicts = verdicts(&cells, &[], &names(&["slow", "fast"]));
        assert_eq!(verdicts.len(), 1);
        let verdict = &verdicts[0];
        assert_eq!((verdict.whose.as_str(), verdict.bar, verdict.native), ("fast", 8.0, 8.0));
        assert_eq!(verdict.standing, Standing::Yes, "as much as the best is not above it");
    }

    #[test]
    fn a_figure_above_the_best_rivals_stands_even_only_where_that_may_be_chance() {
        let standing = |native: &[f64]| {
            let cells = [cell("fast", &[8.0; 6]), cell(NATIVE, native)];
            let verdicts = verdicts(&cells, &[], &names(&["fast"]));
            let text = table(&verdicts).to_string();
            let row = text.lines().last().expect("a row").to_owned();
            assert!(row.starts_with("| small, µs CPU "), "{text}");
            row.split('|').map(str::trim).nth(3).expect("a word").to_owned()
        };
        assert_eq!(standing(&[8.01; 6]), "no");
        assert_eq!(standing(&[7.9, 8.1, 8.1, 8.1, 8.1, 8.1]), "even");
        assert_eq!(standing(&[7.9, 7.9, 7.9, 7.9, 8.1, 8.1]), "yes");
    }

    #[test]
    fn idle_memory_has_to_be_below_a_fixed_bar() {
        let idle = |server: &str, after_kib| Idle {
            server: server.to_owned(),
            connections: 100,
            before_kib: 1000,
            after_kib,
        };
        let held = |after_kib| {
            let idle = [idle("other", 9000), idle(NATIVE, after_kib)];
            let verdicts = verdicts(&[], &idle, &names(&["other"]));
            (verdicts.len(), verdicts[0].standing)
        };
        assert_eq!(held(1399), (1, Standing::Yes));
        assert_eq!(held(1400), (1, Standing::No));
    }

    #[test]
    fn without_a_rival_there_is_no_bar() {
        assert!(verdicts(&[cell(NATIVE, &[8.0])], &[], &[]).is_empty());
    }
}
