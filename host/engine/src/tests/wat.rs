//! Guests in the text format, so that they need no tool chain.

const GUEST: &str = include_str!("guest.wat");

/// The guest of `guest.wat`.
pub(super) fn guest() -> Vec<u8> {
    guest_with(&[])
}

/// The same with code at the places of these names.
pub(super) fn guest_with(code: &[(&str, &str)]) -> Vec<u8> {
    let mut text = GUEST.to_owned();
    for (place, code) in code {
        let place = format!(";;{place}\n");
        assert!(text.contains(&place), "{place}");
        text = text.replace(&place, &format!("{code}\n"));
    }
    component(&text)
}

/// The guest of `guest.wat` with the export `keys` of `keys.wat`.
pub(super) fn guest_with_keys() -> Vec<u8> {
    guest_with(&[("EXPORTS", include_str!("keys.wat"))])
}

/// The guest of `guest.wat` with the export `batches` of `batches.wat`.
pub(super) fn guest_with_batches() -> Vec<u8> {
    guest_with(&[("EXPORTS", include_str!("batches.wat"))])
}

/// The guest of `guest.wat` with the export `timer-events` of `timers.wat`.
pub(super) fn guest_with_timers() -> Vec<u8> {
    guest_with(&[("EXPORTS", include_str!("timers.wat"))])
}

/// The guest of `guest.wat` with an import that it never uses.
pub(super) fn guest_that_imports(import: &str) -> Vec<u8> {
    component(&GUEST.replacen("(component\n", &format!("(component\n  {import}\n"), 1))
}

/// A component from its text.
pub(super) fn component(text: &str) -> Vec<u8> {
    wat::parse_str(text).expect("well-formed")
}
