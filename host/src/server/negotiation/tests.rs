//! What is agreed on, by settings and offers.

use super::*;

fn offered(lines: &[&'static str]) -> HeaderMap {
    let field =
        |line: &&'static str| (header::SEC_WEBSOCKET_EXTENSIONS, HeaderValue::from_static(line));
    lines.iter().map(field).collect()
}

fn answer(settings: &config::Compression, lines: &[&'static str]) -> Option<String> {
    let negotiated = Negotiated::new(&offered(lines), settings, &Budget::new(0));
    let negotiated = negotiated.expect("not refused");
    negotiated.answer().map(|answer| answer.to_str().expect("ASCII").to_owned())
}

#[test]
fn by_default_an_offer_is_taken_without_context_takeover() {
    let settings = config::Compression::default();
    assert_eq!(answer(&settings, &[]), None);
    assert_eq!(answer(&settings, &["x-unknown"]), None);
    let answer = answer(&settings, &["permessage-deflate; client_max_window_bits"]);
    let answer = answer.expect("agreed");
    assert!(answer.starts_with("permessage-deflate"), "{answer}");
    assert!(answer.contains("server_no_context_takeover"), "{answer}");
    assert!(answer.contains("client_no_context_takeover"), "{answer}");
}

#[test]
fn contexts_are_kept_while_the_budget_lasts() {
    let settings = config::Compression { context_takeover: true, ..Default::default() };
    let budget = Budget::new(1);
    let headers = offered(&["permessage-deflate"]);
    let first = Negotiated::new(&headers, &settings, &budget).expect("agreed");
    assert_eq!(first.answer().expect("agreed"), "permessage-deflate");
    let second = Negotiated::new(&headers, &settings, &budget).expect("agreed");
    assert_ne!(second.answer().expect("agreed"), "permessage-deflate");
    drop(first);
    assert_eq!(budget.left(), 1);
}

#[test]
fn what_is_forbidden_is_not_answered_and_what_is_required_is_not_left_out() {
    let with = |permessage_deflate| config::Compression {
        permessage_deflate,
        ..config::Compression::default()
    };
    let forbidden = with(config::Extension::Forbidden);
    assert_eq!(answer(&forbidden, &["permessage-deflate"]), None);
    let required = with(config::Extension::Required);
    assert!(answer(&required, &["permessage-deflate"]).is_some());
    for lines in [&[][..], &["permessage-deflate; what=1"]] {
        let refused = Negotiated::new(&offered(lines), &required, &Budget::new(0));
        assert_eq!(refused.expect_err("refused"), Refusal::CompressionRequired);
    }
}

#[test]
fn a_malformed_offer_is_refused() {
    let settings = config::Compression::default();
    let refused = Negotiated::new(&offered(&["permessage-deflate; ="]), &settings, &Budget::new(0));
    assert!(matches!(refused, Err(Refusal::BadExtensions(_))));
}

#[test]
fn a_guest_keeps_what_it_wants_of_what_is_agreed_on() {
    let settings = config::Compression { context_takeover: true, ..Default::default() };
    let budget = Budget::new(1);
    let headers = offered(&["x-unknown; a=1, permessage-deflate"]);
    let mut negotiated = Negotiated::new(&headers, &settings, &budget).expect("agreed");
    let names = |extensions: &[Extension]| -> Vec<String> {
        extensions.iter().map(|extension| extension.name.clone()).collect()
    };
    assert_eq!(names(negotiated.offered()), ["x-unknown", "permessage-deflate"]);
    assert_eq!(names(negotiated.agreed()), ["permessage-deflate"]);
    let unknown = negotiated.keep(&["x-unknown".to_owned()]);
    assert_eq!(unknown, Err(KeepError::NotAgreed("x-unknown".to_owned())));
    negotiated.keep(&["permessage-deflate".to_owned()]).expect("it is among them");
    assert!(negotiated.answer().is_some() && budget.left() == 0);
    negotiated.keep(&[]).expect("nobody requires it");
    assert_eq!((names(negotiated.agreed()), negotiated.answer()), (Vec::new(), None));
    assert_eq!(budget.left(), 1, "no context is kept");
    assert!(negotiated.compression.is_none());
}

#[test]
fn a_guest_leaves_out_nothing_that_the_operator_requires() {
    let permessage_deflate = config::Extension::Required;
    let settings = config::Compression { permessage_deflate, ..Default::default() };
    let headers = offered(&["permessage-deflate"]);
    let mut negotiated = Negotiated::new(&headers, &settings, &Budget::new(0)).expect("agreed");
    let left_out = negotiated.keep(&[]);
    assert_eq!(left_out, Err(KeepError::Required("permessage-deflate".to_owned())));
}
