//! Which paths an endpoint's path stands for, by the rules of the host.

/// What the variables of `template` stand for in `path`, or nothing where the path is not one of
/// the template's.
pub(super) fn parameters(template: &str, path: &str) -> Option<Vec<(String, String)>> {
    if template.split('/').count() != path.split('/').count() {
        return None;
    }
    let mut parameters = Vec::new();
    for (segment, sent) in template.split('/').zip(path.split('/')) {
        let sent = percent_decoded(sent)?;
        match segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            Some(name) => {
                let value = String::from_utf8(sent).ok()?;
                if value.is_empty() || value.contains('/') {
                    return None;
                }
                parameters.push((name.to_owned(), value));
            }
            None if percent_decoded(segment)? == sent => {}
            None => return None,
        }
    }
    Some(parameters)
}

fn percent_decoded(segment: &str) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(segment.len());
    let mut bytes = segment.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let high = char::from(bytes.next()?).to_digit(16)?;
            let low = char::from(bytes.next()?).to_digit(16)?;
            decoded.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            decoded.push(byte);
        }
    }
    Some(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_stand_for_whole_segments_decoded_once() {
        let found = parameters("/chat/{room}/{who}", "/chat/a%2520b/L%C3%B6v").unwrap();
        let expected = [("room", "a%20b"), ("who", "Löv")];
        assert_eq!(found, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert_eq!(parameters("/für", "/f%C3%BCr"), Some(Vec::new()));
    }

    #[test]
    fn other_paths_are_none_of_the_template() {
        for path in ["/chat", "/chat/", "/chat/a/", "/Chat/a", "/chat/%2F", "/chat/%ff", "/chat/%"]
        {
            assert_eq!(parameters("/chat/{room}", path), None, "{path}");
        }
    }
}
