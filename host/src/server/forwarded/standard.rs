//! The field `Forwarded` (RFC 7239 §4).

use hyper::header::{FORWARDED, HeaderMap};

use super::{Hop, Node, node};

/// The hops of all fields, in order. What stands before something that cannot be read is left out:
/// it is not of the last proxies.
pub(super) fn hops(headers: &HeaderMap) -> Vec<Hop> {
    let mut hops = Vec::new();
    for field in headers.get_all(FORWARDED) {
        match field.to_str().ok().and_then(elements) {
            Some(of_field) => hops.extend(of_field),
            None => {
                hops.clear();
                hops.push(Hop { from: Node::Unreadable, ..Hop::default() });
            }
        }
    }
    hops
}

/// The elements of one field.
fn elements(text: &str) -> Option<Vec<Hop>> {
    let mut hops = Vec::new();
    let (mut hop, mut is_for_said) = (Hop::default(), false);
    let mut rest = text.trim_start();
    loop {
        if let Some((name, value, behind)) = pair(rest)? {
            note(&mut hop, &mut is_for_said, name, value)?;
            rest = behind.trim_start();
        }
        match rest.split_at_checked(1) {
            None => {
                hops.push(hop);
                return Some(hops);
            }
            Some((";", behind)) => rest = behind.trim_start(),
            Some((",", behind)) => {
                hops.push(std::mem::take(&mut hop));
                is_for_said = false;
                rest = behind.trim_start();
            }
            Some(_) => return None,
        }
    }
}

/// The pair that a text begins with, and what is behind it; the inner nothing where there is none
/// before the next separator.
fn pair(text: &str) -> Option<Option<(&str, String, &str)>> {
    if text.is_empty() || text.starts_with([';', ',']) {
        return Some(None);
    }
    let (name, rest) = text.split_at(token_length(text));
    let rest = rest.strip_prefix('=').filter(|_| !name.is_empty())?;
    let (value, rest) = match rest.strip_prefix('"') {
        Some(quoted) => quoted_string(quoted)?,
        None => {
            // Addresses should be quoted, and often are not.
            let length = rest.find([';', ',', ' ', '\t', '"']).unwrap_or(rest.len());
            (rest[..length].to_owned(), &rest[length..])
        }
    };
    Some(Some((name, value, rest)))
}

/// The text up to the closing quote, and what is behind that.
fn quoted_string(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((index, character)) = characters.next() {
        match character {
            '"' => return Some((value, &text[index + 1..])),
            '\\' => value.push(characters.next()?.1),
            other => value.push(other),
        }
    }
    None
}

fn token_length(text: &str) -> usize {
    let is_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    text.bytes().take_while(|byte| is_token(byte)).count()
}

/// Takes a pair down; nothing where its name came before (RFC 7239 §4).
fn note(hop: &mut Hop, is_for_said: &mut bool, name: &str, value: String) -> Option<()> {
    let is = |known: &str| name.eq_ignore_ascii_case(known);
    let seen = if is("for") {
        // `unknown`, and names that hide an address, were said all the same.
        hop.from = node::parse(&value);
        std::mem::replace(is_for_said, true)
    } else if is("proto") {
        hop.proto.replace(value).is_some()
    } else if is("host") {
        hop.host.replace(value).is_some()
    } else {
        false
    };
    (!seen).then_some(())
}
