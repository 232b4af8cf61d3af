//! Each target for a moment: its seeds, and the same mutations of them in each run.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use sockhop_fuzz::mutate::mutate;
use sockhop_fuzz::{Random, TARGETS, target};

/// How many mutations each target is given: less than a second each.
const MUTATIONS: usize = 20_000;

fn seeds(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(name);
    let files = fs::read_dir(&folder).expect("each target has a folder of seeds");
    let mut paths: Vec<_> = files.map(|file| file.expect("it can be read").path()).collect();
    // So that the mutations are the same wherever they are made.
    paths.sort();
    paths.iter().map(|path| fs::read(path).expect("it can be read")).collect()
}

fn holds(name: &str) {
    let target = target(name).expect("it is a target");
    let run = |input: &[u8], what: &str| {
        let result = catch_unwind(AssertUnwindSafe(|| (target.run)(input)));
        // The law that is broken was printed by its own panic.
        assert!(result.is_ok(), "{name} broke on {what}: b\"{}\"", input.escape_ascii());
    };
    let seeds = seeds(name);
    for seed in &seeds {
        run(seed, "a seed");
    }
    let mut random = Random::new(0);
    for number in 0..MUTATIONS {
        run(&mutate(&seeds, &mut random), &format!("mutation {number}"));
    }
}

#[test]
fn frames_are_understood_however_they_arrive() {
    holds("frames");
}

#[test]
fn compressed_messages_are_inflated_within_bounds() {
    holds("deflate");
}

#[test]
fn extensions_are_agreed_as_offered() {
    holds("extensions");
}

#[test]
fn handshakes_are_read_or_refused() {
    holds("handshake");
}

#[test]
fn templates_route_as_a_search_through_all_would() {
    holds("templates");
}

#[test]
fn proxy_headers_are_read_by_the_letter() {
    holds("proxy");
}

#[test]
fn only_trusted_proxies_are_believed() {
    holds("forwarded");
}

#[test]
fn every_target_has_seeds_and_every_seed_a_target() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds");
    let folders = fs::read_dir(folder).expect("there are seeds");
    for folder in folders {
        let name = folder.expect("it can be read").file_name().into_string().expect("UTF-8");
        assert!(!seeds(&name).is_empty(), "{name} has no seeds");
        assert!(target(&name).is_some(), "{name} is no target");
    }
    for target in TARGETS {
        assert!(!seeds(target.name).is_empty(), "{} has no seeds", target.name);
    }
}
