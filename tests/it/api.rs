//! `API.md` is true: every case that it names is there, and so is everything of the contract and
//! the configuration.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use crate::repository::{rust_files, workspace};

/// How many members the API has that the contract is modelled on.
const MEMBERS: usize = 209;

/// The tables that together name each of them once: all but the one of requests.
const NOT_OF_MEMBERS: &str = "What the backlog of Jakarta asks for";

/// The table that names no case.
const WITHOUT_CASES: &str = "What has no meaning outside Java";

/// A row of a table: the heading above it, and its cells.
struct Row {
    section: String,
    cells: Vec<String>,
}

impl Row {
    /// What stands in backticks in one of the cells.
    fn words(&self, cell: usize) -> Vec<&str> {
        self.cells[cell].split('`').skip(1).step_by(2).collect()
    }
}

fn read(file: &str) -> String {
    let file = workspace().join(file);
    fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// The rows of all tables, without the two lines at the top of each.
fn rows() -> Vec<Row> {
    let (mut section, mut rows) = (String::new(), Vec::new());
    for line in read("API.md").lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            heading.clone_into(&mut section);
        }
        let Some(inside) = line.strip_prefix("| ").and_then(|line| line.strip_suffix(" |")) else {
            continue;
        };
        let cells: Vec<_> = inside.split(" | ").map(|cell| cell.trim().to_owned()).collect();
        if !["member", "request"].contains(&cells[0].as_str()) {
            rows.push(Row { section: section.clone(), cells });
        }
    }
    assert!(rows.len() > 100, "{} rows are found", rows.len());
    rows
}

/// The ids of the scenarios: what begins the lines of their tables.
fn scenarios() -> BTreeSet<String> {
    let folder = workspace().join("tests/conformance/jakarta");
    let files = rust_files().into_iter().filter(|file| file.starts_with(&folder));
    let texts = files.map(|file| fs::read_to_string(file).expect("it can be read"));
    let found: BTreeSet<_> =
        texts.flat_map(|text| text.lines().filter_map(scenario).collect::<Vec<_>>()).collect();
    assert!(found.len() > 200, "{} scenarios are found", found.len());
    found
}

/// The id of a line such as `"close.plain" ("ee/session") plain: "…",`.
fn scenario(line: &str) -> Option<String> {
    let (id, rest) = line.trim_start().strip_prefix('"')?.split_once("\" (\"")?;
    (id.contains('.') && rest.contains("\") ")).then(|| id.to_owned())
}

/// Whether there is a test of this name in this file, which is one of `tests/it` where it is named
/// without a folder.
fn is_test(file: &str, name: &str) -> bool {
    let file = if file.contains('/') { file.to_owned() } else { format!("tests/it/{file}") };
    let text = read(&file);
    let mut lines = text.lines().map(str::trim);
    let marked = |line: &str| line == "#[test]" || line.starts_with("#[tokio::test");
    let named = format!("fn {name}()");
    while lines.by_ref().any(marked) {
        let function = lines.find(|line| !line.starts_with("#[")).unwrap_or_default();
        if function.trim_start_matches("async ").starts_with(&named) {
            return true;
        }
    }
    false
}

#[test]
fn every_row_has_three_cells() {
    for row in rows() {
        assert_eq!(row.cells.len(), 3, "{:?}", row.cells);
        assert!(row.cells.iter().all(|cell| !cell.is_empty()), "{:?}", row.cells);
    }
}

#[test]
fn every_member_is_named_once() {
    let rows = rows();
    let members: Vec<_> = rows
        .iter()
        .filter(|row| row.section != NOT_OF_MEMBERS)
        .inspect(|row| assert!(!row.words(0).is_empty(), "no member: {:?}", row.cells))
        .flat_map(|row| row.words(0))
        .collect();
    let different: BTreeSet<_> = members.iter().collect();
    assert_eq!(different.len(), members.len(), "one is named twice");
    assert_eq!(members.len(), MEMBERS);
}

#[test]
fn every_case_is_there() {
    let scenarios = scenarios();
    for row in rows() {
        if row.section == WITHOUT_CASES {
            continue;
        }
        let cases = row.words(2);
        assert!(!cases.is_empty(), "no case: {:?}", row.cells);
        for case in cases {
            let known = match case.split_once("::") {
                Some((file, name)) => is_test(file, name),
                None => scenarios.contains(case),
            };
            assert!(known, "there is no case `{case}`, which proves {}", row.cells[0]);
        }
    }
}

/// Whether an interface has something of this name: a function, or a type.
fn has(interface: &str, name: &str) -> bool {
    let kinds =
        ["record", "variant", "enum", "resource", "type"].map(|kind| format!("{kind} {name} "));
    interface.lines().map(str::trim).any(|line| {
        line.starts_with(&format!("{name}: func("))
            || line.starts_with(&format!("{name}: static func("))
            || kinds.iter().any(|kind| line.starts_with(kind))
    })
}

#[test]
fn what_is_named_of_the_contract_is_in_it() {
    let mut found = 0;
    for row in rows() {
        for word in row.words(1) {
            let Some((name, member)) = word.split_once('.') else { continue };
            let interface = read(&format!("wit/{name}.wit"));
            assert!(has(&interface, member), "wit/{name}.wit has no `{member}`");
            found += 1;
        }
    }
    assert!(found > 50, "only {found} things of the contract are named");
}

#[test]
fn what_is_named_of_the_configuration_is_in_it() {
    let defaults = read("host/src/config/default.toml");
    let mut found = 0;
    for row in rows() {
        for word in row.words(1) {
            let Some((table, key)) = word.strip_prefix('[').and_then(|word| word.split_once("] "))
            else {
                continue;
            };
            // A deployment's table has its name, and is there as an example.
            let sections = defaults.split("\n[").chain(defaults.split("\n#["));
            let own = sections.filter(|section| section.starts_with(table));
            let lines = own.flat_map(str::lines).map(|line| line.trim_start_matches('#'));
            let known = lines.into_iter().any(|line| line.starts_with(&format!("{key} = ")));
            assert!(known, "there is no `{key}` in [{table}]");
            found += 1;
        }
    }
    assert!(found > 5, "only {found} keys are named");
}

#[test]
fn what_is_named_of_the_sdk_is_in_it() {
    let folder: PathBuf = workspace().join("guest-sdk/src");
    let files = rust_files().into_iter().filter(|file| file.starts_with(&folder));
    let sdk: String = files.map(|file| fs::read_to_string(file).expect("it can be read")).collect();
    let mut found = 0;
    for row in rows() {
        for word in row.words(1) {
            let Some((ty, function)) = word.split_once("::") else { continue };
            let named = |kind: &str| sdk.contains(&format!("pub {kind} {ty}"));
            // A type of the contract that the SDK gives more to do is an `impl` alone.
            let known = ["struct", "trait", "enum"].iter().any(|kind| named(kind))
                || sdk.contains(&format!("impl {ty} {{"));
            assert!(known, "the SDK has no `{ty}`");
            let named = [format!("fn {function}("), format!("fn {function}<")];
            assert!(named.iter().any(|name| sdk.contains(name)), "the SDK has no `{word}`");
            found += 1;
        }
    }
    assert!(found > 10, "only {found} items of the SDK are named");
}
