//! Text that others have chosen, made safe for a terminal.

use std::{borrow::Cow, fmt::Write as _};

/// The text with `\u{…}` in place of each character that could make a terminal do something else
/// than show it, or show it elsewhere than in its place.
///
/// Guests choose log lines, and peers choose URIs. An escape sequence in one could hide other
/// lines, or make the terminal type a command.
pub(crate) fn escaped(text: &str) -> Cow<'_, str> {
    replaced(text, |character, out| out.extend(character.escape_default()))
}

/// The same for a JSON text that is indented: its own line ends stay, and what is escaped is so
/// in JSON's way, so that a program reads the same value.
pub(crate) fn escaped_json(text: &str) -> Cow<'_, str> {
    let (mut lines, mut out) = (text.split('\n'), String::new());
    if !text.contains(|character| character != '\n' && is_unsafe(character)) {
        return Cow::Borrowed(text);
    }
    if let Some(first) = lines.next() {
        out.push_str(&escaped_json_line(first));
    }
    for line in lines {
        out.push('\n');
        out.push_str(&escaped_json_line(line));
    }
    Cow::Owned(out)
}

fn escaped_json_line(line: &str) -> Cow<'_, str> {
    replaced(line, |character, out| {
        for unit in character.encode_utf16(&mut [0; 2]) {
            // Writing to a string cannot fail.
            let _written = write!(out, "\\u{unit:04x}");
        }
    })
}

fn replaced(text: &str, replace: impl Fn(char, &mut String)) -> Cow<'_, str> {
    if !text.contains(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if is_unsafe(character) { replace(character, &mut out) } else { out.push(character) }
    }
    Cow::Owned(out)
}

/// Control characters (C0, DEL and C1), line and paragraph separators, and what changes the
/// direction of text (Unicode TR 36 §3.6).
fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_act_on_is_escaped() {
        for (text, safe) in [
            ("plain, ünïcode 🦀", "plain, ünïcode 🦀"),
            ("\u{1b}[2J", "\\u{1b}[2J"),
            ("a\tb\r\nc\0", "a\\tb\\r\\nc\\u{0}"),
            ("\u{9b}31m\u{7f}", "\\u{9b}31m\\u{7f}"),
            ("a\u{202e}b\u{2028}c", "a\\u{202e}b\\u{2028}c"),
        ] {
            assert_eq!(escaped(text), safe);
        }
    }

    #[test]
    fn json_keeps_its_value_and_its_lines() {
        let value = serde_json::json!({"a": "\u{9b}\u{7f}\u{202e}\u{1b}\n", "b": ["🦀"]});
        let text = serde_json::to_string_pretty(&value).unwrap();
        let safe = escaped_json(&text);
        assert!(!safe.contains(|character| character != '\n' && is_unsafe(character)), "{safe}");
        assert_eq!(safe.lines().count(), text.lines().count());
        assert_eq!(serde_json::from_str::<serde_json::Value>(&safe).unwrap(), value);
    }
}
