//! The grammar, case by case.

use proptest::prelude::*;

use super::*;

fn parse(lines: &[&str]) -> Result<Vec<Extension>, ExtensionError> {
    parse_extensions(lines.iter().map(|line| line.as_bytes()))
}

/// What was read, written back.
fn read(lines: &[&str]) -> Vec<String> {
    parse(lines).expect("well formed").iter().map(ToString::to_string).collect()
}

#[test]
fn offers_are_read_in_order_with_their_parameters_in_order() {
    assert_eq!(
        read(&["permessage-deflate; client_max_window_bits; server_max_window_bits=10, foo;a=b"]),
        ["permessage-deflate; client_max_window_bits; server_max_window_bits=10", "foo; a=b"],
    );
}

#[test]
fn several_header_lines_are_one_list() {
    assert_eq!(read(&["foo, bar; x", "baz"]), ["foo", "bar; x", "baz"]);
}

#[test]
fn a_quoted_value_is_its_content() {
    let extensions = parse(&[r#"foo; a="10"; b="1\0""#]).expect("well formed");
    let ten = Some("10".to_owned());
    let wanted = vec![("a".to_owned(), ten.clone()), ("b".to_owned(), ten)];
    assert_eq!(extensions, [Extension { name: "foo".to_owned(), parameters: wanted }]);
}

#[test]
fn repeated_parameters_and_offers_are_kept() {
    assert_eq!(read(&["foo; a; a=1; a=2, foo"]), ["foo; a; a=1; a=2", "foo"]);
}

#[test]
fn blanks_may_stand_between_any_two_words() {
    assert_eq!(read(&["\t foo\t;\ta = \"b\" ;c ,  bar "]), ["foo; a=b; c", "bar"]);
}

#[test]
fn empty_elements_are_passed_over() {
    assert_eq!(read(&[",, foo ,, bar,", "", "  "]), ["foo", "bar"]);
    assert_eq!(read(&[]), [""; 0]);
}

#[test]
fn what_is_malformed_is_named_with_its_place() {
    let token = |at| ExtensionError::NoToken { at };
    let separator = |at| ExtensionError::NoSeparator { at };
    let quoted = |at| ExtensionError::BadQuoted { at };
    for (line, error) in [
        (";", token(0)),
        ("=", token(0)),
        ("foo;", token(4)),
        ("foo;;a", token(4)),
        ("foo; a=", token(7)),
        ("foo; a=,", token(7)),
        ("foo; =a", token(5)),
        ("\"foo\"", token(0)),
        ("f\u{f6}o", separator(1)),
        ("foo bar", separator(4)),
        ("foo=bar", separator(3)),
        ("foo; a b", separator(7)),
        ("foo; a=b c", separator(9)),
        ("foo; a=b=c", separator(8)),
        ("foo; a=\"b\"c", separator(10)),
        ("foo; a/b", separator(6)),
        ("foo; a=\"", quoted(7)),
        ("foo; a=\"\"", quoted(7)),
        ("foo; a=\"b", quoted(7)),
        ("foo; a=\"b c\"", quoted(7)),
        ("foo; a=\"b\\", quoted(7)),
        ("foo; a=\"b\\\"c\"", quoted(7)),
        ("foo; a=\"b\u{7}\"", quoted(7)),
    ] {
        assert_eq!(parse(&[line]), Err(error), "{line:?}");
    }
}

#[test]
fn one_malformed_line_spoils_all() {
    assert_eq!(parse(&["foo", "bar;"]), Err(ExtensionError::NoToken { at: 4 }));
}

#[test]
fn a_flood_is_refused_at_the_limits() {
    let offers = |count: usize| vec!["foo"; count].join(",");
    assert_eq!(read(&[&offers(MAX_OFFERS)]).len(), MAX_OFFERS);
    assert_eq!(parse(&[&offers(MAX_OFFERS), "foo"]), Err(ExtensionError::TooManyOffers));

    let parameters = |count: usize| format!("foo{}", "; a".repeat(count));
    assert!(parse(&[&parameters(MAX_PARAMETERS)]).is_ok());
    let one_more = parameters(MAX_PARAMETERS + 1);
    assert_eq!(parse(&[&one_more]), Err(ExtensionError::TooManyParameters));
}

proptest! {
    #[test]
    fn what_is_written_reads_the_same(
        names in prop::collection::vec("[a-z0-9!#$%&'*+.^_`|~-]{1,8}", 0..6),
        parameters in prop::collection::vec(
            ("[a-zA-Z_]{1,8}", prop::option::of("[!-!A-Z0-9]{1,4}")),
            0..6,
        ),
    ) {
        let extensions: Vec<_> = names
            .into_iter()
            .map(|name| Extension { name, parameters: parameters.clone() })
            .collect();
        let header = extensions.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        prop_assert_eq!(parse(&[&header]), Ok(extensions));
    }

    #[test]
    fn any_bytes_are_read_or_refused(line in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(extensions) = parse_extensions([line.as_slice()].into_iter()) {
            prop_assert!(extensions.len() <= MAX_OFFERS);
            for extension in extensions {
                let back = extension.to_string();
                prop_assert_eq!(parse(&[&back]), Ok(vec![extension]));
            }
        }
    }

    #[test]
    fn anything_made_of_separators_is_read_or_refused(line in "[a; ,=\"\\\\\t]{0,40}") {
        if let Ok(extensions) = parse(&[&line]) {
            for extension in extensions {
                prop_assert!(!extension.name.is_empty());
            }
        }
    }
}
