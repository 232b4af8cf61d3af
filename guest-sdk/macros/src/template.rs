//! Checks an endpoint's path while it is compiled, by the rules by which the host reads it.

use std::collections::HashSet;

/// The longest path that the host takes, in bytes.
const TEMPLATE_BYTES_MAX: usize = 1024;

/// The most segments of a path that the host takes.
const TEMPLATE_SEGMENTS_MAX: usize = 32;

/// Says what is wrong with `path` as a URI template and how to mend it, or nothing.
pub(crate) fn check(path: &str) -> Result<(), String> {
    if path.len() > TEMPLATE_BYTES_MAX {
        return Err(format!(
            "the path has {} bytes; at most {TEMPLATE_BYTES_MAX} are allowed",
            path.len()
        ));
    }
    let Some(rest) = path.strip_prefix('/') else {
        return Err(format!("the path `{path}` does not start with `/`; write `/{path}`"));
    };
    let count = rest.split('/').count();
    if count > TEMPLATE_SEGMENTS_MAX {
        return Err(format!(
            "the path has {count} segments; at most {TEMPLATE_SEGMENTS_MAX} are allowed"
        ));
    }
    let mut names = HashSet::new();
    for (index, segment) in rest.split('/').enumerate() {
        let position = index + 1;
        // An empty last segment is a trailing slash, which makes another path.
        if segment.is_empty() && position < count {
            return Err(format!("segment {position} of the path is empty; remove the second `/`"));
        }
        if let Some(name) = variable(segment)? {
            if segment.starts_with("{*") && position < count {
                return Err(format!(
                    "the segment `{segment}` takes all that follows it; make it the last one"
                ));
            }
            if !names.insert(name) {
                return Err(format!(
                    "the variable `{{{name}}}` appears twice; give each variable its own name"
                ));
            }
        } else {
            check_literal(segment)?;
        }
    }
    Ok(())
}

/// The names of the variables in a path that has been checked, in its order.
pub(crate) fn variables(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|segment| variable(segment).ok().flatten())
}

/// The name of the variable that this segment is, if it is one; a catch-all such as `{*rest}` is
/// named without its star.
fn variable(segment: &str) -> Result<Option<&str>, String> {
    if !segment.contains(['{', '}']) {
        return Ok(None);
    }
    let inner = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    let Some(inner) = inner.filter(|name| !name.contains(['{', '}'])) else {
        return Err(format!(
            "the segment `{segment}` is not one variable; a variable is a whole segment: `/{{x}}`"
        ));
    };
    let name = inner.strip_prefix('*').unwrap_or(inner);
    let is_name_byte = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if name.is_empty() || !name.bytes().all(is_name_byte) {
        return Err(format!(
            "the name of the variable `{segment}` may hold ASCII letters, digits and `_` only"
        ));
    }
    Ok(Some(name))
}

fn check_literal(segment: &str) -> Result<(), String> {
    if let Some(character) = segment.chars().find(|&character| !is_literal(character)) {
        return Err(format!(
            "the segment `{segment}` holds {character:?}; percent-encode it or leave it out"
        ));
    }
    let Some(decoded) = percent_decoded(segment) else {
        return Err(format!(
            "the segment `{segment}` has a `%` that no two hexadecimal digits follow; write `%25`"
        ));
    };
    if matches!(decoded.as_slice(), b"." | b"..") {
        return Err(format!(
            "the segment `{segment}` is a dot segment, which no request has; leave it out"
        ));
    }
    if decoded.contains(&b'/') {
        return Err(format!("the segment `{segment}` holds an encoded `/`; write two segments"));
    }
    Ok(())
}

/// RFC 3986 `pchar`, and what lies beyond ASCII (RFC 6570 §2.1).
fn is_literal(character: char) -> bool {
    if character.is_ascii() {
        character.is_ascii_alphanumeric() || "-._~!$&'()*+,;=:@%".contains(character)
    } else {
        !character.is_control() && !character.is_whitespace()
    }
}

/// The segment's bytes, or nothing where a `%` is not followed by two hexadecimal digits.
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
    use super::{check, variables};

    #[test]
    fn good_paths_pass() {
        for path in [
            "/",
            "/echo",
            "/a/",
            "/chat/{room}",
            "/{a}/b/{c_2}",
            "/a%20b",
            "/...",
            "/für",
            "/a.b@c",
            "/{*rest}",
            "/files/{owner}/{*rest}",
        ] {
            assert_eq!(check(path), Ok(()), "{path}");
        }
    }

    #[test]
    fn every_bad_path_is_told_what_is_wrong_with_it() {
        for (path, fault) in [
            ("", "does not start with `/`"),
            ("echo", "does not start with `/`; write `/echo`"),
            ("//", "segment 1 of the path is empty"),
            ("/a//b", "segment 2 of the path is empty"),
            ("/a/./b", "`.` is a dot segment"),
            ("/..", "`..` is a dot segment"),
            ("/%2e%2E/a", "`%2e%2E` is a dot segment"),
            ("/a%2Fb", "holds an encoded `/`"),
            ("/a%2", "no two hexadecimal digits"),
            ("/a%zz", "no two hexadecimal digits"),
            ("/a?b", "holds '?'"),
            ("/a b", "holds ' '"),
            ("/a-{b}", "`a-{b}` is not one variable"),
            ("/{a}{b}", "`{a}{b}` is not one variable"),
            ("/{a", "`{a` is not one variable"),
            ("/{}", "the name of the variable `{}`"),
            ("/{a-b}", "the name of the variable `{a-b}`"),
            ("/{*}", "the name of the variable `{*}`"),
            ("/{**a}", "the name of the variable `{**a}`"),
            ("/{a*}", "the name of the variable `{a*}`"),
            ("/a{*b}", "`a{*b}` is not one variable"),
            ("/{*rest}/b", "`{*rest}` takes all that follows it; make it the last one"),
            ("/{*rest}/", "`{*rest}` takes all that follows it; make it the last one"),
            ("/{a}/{*a}", "the variable `{a}` appears twice"),
            ("/{a}/b/{a}", "the variable `{a}` appears twice"),
        ] {
            let told = check(path).expect_err(path);
            assert!(told.contains(fault), "{path}: {told}");
        }
    }

    #[test]
    fn the_variables_are_named_in_order() {
        assert_eq!(variables("/{b}/x/{a_1}/").collect::<Vec<_>>(), ["b", "a_1"]);
        assert_eq!(variables("/{b}/{*rest}").collect::<Vec<_>>(), ["b", "rest"]);
        assert_eq!(variables("/x").count(), 0);
    }

    #[test]
    fn the_limits_are_those_of_the_host() {
        assert_eq!(check(&format!("/{}", "a".repeat(1023))), Ok(()));
        assert!(check(&format!("/{}", "a".repeat(1024))).is_err());
        assert_eq!(check(&"/a".repeat(32)), Ok(()));
        assert!(check(&"/a".repeat(33)).is_err());
    }
}
