//! Runs scenarios against a host for each mode, and tells what came of them in a table.

use std::any::Any;
use std::panic::AssertUnwindSafe;

use futures_util::future::LocalBoxFuture;
use futures_util::{FutureExt as _, StreamExt as _, stream};

use super::place::{Mode, Place, Role};

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
    /// Where it is asked.
    pub(super) asked: Asked,
    /// Panics where it does not.
    pub(super) run: Run,
}

/// Where a scenario is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// In each mode, of guests whose peers have connected.
    OfServers,
    /// In each mode, of guests that have connected to their peers.
    OfClients,
    /// In each mode and both roles.
    OfBoth,
    /// Once, as no guest is in it, but `sockhop connect`.
    Once,
}

impl Asked {
    /// Whether it is asked in this column.
    pub(super) fn of(self, (mode, role): Column) -> bool {
        match self {
            Self::OfServers => role == Role::Server,
            Self::OfClients => role == Role::Client,
            Self::OfBoth => true,
            Self::Once => role == Role::Client && mode == Mode::ALL[0],
        }
    }
}

/// A column of the table.
pub(super) type Column = (Mode, Role);

/// What stands above a column.
pub(super) fn heading((mode, role): Column) -> String {
    let before = if role == Role::Client { "client-" } else { "" };
    format!("{before}{}", mode.word())
}

/// What a scenario does at a place.
pub(super) type Run = for<'a> fn(&'a Place) -> LocalBoxFuture<'a, ()>;

/// Writes a table of scenarios: `"id" ("where it is from") function: "what holds",`, with what the
/// function is given beside the place in brackets, and before the colon `both`, `client` or `once`,
/// where it is not asked of servers alone.
macro_rules! scenarios {
    (@asked) => { $crate::jakarta::runner::Asked::OfServers };
    (@asked client) => { $crate::jakarta::runner::Asked::OfClients };
    (@asked both) => { $crate::jakarta::runner::Asked::OfBoth };
    (@asked once) => { $crate::jakarta::runner::Asked::Once };
    ($(
        $id:literal ($from:literal) $run:ident $([$($given:expr),+])? $($asked:ident)?:
            $title:literal,
    )+) => {
        /// The scenarios of this area.
        pub(super) const SCENARIOS: &[$crate::jakarta::runner::Scenario] = &[$(
            $crate::jakarta::runner::Scenario {
                id: $id,
                from: $from,
                title: $title,
                asked: scenarios!(@asked $($asked)?),
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
    /// It is not asked in this column.
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

/// Runs those of the scenarios that are asked in a mode, in each role, each to its end, whatever
/// becomes of the others.
pub(super) async fn run(mode: Mode, scenarios: &[Scenario]) -> Vec<(Column, Vec<Outcome>)> {
    let mut place = Place::start(mode).await;
    let mut columns = Vec::new();
    for role in Role::ALL {
        place.role = role;
        let runs = stream::iter(scenarios).map(|scenario| run_one(&place, scenario));
        columns.push(((mode, role), runs.buffered(AT_ONCE).collect().await));
    }
    place.stop().await;
    columns
}

async fn run_one(place: &Place, scenario: &Scenario) -> Outcome {
    if !scenario.asked.of((place.mode, place.role)) {
        return Outcome::Left;
    }
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
pub(super) fn table(scenarios: &[Scenario], columns: &[(Column, Vec<Outcome>)]) -> String {
    let width = |cell: fn(&Scenario) -> &'static str| {
        scenarios.iter().map(|scenario| cell(scenario).chars().count()).max().unwrap_or(0)
    };
    let (ids, froms) = (width(|scenario| scenario.id), width(|scenario| scenario.from));
    let mut lines = vec![format!("{:ids$}  {:froms$}", "id", "from")];
    lines.extend(scenarios.iter().map(|one| format!("{:ids$}  {:froms$}", one.id, one.from)));
    for (column, outcomes) in columns {
        let heading = heading(*column);
        let width = heading.len().max("holds".len());
        let cells = outcomes.iter().map(|outcome| outcome.word().to_owned());
        for (line, cell) in lines.iter_mut().zip([heading].into_iter().chain(cells)) {
            line.push_str(&format!("  {cell:width$}"));
        }
    }
    for (line, scenario) in lines.iter_mut().skip(1).zip(scenarios) {
        line.push_str(&format!("  {}", scenario.title));
    }
    lines.join("\n")
}

/// Why each of those that failed did.
pub(super) fn failures(scenarios: &[Scenario], columns: &[(Column, Vec<Outcome>)]) -> Vec<String> {
    let all = columns.iter().flat_map(|(column, outcomes)| {
        scenarios.iter().zip(outcomes).map(move |(scenario, outcome)| (column, scenario, outcome))
    });
    all.filter_map(|(column, scenario, outcome)| match outcome {
        Outcome::Fails(why) => {
            let Scenario { id, title, .. } = scenario;
            Some(format!("{id} in {}: {title}\n  {why}", heading(*column)))
        }
        Outcome::Holds | Outcome::Left => None,
    })
    .collect()
}

/// How many scenarios hold in each column.
pub(super) fn counts(columns: &[(Column, Vec<Outcome>)]) -> Vec<(String, usize)> {
    let holding = |outcomes: &[Outcome]| {
        outcomes.iter().filter(|outcome| **outcome == Outcome::Holds).count()
    };
    columns.iter().map(|(column, outcomes)| (heading(*column), holding(outcomes))).collect()
}
