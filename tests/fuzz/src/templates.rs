//! URI templates: any text is read or refused, and the table of routes leads to what a search
//! through all templates finds.

use sockhop::deployments::routes::Routes;
use sockhop::deployments::template::{
    MAX_TEMPLATE_BYTES, MAX_TEMPLATE_SEGMENTS, RequestPath, Template,
};

use crate::input::lines;

/// The first line of an input is the path of a request, each other one a template.
pub(crate) fn target(data: &[u8]) {
    let mut lines = lines(data).map(|line| str::from_utf8(line).unwrap_or("/\u{fffd}"));
    let raw_path = lines.next().unwrap_or_default();
    let templates: Vec<_> = lines.filter_map(parse).collect();
    let path = RequestPath::parse(raw_path).ok();
    if let Some(path) = &path {
        let again = RequestPath::parse(path.as_str());
        assert_eq!(again.as_ref(), Ok(path), "what is normalised is not normal");
    }

    let mut builder = Routes::builder();
    let mut kept: Vec<Template> = Vec::new();
    for template in templates {
        let equivalent = kept.iter().find(|other| other.is_equivalent(&template));
        match (builder.insert(template.clone(), kept.len()), equivalent) {
            (Ok(()), None) => kept.push(template),
            (Err(conflict), Some(other)) => assert_eq!(&conflict.present, other),
            (result, other) => panic!("{template}: {result:?}, beside {other:?}"),
        }
    }
    let routes = builder.build();
    assert_eq!(routes.len(), kept.len());

    let found = routes.lookup(raw_path);
    let best = path.as_ref().and_then(|path| {
        kept.iter().enumerate().filter(|(_, it)| it.matches(path).is_some()).min_by_key(rank)
    });
    assert_eq!(found.as_ref().map(|it| *it.target), best.map(|(index, _)| index));
    if let Some(found) = found {
        let names = found.parameters.iter().map(|(name, _)| name.as_str());
        assert!(names.eq(found.template.variables()), "{:?}", found.parameters);
        let rest = found.template.is_catch_all().then(|| found.parameters.len() - 1);
        for (at, (_, value)) in found.parameters.iter().enumerate() {
            assert!(is_value(value, rest == Some(at)), "{:?}", found.parameters);
        }
    }
    for (index, template) in kept.iter().enumerate() {
        is_reached(template, index, &routes);
    }
}

/// Jakarta's order: what is exact at the earliest segment comes first. Catch-alls come behind.
fn rank((_, template): &(usize, &Template)) -> (bool, Vec<u8>) {
    let kind = |segment: &str| match segment.as_bytes() {
        [b'{', b'*', ..] => 2,
        [b'{', ..] => 1,
        _ => 0,
    };
    (template.is_catch_all(), template.as_str().split('/').map(kind).collect())
}

/// Whether a variable may stand for this. What a catch-all takes may end in a slash.
fn is_value(value: &str, is_rest: bool) -> bool {
    if !is_rest {
        return !value.is_empty() && !value.contains('/');
    }
    let taken = value.strip_suffix('/').unwrap_or(value);
    taken.split('/').all(|segment| !segment.is_empty())
}

fn parse(text: &str) -> Option<Template> {
    match Template::parse(text) {
        Ok(template) => {
            assert_eq!((template.as_str(), template.to_string().as_str()), (text, text));
            assert!(text.len() <= MAX_TEMPLATE_BYTES && text.starts_with('/'));
            assert!(text.split('/').count() <= MAX_TEMPLATE_SEGMENTS + 1);
            assert!(template.is_equivalent(&template));
            Some(template)
        }
        Err(error) => {
            assert!(!error.to_string().is_empty());
            None
        }
    }
}

/// A path that is made from a template, with values that no other template has as literals, leads
/// to it, and its variables are those values.
fn is_reached(template: &Template, index: usize, routes: &Routes<usize>) {
    let count = template.variables().count();
    let rest = |position: usize| template.is_catch_all() && position + 1 == count;
    let value = |position: usize| match format!("{position} \u{20ac}%") {
        value if rest(position) => format!("{value}/{value}/"),
        value => value,
    };
    let encoded = |position: usize| match format!("{position}%20%e2%82%ac%25") {
        encoded if rest(position) => format!("{encoded}/{encoded}/"),
        encoded => encoded,
    };
    let mut variables = 0;
    let segments = template.as_str().split('/').map(|segment| {
        if segment.starts_with('{') {
            variables += 1;
            encoded(variables - 1)
        } else {
            escaped(segment)
        }
    });
    let path = segments.collect::<Vec<_>>().join("/");
    let Ok(parsed) = RequestPath::parse(&path) else { panic!("{path}, of {template}, is no path") };
    let expected: Vec<_> =
        template.variables().enumerate().map(|(at, name)| (name.to_owned(), value(at))).collect();
    assert_eq!(template.matches(&parsed), Some(expected), "{path}");
    let found = routes.find(&parsed).unwrap_or_else(|| panic!("{path} leads nowhere"));
    let first = rank(&(*found.target, found.template));
    assert!(first <= rank(&(index, template)), "{path} leads to {}", found.template);
}

/// What lies beyond ASCII, percent-encoded.
fn escaped(segment: &str) -> String {
    let mut escaped = String::new();
    for byte in segment.bytes() {
        if byte.is_ascii() {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02x}"));
        }
    }
    escaped
}
