//! Runs scenarios against a host for each mode, and tells what came of them in a table.

use std::any::Any;
use std::panic::AssertUnwindSafe;

use futures_util::future::LocalBoxFuture;
use futures_util::{FutureExt as _, StreamExt as _, stream};

use super::place::{Mode, Place};

/// How many scenarios run at once. Most of the time each waits for the host.
const AT_ONCE: usize = 8;

/// One thing that has to hold.
#[derive(Clone, Copy)]
pub(super) struct Scenario {
    /// Its name, which does not change.
    pub(super) id: &'static str,
    /// Where it stems from: a rule's tag or section, an area of the test kit, an issue, or a
    /// defect of others.
    pub(super) from: &'static str,
    /// What holds.
    pub(super) title: &'static str,
    /// Panics where it does not.
    pub(super) run: Run,
}

/// What a scenario does at a place.
pub(super) type Run = for<'a> fn(&'a Place) -> LocalBoxFuture<'a, ()>;

/// Writes a table of scenarios: `"id" ("where it is from") function: "what holds",`, with what the
/// function is given beside the place in brackets.
macro_rules! scenarios {
    ($($id:literal ($from:literal) $run:ident $([$($given:expr),+])?: $title:literal,)+) => {
        /// The scenarios of this area.
        pub(super) const SCENARIOS: &[$crate::jakarta::runner::Scenario] = &[$(
            $crate::jakarta::runner::Scenario {
                id: $id,
                from: $from,
                title: $title,
                run: |place| Box::pin($run(place $(, $($given),+)?)),
            }
        ),+];
    };
}
pub(super) use scenarios;

/// What came of a scenario in one mode.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It holds.
    Holds,
    /// It does not, and why.
    Fails(String),
    /// It is not asked in this mode: it has no guest.
    Left,
}

impl Outcome {
    fn word(&self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Fails(_) => "FAILS",
            Self::Left => "-",
        }
    }
}

/// Runs all of these scenarios in a mode, each to its end, whatever becomes of the others.
pub(super) async fn run(mode: Mode, scenarios: &[Scenario]) -> Vec<Outcome> {
    let place = Place::start(mode).await;
    let runs = stream::iter(scenarios).map(|scenario| run_one(&place, scenario));
    let outcomes = runs.buffered(AT_ONCE).collect().await;
    place.stop().await;
    outcomes
}

async fn run_one(place: &Place, scenario: &Scenario) -> Outcome {
    match AssertUnwindSafe((scenario.run)(place)).catch_unwind().await {
        Ok(()) => Outcome::Holds,
        Err(panic) => Outcome::Fails(said(&*panic)),
    }
}

/// What a panic said.
fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
    text.unwrap_or_else(|| "a panic without words".to_owned())
}

/// All of it, for people.
pub(super) fn table(scenarios: &[Scenario], columns: &[(Mode, Vec<Outcome>)]) -> String {
    let width = |cell: fn(&Scenario) -> &'static str| {
        scenarios.iter().map(|scenario| cell(scenario).chars().count()).max().unwrap_or(0)
    };
    let (ids, froms) = (width(|scenario| scenario.id), width(|scenario| scenario.from));
    let mut lines = vec![format!("{:ids$}  {:froms$}", "id", "from")];
    lines.extend(scenarios.iter().map(|one| format!("{:ids$}  {:froms$}", one.id, one.from)));
    for (mode, outcomes) in columns {
        let cells = outcomes.iter().map(Outcome::word);
        for (line, cell) in lines.iter_mut().zip([mode.word()].into_iter().chain(cells)) {
            line.push_str(&format!("  {cell:7}"));
        }
    }
    for (line, scenario) in lines.iter_mut().skip(1).zip(scenarios) {
        line.push_str(&format!("  {}", scenario.title));
    }
    lines.join("\n")
}

/// Why each of those that failed did.
pub(super) fn failures(scenarios: &[Scenario], columns: &[(Mode, Vec<Outcome>)]) -> Vec<String> {
    let all = columns.iter().flat_map(|(mode, outcomes)| {
        scenarios.iter().zip(outcomes).map(move |(scenario, outcome)| (mode, scenario, outcome))
    });
    all.filter_map(|(mode, scenario, outcome)| match outcome {
        Outcome::Fails(why) => {
            let Scenario { id, title, .. } = scenario;
            Some(format!("{id} in mode {}: {title}\n  {why}", mode.word()))
        }
        Outcome::Holds | Outcome::Left => None,
    })
    .collect()
}

/// How many scenarios hold in each mode.
pub(super) fn counts(columns: &[(Mode, Vec<Outcome>)]) -> Vec<(&'static str, usize)> {
    let holding = |outcomes: &[Outcome]| {
        outcomes.iter().filter(|outcome| **outcome == Outcome::Holds).count()
    };
    columns.iter().map(|(mode, outcomes)| (mode.word(), holding(outcomes))).collect()
}
