//! What Jakarta WebSocket asks of an endpoint's container, scenario by scenario, in each way to
//! instantiate guests. The scenarios are this project's own; `jakarta/README.md` says what they are
//! modelled on, and what that means.

mod client;
mod close;
mod configurator;
mod deployment;
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
mod session;

use std::io::Write as _;

use self::place::Mode;
use self::runner::{Outcome, Scenario};

/// The scenarios of guests, by area; each runs in each mode.
const GUESTS: [&[Scenario]; 13] = [
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
];

/// How many scenarios hold in each mode: all there are. A scenario that is added or taken away is
/// counted here, and one that does not run is missed.
const EXPECTED: [(&str, usize); 2] = [("session", 277), ("shared", 257)];

/// Says which scenarios to run, where not all of them: those whose id begins so.
const ONLY: &str = "SOCKHOP_SCENARIOS";

#[tokio::test(flavor = "multi_thread")]
async fn full_every_scenario_holds_in_every_mode() {
    let only = std::env::var(ONLY).unwrap_or_default();
    let wanted = |scenario: &Scenario| scenario.id.starts_with(&only);
    let guests: Vec<_> = GUESTS.concat().into_iter().filter(wanted).collect();
    let clients: Vec<_> = client::SCENARIOS.iter().copied().filter(wanted).collect();
    let all = [guests.clone(), clients.clone()].concat();
    let mut columns = Vec::new();
    for mode in Mode::ALL {
        // The client's role has no instance: once is enough.
        let first = mode == Mode::ALL[0];
        let mut outcomes = runner::run(mode, if first { &all } else { &guests }).await;
        outcomes.resize(all.len(), Outcome::Left);
        columns.push((mode, outcomes));
    }
    tell(&runner::table(&all, &columns));
    let failures = runner::failures(&all, &columns);
    let counts = runner::counts(&columns);
    tell(&format!("{} scenarios; {counts:?}", all.len()));
    assert!(failures.is_empty(), "{} do not hold:\n{}", failures.len(), failures.join("\n"));
    assert!(!only.is_empty() || counts == EXPECTED, "{counts:?} hold, not {EXPECTED:?}");
}

#[test]
fn quick_every_scenario_has_an_id_of_its_own() {
    let all = [GUESTS.concat(), client::SCENARIOS.to_vec()].concat();
    let mut ids: Vec<_> = all.iter().map(|scenario| scenario.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all.len(), "an id is used twice");
}

/// Prints what a reader of a long run asks for, whether it went well or not: what a test prints by
/// the macros is shown for a failure alone.
fn tell(text: &str) {
    writeln!(std::io::stderr(), "{text}").expect("standard error can be written to");
}
