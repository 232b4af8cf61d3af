//! What Jakarta WebSocket asks of an endpoint's container, scenario by scenario, in each way to
//! instantiate guests and in both roles. The scenarios are this project's own; `jakarta/README.md`
//! says what they are modelled on, and what that means.

mod client;
mod close;
mod configurator;
mod deployment;
mod dial;
mod errors;
mod field;
mod gaps;
mod handshake;
mod limits;
mod messages;
mod paths;
mod place;
mod request;
mod runner;
mod sending;
mod server;
mod session;

use std::io::Write as _;

use self::place::{Mode, Role};
use self::runner::Scenario;

/// The scenarios, by area.
const AREAS: [&[Scenario]; 15] = [
    session::SCENARIOS,
    messages::SCENARIOS,
    errors::SCENARIOS,
    sending::SCENARIOS,
    close::SCENARIOS,
    limits::SCENARIOS,
    handshake::SCENARIOS,
    request::SCENARIOS,
    configurator::SCENARIOS,
    paths::SCENARIOS,
    deployment::SCENARIOS,
    gaps::SCENARIOS,
    field::SCENARIOS,
    dial::SCENARIOS,
    client::SCENARIOS,
];

/// How many scenarios hold in each column: all that are asked there. A scenario that is added or
/// taken away is counted here and in the README, and one that does not run is missed.
const EXPECTED: [(&str, usize); 6] = [
    ("session", 262),
    ("client-session", 118),
    ("keyed", 262),
    ("client-keyed", 98),
    ("shared", 262),
    ("client-shared", 98),
];

/// Says which scenarios to run, where not all of them: those whose id begins so.
const ONLY: &str = "SOCKHOP_SCENARIOS";

#[tokio::test(flavor = "multi_thread")]
async fn full_every_scenario_holds_in_every_mode() {
    let only = std::env::var(ONLY).unwrap_or_default();
    let wanted = |scenario: &Scenario| scenario.id.starts_with(&only);
    let all: Vec<_> = AREAS.concat().into_iter().filter(wanted).collect();
    let mut columns = Vec::new();
    for mode in Mode::ALL {
        columns.extend(runner::run(mode, &all).await);
    }
    tell(&runner::table(&all, &columns));
    let failures = runner::failures(&all, &columns);
    let counts = runner::counts(&columns);
    tell(&format!("{} scenarios; {counts:?}", all.len()));
    assert!(failures.is_empty(), "{} do not hold:\n{}", failures.len(), failures.join("\n"));
    let expected = EXPECTED.map(|(column, count)| (column.to_owned(), count));
    assert!(!only.is_empty() || counts == expected, "{counts:?} hold, not {EXPECTED:?}");
}

#[test]
fn quick_every_scenario_has_an_id_of_its_own() {
    let mut ids: Vec<_> = AREAS.concat().iter().map(|scenario| scenario.id).collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all, "an id is used twice");
}

#[test]
fn quick_the_scenarios_are_as_many_as_is_said() {
    let all = AREAS.concat();
    let columns = Mode::ALL.into_iter().flat_map(|mode| Role::ALL.map(|role| (mode, role)));
    let counts = columns.map(|column| {
        let asked = all.iter().filter(|scenario| scenario.asked.of(column)).count();
        (runner::heading(column), asked)
    });
    let counts: Vec<_> = counts.collect();
    assert_eq!(counts, EXPECTED.map(|(column, count)| (column.to_owned(), count)));
    let readme = include_str!("jakarta/README.md");
    assert!(readme.contains(&format!("**{} scenarios**", all.len())), "{} scenarios", all.len());
    for (column, count) in EXPECTED {
        let row = format!("| `{column}` | {count} |");
        assert!(readme.contains(&row), "the README lacks {row}");
    }
}

/// Prints what a reader of a long run asks for, whether it went well or not: what a test prints by
/// the macros is shown for a failure alone.
fn tell(text: &str) {
    writeln!(std::io::stderr(), "{text}").expect("standard error can be written to");
}
