//! The index of the zoo: guests that misbehave, each in one way.

/// The guests of `tests/zoo`, by the names of their files. A test holds this list against the
/// folder, and another holds it against the tests, so that no animal goes unwatched.
pub const ZOO: [&str; 52] = [
    "allocates_forever",
    "awaits",
    "bad_path",
    "catches_all",
    "changed_echo",
    "closes_in_open",
    "configured",
    "controls",
    "dials",
    "directory",
    "duplicate_paths",
    "echoes_in_batches",
    "echoes_in_parts",
    "errs_in_close",
    "errs_in_message",
    "errs_with_text",
    "exports_batches",
    "exports_completions",
    "exports_configurator",
    "exports_keys",
    "exports_nothing",
    "exports_parts",
    "exports_pongs",
    "exports_timers",
    "fails_in_open",
    "floods",
    "grabs",
    "handshaker",
    "holds",
    "jakarta",
    "jakarta_gate",
    "jakarta_parts",
    "jakarta_paths",
    "lacks_endpoint",
    "loops_forever",
    "no_endpoints",
    "observer",
    "revision_a",
    "revision_b",
    "rooms",
    "sends_after_close",
    "sleeps",
    "subscribes",
    "talks",
    "ticks",
    "traps_in_close",
    "traps_in_describe",
    "traps_in_error",
    "traps_in_message",
    "traps_in_open",
    "tunes",
    "wants_http",
];

/// The path of a guest's endpoint, where it has but one of its own: its name with hyphens.
#[must_use]
pub fn path(guest: &str) -> String {
    format!("/{}", guest.replace('_', "-"))
}
