//! Tests of templates and request paths.

use proptest::prelude::*;

use super::*;

fn template(text: &str) -> Template {
    Template::parse(text).expect("a template")
}

fn path(raw: &str) -> RequestPath {
    RequestPath::parse(raw).expect("a path")
}

fn parameters(pairs: &[(&str, &str)]) -> Option<PathParameters> {
    Some(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
}

#[test]
fn good_templates_give_their_variables() {
    let cases: [(&str, &[&str]); 10] = [
        ("/", &[]),
        ("/a", &[]),
        ("/a/", &[]),
        ("/{room}", &["room"]),
        ("/{room}/", &["room"]),
        ("/c/{d}/{E_1}", &["d", "E_1"]),
        ("/{*rest}", &["rest"]),
        ("/c/{d}/{*E_1}", &["d", "E_1"]),
        ("/caf%C3%A9", &[]),
        ("/caf\u{e9}/a-b._~!$&'()*+,;=:@", &[]),
    ];
    for (text, variables) in cases {
        let template = template(text);
        assert_eq!(template.variables().collect::<Vec<_>>(), variables, "{text}");
        assert_eq!(template.as_str(), text);
        assert_eq!(template.to_string(), text);
    }
}

#[test]
fn each_fault_of_a_template_is_named() {
    use TemplateError as E;
    let segment = |text: &str| text.to_owned();
    let character = |text: &str, character| E::BadCharacter { segment: text.into(), character };
    let cases = [
        ("", E::NoLeadingSlash { path: segment("") }),
        ("a/b", E::NoLeadingSlash { path: segment("a/b") }),
        ("//", E::EmptySegment { position: 1 }),
        ("//a", E::EmptySegment { position: 1 }),
        ("/a//b", E::EmptySegment { position: 2 }),
        ("/a//", E::EmptySegment { position: 2 }),
        ("/./a", E::DotSegment { segment: segment(".") }),
        ("/a/..", E::DotSegment { segment: segment("..") }),
        ("/%2e%2E/a", E::DotSegment { segment: segment("%2e%2E") }),
        ("/a?b", character("a?b", '?')),
        ("/a#b", character("a#b", '#')),
        ("/a b", character("a b", ' ')),
        ("/a\\b", character("a\\b", '\\')),
        ("/a\u{a0}", character("a\u{a0}", '\u{a0}')),
        ("/a\u{7f}", character("a\u{7f}", '\u{7f}')),
        ("/a%2fb", E::EncodedSlash { segment: segment("a%2fb") }),
        ("/a%", E::BadPercentEncoding { segment: segment("a%") }),
        ("/a%+1", E::BadPercentEncoding { segment: segment("a%+1") }),
        ("/a%4\u{e9}", E::BadPercentEncoding { segment: segment("a%4\u{e9}") }),
        ("/{}", E::BadVariableName { segment: segment("{}") }),
        ("/{*}", E::BadVariableName { segment: segment("{*}") }),
        ("/{**a}", E::BadVariableName { segment: segment("{**a}") }),
        ("/{a*}", E::BadVariableName { segment: segment("{a*}") }),
        ("/a{*b}", E::PartialVariable { segment: segment("a{*b}") }),
        ("/{*a}/b", E::CatchAllNotLast { segment: segment("{*a}") }),
        ("/{*a}/", E::CatchAllNotLast { segment: segment("{*a}") }),
        ("/{*a}/{*b}", E::CatchAllNotLast { segment: segment("{*a}") }),
        ("/{a}/{*a}", E::RepeatedVariable { name: segment("a") }),
        ("/{a-b}", E::BadVariableName { segment: segment("{a-b}") }),
        ("/{\u{e9}}", E::BadVariableName { segment: segment("{\u{e9}}") }),
        ("/{a}{b}", E::PartialVariable { segment: segment("{a}{b}") }),
        ("/a{b}", E::PartialVariable { segment: segment("a{b}") }),
        ("/{", E::PartialVariable { segment: segment("{") }),
        ("/{a/b}", E::PartialVariable { segment: segment("{a") }),
        ("/{a}/b/{a}", E::RepeatedVariable { name: segment("a") }),
    ];
    for (text, error) in cases {
        assert_eq!(Template::parse(text), Err(error), "{text}");
    }
}

#[test]
fn messages_name_the_culprit_and_the_remedy() {
    let cases = [
        ("/a{b}", "the segment `a{b}` is not one variable; a variable is a whole segment: `/{x}`"),
        ("/{a}/{a}", "the variable `{a}` appears twice; give each variable its own name"),
        ("/a?", "the segment `a?` holds '?'; percent-encode it or leave it out"),
    ];
    for (text, message) in cases {
        assert_eq!(Template::parse(text).expect_err(text).to_string(), message);
    }
}

#[test]
fn length_and_segments_are_bounded() {
    let longest = format!("/{}", "a".repeat(MAX_TEMPLATE_BYTES - 1));
    assert!(Template::parse(&longest).is_ok());
    let too_long = TemplateError::TooLong { bytes: MAX_TEMPLATE_BYTES + 1 };
    assert_eq!(Template::parse(&format!("{longest}a")), Err(too_long));

    let most = "/a".repeat(MAX_TEMPLATE_SEGMENTS);
    assert!(Template::parse(&most).is_ok());
    let too_many = TemplateError::TooManySegments { segments: MAX_TEMPLATE_SEGMENTS + 1 };
    assert_eq!(Template::parse(&format!("{most}/")), Err(too_many));

    let longest = format!("/{}", "a".repeat(MAX_REQUEST_PATH_BYTES - 1));
    assert!(RequestPath::parse(&longest).is_ok());
    let too_long = RequestPathError::TooLong { bytes: MAX_REQUEST_PATH_BYTES + 1 };
    assert_eq!(RequestPath::parse(&format!("{longest}a")), Err(too_long));
}

#[test]
fn equivalence_ignores_names_and_spelling_only() {
    let cases = [
        ("/a/{x}", "/a/{y}", true),
        ("/caf%c3%a9", "/caf\u{e9}", true),
        ("/%61", "/a", true),
        ("/a", "/a/", false),
        ("/a", "/A", false),
        ("/{x}", "/a", false),
        ("/{x}/b", "/a/{y}", false),
        ("/{x}", "/{x}/{y}", false),
        ("/%7Bx%7D", "/{x}", false),
        ("/a/{*x}", "/a/{*y}", true),
        ("/a/{*x}", "/a/{x}", false),
        ("/a/{*x}", "/{a}/{*x}", false),
        ("/{*x}", "/a/{*x}", false),
        ("/a/{*x}", "/a", false),
    ];
    for (one, two, expected) in cases {
        assert_eq!(template(one).is_equivalent(&template(two)), expected, "{one} {two}");
        assert_eq!(template(two).is_equivalent(&template(one)), expected, "{two} {one}");
    }
}

#[test]
fn request_paths_are_normalised() {
    let cases = [
        ("/", "/"),
        ("/a/./b", "/a/b"),
        ("/a/../b", "/b"),
        ("/a/b/..", "/a/"),
        ("/a/b/.", "/a/b/"),
        ("/..", "/"),
        ("/../../a", "/a"),
        ("/%2e%2E/a", "/a"),
        ("/a/%2e%2e/%62", "/b"),
        ("/a//b", "/a//b"),
        ("/a//../b", "/a/b"),
        ("/%7euser%2d", "/~user-"),
        ("/%c3%a9%2f", "/%C3%A9%2F"),
        ("/%2541", "/%2541"),
        ("/...", "/..."),
    ];
    for (raw, expected) in cases {
        assert_eq!(path(raw).as_str(), expected, "{raw}");
    }
}

#[test]
fn what_is_no_request_path_is_refused() {
    use RequestPathError as E;
    let encoding = |segment: &str| E::BadPercentEncoding { segment: segment.to_owned() };
    let cases = [
        ("", E::NoLeadingSlash),
        ("*", E::NoLeadingSlash),
        ("/a/%", encoding("%")),
        ("/%4", encoding("%4")),
        ("/%g0/a", encoding("%g0")),
        ("/a%-1", encoding("a%-1")),
        ("/a?b", E::BadCharacter { character: '?' }),
        ("/a#b", E::BadCharacter { character: '#' }),
        ("/a b", E::BadCharacter { character: ' ' }),
        ("/\u{e9}", E::BadCharacter { character: '\u{e9}' }),
        ("/\u{0}", E::BadCharacter { character: '\u{0}' }),
    ];
    for (raw, error) in cases {
        assert_eq!(RequestPath::parse(raw), Err(error), "{raw}");
    }
}

#[test]
fn a_template_matches_and_gives_values() {
    let cases = [
        ("/", "/", parameters(&[])),
        ("/", "//", None),
        ("/", "/a", None),
        ("/a", "/a", parameters(&[])),
        ("/a", "/a/", None),
        ("/a", "/A", None),
        ("/a/", "/a/", parameters(&[])),
        ("/a/", "/a", None),
        ("/a/", "/a//", None),
        ("/a", "/x/../%61", parameters(&[])),
        ("/caf\u{e9}", "/caf%c3%A9", parameters(&[])),
        ("/a%3Ab", "/a:b", parameters(&[])),
        ("/{x}", "/b", parameters(&[("x", "b")])),
        ("/{x}", "/", None),
        ("/{x}/", "/b/", parameters(&[("x", "b")])),
        ("/a/{x}", "/a/", None),
        ("/a/{x}/b", "/a//b", None),
        ("/{x}", "/b%20c%25", parameters(&[("x", "b c%")])),
        ("/{x}", "/%2541", parameters(&[("x", "%41")])),
        ("/{x}", "/%C3%A9", parameters(&[("x", "\u{e9}")])),
        ("/{x}", "/%FF", None),
        ("/{x}", "/a%2Fb", None),
        ("/%FF", "/%ff", parameters(&[])),
        ("/{x}/{y}", "/1/2", parameters(&[("x", "1"), ("y", "2")])),
        ("/{y}/m/{x}", "/1/m/2", parameters(&[("y", "1"), ("x", "2")])),
        ("/{x}/{y}", "/1/2/3", None),
        ("/{x}", "/+", parameters(&[("x", "+")])),
        ("/{*x}", "/", None),
        ("/{*x}", "/a", parameters(&[("x", "a")])),
        ("/{*x}", "/a/", parameters(&[("x", "a/")])),
        ("/{*x}", "/a/b%20c/d", parameters(&[("x", "a/b c/d")])),
        ("/{*x}", "//a", None),
        ("/{*x}", "/a//", None),
        ("/{*x}", "/a//b", None),
        ("/{*x}", "/a/b%2Fc", None),
        ("/{*x}", "/a/%252F", parameters(&[("x", "a/%2F")])),
        ("/{*x}", "/a/%ff/b", None),
        ("/{*x}", "/a/../..", None),
        ("/{*x}", "/a/../b/./c", parameters(&[("x", "b/c")])),
        ("/f/{*x}", "/f", None),
        ("/f/{*x}", "/f/", None),
        ("/f/{*x}", "/F/a", None),
        ("/f/{y}/{*x}", "/f/1/2/3", parameters(&[("y", "1"), ("x", "2/3")])),
        ("/f/{y}/{*x}", "/f/1", None),
        ("/%FF/{*x}", "/%ff/a", parameters(&[("x", "a")])),
    ];
    for (text, raw, expected) in cases {
        assert_eq!(template(text).matches(&path(raw)), expected, "{text} {raw}");
    }
}

/// Texts in which the characters that matter are frequent.
fn thorny() -> impl Strategy<Value = String> {
    prop_oneof!["\\PC{0,40}", "/?([a/.%{}?]|%2[eEfF5]|%[0-9a-fA-F]{2}|\u{e9}){0,12}"]
}

proptest! {
    #[test]
    fn no_text_panics(text in thorny(), raw in thorny()) {
        if let (Ok(template), Ok(path)) = (Template::parse(&text), RequestPath::parse(&raw))
            && let Some(found) = template.matches(&path)
        {
            prop_assert!(template.variables().eq(found.iter().map(|(name, _)| name)));
        }
    }

    #[test]
    fn normalising_twice_is_normalising_once(raw in thorny()) {
        if let Ok(path) = RequestPath::parse(&raw) {
            prop_assert_eq!(RequestPath::parse(path.as_str()), Ok(path.clone()));
            prop_assert!(!path.as_str().split('/').any(|part| part == "." || part == ".."));
        }
    }

    /// A value that was encoded as RFC 3986 asks comes back as it was.
    #[test]
    fn an_encoded_value_comes_back(value in "[^/]{1,20}") {
        prop_assume!(value != "." && value != "..");
        let encoded: String = value.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let found = template("/r/{x}").matches(&path(&format!("/r/{encoded}")));
        prop_assert_eq!(found, Some(vec![("x".to_owned(), value)]));
    }

    #[test]
    fn a_literal_template_matches_itself(text in "(/[a-z0-9._~!$&'()*+,;=:@-]{1,8}){1,6}/?") {
        if let Ok(template) = Template::parse(&text) {
            prop_assert_eq!(template.matches(&path(&text)), Some(Vec::new()));
        }
    }
}
