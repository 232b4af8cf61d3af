//! Which cases there are, how the host is expected to behave in each, and which of them are quick.

use std::collections::BTreeMap;

/// How a server behaves in a case, in the suite's own words: in the case itself, and in closing
/// the connection behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Behaviour {
    pub(super) case: String,
    pub(super) closing: String,
}

/// Cases by their ids, such as `6.4.1`.
pub(super) type Cases = BTreeMap<String, Behaviour>;

/// All cases of the suite.
pub(super) fn all() -> Cases {
    let lines = lines(include_str!("expected.txt"));
    lines
        .map(|line| {
            let words: Vec<_> = line.split(' ').map(str::to_owned).collect();
            let [id, case, closing] = words.try_into().expect("a line has three words");
            (id, Behaviour { case, closing })
        })
        .collect()
}

/// Those that run in a minute or so.
pub(super) fn quick() -> Cases {
    let patterns: Vec<_> = lines(include_str!("quick.txt")).collect();
    let mut cases = all();
    cases.retain(|id, _| patterns.iter().any(|pattern| matches(pattern, id)));
    cases
}

/// Each case in which the host behaved otherwise, in a line each; cases that did not run, and such
/// that nobody asked for, are among them.
pub(super) fn differences(expected: &Cases, found: &Cases) -> Vec<String> {
    let ids = expected.keys().chain(found.keys().filter(|id| !expected.contains_key(*id)));
    let pairs = ids.map(|id| (id, expected.get(id), found.get(id)));
    let differing = pairs.filter(|(_, expected, found)| expected != found);
    differing
        .map(|(id, expected, found)| {
            format!("{id}: expected {}, found {}", words(expected), words(found))
        })
        .collect()
}

/// How many cases there are of each behaviour.
pub(super) fn counts(cases: &Cases) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for behaviour in cases.values() {
        *counts.entry(behaviour.case.as_str()).or_default() += 1;
    }
    counts
}

fn lines(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// Whether an id is of a pattern: `*` is any number, and at the end any numbers.
fn matches(pattern: &str, id: &str) -> bool {
    let (mut parts, mut numbers) = (pattern.split('.').peekable(), id.split('.'));
    while let Some(part) = parts.next() {
        match numbers.next() {
            Some(number) if part == "*" || part == number => {}
            _ => return false,
        }
        if part == "*" && parts.peek().is_none() {
            return true;
        }
    }
    numbers.next().is_none()
}

fn words(behaviour: Option<&Behaviour>) -> String {
    match behaviour {
        Some(Behaviour { case, closing }) => format!("{case} (closing {closing})"),
        None => "nothing".to_owned(),
    }
}

#[test]
fn quick_all_517_cases_are_expected_and_nothing_less_than_ok() {
    let all = all();
    assert_eq!(counts(&all), BTreeMap::from([("INFORMATIONAL", 3), ("OK", 514)]));
}

#[test]
fn quick_each_pattern_finds_a_case() {
    for pattern in lines(include_str!("quick.txt")) {
        assert!(all().keys().any(|id| matches(pattern, id)), "{pattern} finds nothing");
    }
    let quick = quick();
    for id in ["1.1.1", "6.22.34", "9.1.1", "10.1.1", "12.5.4", "13.7.1"] {
        assert!(quick.contains_key(id), "{id}");
    }
    for id in ["9.1.2", "12.1.10", "13.7.18"] {
        assert!(!quick.contains_key(id), "{id}");
    }
}

#[test]
fn quick_any_difference_is_seen() {
    let mut found = all();
    assert_eq!(differences(&all(), &found), [""; 0]);
    found.remove("1.1.1");
    found.get_mut("6.4.1").expect("it is there").case = "NON-STRICT".to_owned();
    found.get_mut("7.1.1").expect("it is there").closing = "UNCLEAN".to_owned();
    let extra = Behaviour { case: "OK".to_owned(), closing: "OK".to_owned() };
    found.insert("14.1.1".to_owned(), extra);
    let expected = [
        "1.1.1: expected OK (closing OK), found nothing",
        "6.4.1: expected OK (closing OK), found NON-STRICT (closing OK)",
        "7.1.1: expected OK (closing OK), found OK (closing UNCLEAN)",
        "14.1.1: expected nothing, found OK (closing OK)",
    ];
    assert_eq!(differences(&all(), &found), expected);
}
