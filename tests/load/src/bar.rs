//! The bar: our own wire engine without a guest, held against the best of the other servers.

use serde::Serialize;

use crate::idle::Idle;
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
    /// The native server's.
    pub native: f64,
    /// What it is held against.
    pub bar: f64,
    /// Whose figure that is.
    pub whose: String,
    /// Whether the native server is not above it; of idle memory, whether it is below.
    pub holds: bool,
}

/// Holds each of the native server's figures against the best rival's of the same load.
pub fn verdicts(cells: &[Cell], idle: &[Idle], rivals: &[String]) -> Vec<Verdict> {
    let native = cells.iter().filter(|cell| cell.server == NATIVE);
    let mut verdicts: Vec<_> = native
        .filter_map(|native| {
            let best = best_rival(cells, &native.scenario, rivals)?;
            let (native, bar) = (native.best_cpu(), best.best_cpu());
            Some(Verdict {
                figure: format!("{}, µs CPU", best.scenario),
                native,
                bar,
                whose: best.server.clone(),
                holds: native <= bar,
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
            holds: native < IDLE_KIB_MAX,
        }
    }));
    verdicts
}

/// The rival that takes the least CPU time under a load.
pub fn best_rival<'a>(cells: &'a [Cell], scenario: &str, rivals: &[String]) -> Option<&'a Cell> {
    cells
        .iter()
        .filter(|cell| cell.scenario == scenario && rivals.contains(&cell.server))
        .min_by(|one, other| one.best_cpu().total_cmp(&other.best_cpu()))
}

/// The verdicts as a table.
pub fn table(verdicts: &[Verdict]) -> Table {
    let header = ["the native server", "bar", "not above", "native", "bar", "ratio"];
    let mut table = Table::new(3, &header);
    for verdict in verdicts {
        table.row(vec![
            verdict.figure.clone(),
            verdict.whose.clone(),
            if verdict.holds { "yes" } else { "no" }.to_owned(),
            figure(verdict.native),
            figure(verdict.bar),
            figure(verdict.native / verdict.bar),
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
            cell("slow", &[9.0, 8.5]),
            cell("fast", &[8.0, 30.0]),
            cell(NATIVE, &[8.0, 12.0]),
            cell("sockhop shared", &[1.0]),
        ];
        let verdicts = verdicts(&cells, &[], &names(&["slow", "fast"]));
        assert_eq!(verdicts.len(), 1);
        let verdict = &verdicts[0];
        assert_eq!((verdict.whose.as_str(), verdict.bar, verdict.native), ("fast", 8.0, 8.0));
        assert!(verdict.holds, "as much as the best is not above it");
    }

    #[test]
    fn a_figure_above_the_best_rivals_does_not_hold() {
        let cells = [cell("fast", &[8.0]), cell(NATIVE, &[8.01])];
        let verdicts = verdicts(&cells, &[], &names(&["fast"]));
        assert!(!verdicts[0].holds);
        let text = table(&verdicts).to_string();
        let row = text.lines().last().expect("a row");
        assert!(row.starts_with("| small, µs CPU ") && row.contains("| no "), "{text}");
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
            (verdicts.len(), verdicts[0].holds)
        };
        assert_eq!(held(1399), (1, true));
        assert_eq!(held(1400), (1, false));
    }

    #[test]
    fn without_a_rival_there_is_no_bar() {
        assert!(verdicts(&[cell(NATIVE, &[8.0])], &[], &[]).is_empty());
    }
}
