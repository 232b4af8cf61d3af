//! Which paths an endpoint's path stands for, by the rules of the host.

/// What the variables of `template` stand for in `path`, or nothing where the path is not one of
/// the template's.
pub(super) fn parameters(template: &str, path: &str) -> Option<Vec<(String, String)>> {
    let mut parameters = Vec::new();
    let mut sent = path.split('/');
    for segment in template.split('/') {
        match segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            Some(name) => {
                let (name, value) = match name.strip_prefix('*') {
                    Some(name) => (name, rest(&mut sent)?),
                    None => (name, value(sent.next()?)?),
                };
                parameters.push((name.to_owned(), value));
            }
            None if percent_decoded(segment)? == percent_decoded(sent.next()?)? => {}
            None => return None,
        }
    }
    sent.next().is_none().then_some(parameters)
}

/// What a variable stands for, where the peer has sent this segment.
fn value(segment: &str) -> Option<String> {
    let value = String::from_utf8(percent_decoded(segment)?).ok()?;
    (!value.is_empty() && !value.contains('/')).then_some(value)
}

/// What a catch-all stands for: one segment or more, and perhaps a slash behind them.
fn rest<'a>(segments: &mut impl Iterator<Item = &'a str>) -> Option<String> {
    let mut taken = value(segments.next()?)?;
    let mut segments = segments.peekable();
    while let Some(segment) = segments.next() {
        taken.push('/');
        if !segment.is_empty() || segments.peek().is_some() {
            taken.push_str(&value(segment)?);
        }
    }
    Some(taken)
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
    fn a_catch_all_stands_for_all_that_follows() {
        for (path, expected) in [
            ("/files/a", Some("a")),
            ("/files/a/b%20c/d", Some("a/b c/d")),
            ("/files/a/", Some("a/")),
            ("/files", None),
            ("/files/", None),
            ("/files//a", None),
            ("/files/a//b", None),
            ("/files/a//", None),
            ("/files/a%2Fb", None),
            ("/files/a/%ff", None),
        ] {
            let found = parameters("/files/{*rest}", path);
            let expected = expected.map(|value| vec![("rest".to_owned(), value.to_owned())]);
            assert_eq!(found, expected, "{path}");
        }
        let both = parameters("/{owner}/{*rest}", "/ada/a/b").unwrap();
        assert_eq!(both.len(), 2);
        assert_eq!(both[1].1, "a/b");
    }

    #[test]
    fn other_paths_are_none_of_the_template() {
        for path in ["/chat", "/chat/", "/chat/a/", "/Chat/a", "/chat/%2F", "/chat/%ff", "/chat/%"]
        {
            assert_eq!(parameters("/chat/{room}", path), None, "{path}");
        }
    }
}
