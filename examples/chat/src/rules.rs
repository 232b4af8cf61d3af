//! What a name and a text may be.

/// The longest name, in characters.
pub(crate) const NAME_CHARS_MAX: usize = 32;

/// The longest text, in characters.
pub(crate) const TEXT_CHARS_MAX: usize = 2000;

/// The name without the space around it, or what is wrong with it.
pub(crate) fn name(name: &str) -> Result<String, String> {
    let name = name.trim();
    if name.is_empty() {
        return Err("the name is empty; choose one".to_owned());
    }
    if name.chars().any(char::is_control) {
        return Err("the name has a control character; leave it out".to_owned());
    }
    within(name, NAME_CHARS_MAX, "name")
}

/// The text as it is, or what is wrong with it.
pub(crate) fn text(text: &str) -> Result<String, String> {
    if text.trim().is_empty() {
        return Err("the text is empty; say something".to_owned());
    }
    within(text, TEXT_CHARS_MAX, "text")
}

fn within(text: &str, chars_max: usize, what: &str) -> Result<String, String> {
    let chars = text.chars().count();
    if chars > chars_max {
        return Err(format!("the {what} has {chars} characters; at most {chars_max} are allowed"));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_trimmed_and_counted_in_characters() {
        assert_eq!(name("  Ada \n").as_deref(), Ok("Ada"));
        assert_eq!(name(&"ü".repeat(32)), Ok("ü".repeat(32)));
        assert!(name(&"ü".repeat(33)).is_err_and(|told| told.contains("33 characters")));
        assert!(name(" ").is_err());
        assert!(name("a\u{7}b").is_err());
    }

    #[test]
    fn a_text_keeps_its_lines_and_has_a_limit() {
        assert_eq!(text("a\n b ").as_deref(), Ok("a\n b "));
        assert!(text("\n").is_err());
        assert!(text(&"x".repeat(2000)).is_ok());
        assert!(text(&"x".repeat(2001)).is_err_and(|told| told.contains("at most 2000")));
    }
}
