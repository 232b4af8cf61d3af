//! The binary that libFuzzer drives: one target, named by `FUZZ_TARGET`. See `guided.sh`.

#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use sockhop_fuzz::{TARGETS, Target, target};

static TARGET: OnceLock<Target> = OnceLock::new();

fn chosen() -> Target {
    #[expect(clippy::disallowed_methods, reason = "its arguments are libFuzzer's")]
    let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
    let known = || TARGETS.iter().map(|target| target.name).collect::<Vec<_>>().join(", ");
    target(&name).unwrap_or_else(|| panic!("FUZZ_TARGET is {name:?}; this binary has {}", known()))
}

fuzz_target!(init: { TARGET.get_or_init(chosen); }, |data: &[u8]| {
    (TARGET.get_or_init(chosen).run)(data);
});
