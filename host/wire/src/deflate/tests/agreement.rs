//! What is offered, answered and refused.

use super::*;

/// What a server answers, or nothing.
fn answer(header: &str, policy: &Policy) -> Option<String> {
    agree(header, policy).map(|agreed| agreed.response().to_string())
}

const SPARING: Policy = Policy { server_takeover: false, client_takeover: false, ..GENEROUS };

const SMALL_WINDOWS: Policy = Policy { server_window_bits: 11, client_window_bits: 10, ..GENEROUS };

#[test]
fn each_parameter_of_an_offer_is_answered_as_it_must_be() {
    for (offer, wanted) in [
        ("", ""),
        ("; server_no_context_takeover", "; server_no_context_takeover"),
        ("; client_no_context_takeover", "; client_no_context_takeover"),
        ("; server_max_window_bits=9", "; server_max_window_bits=9"),
        ("; server_max_window_bits=15", "; server_max_window_bits=15"),
        ("; server_max_window_bits=\"12\"", "; server_max_window_bits=12"),
        ("; client_max_window_bits", ""),
        ("; client_max_window_bits=15", ""),
        ("; client_max_window_bits=\"9\"", "; client_max_window_bits=9"),
        // zlib has no such window to compress with, but any reader understands it.
        ("; client_max_window_bits=8", "; client_max_window_bits=8"),
        (
            "; client_max_window_bits=10; server_max_window_bits=11; client_no_context_takeover; \
             server_no_context_takeover",
            "; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=11; \
             client_max_window_bits=10",
        ),
    ] {
        let wanted = format!("{NAME}{wanted}");
        assert_eq!(answer(&format!("{NAME}{offer}"), &GENEROUS), Some(wanted), "{offer:?}");
    }
}

#[test]
fn a_bad_parameter_declines_its_offer() {
    for offer in [
        "; unknown",
        "; unknown=1",
        "; Server_no_context_takeover",
        "; server_no_context_takeover; server_no_context_takeover",
        "; client_no_context_takeover; client_no_context_takeover",
        "; server_max_window_bits=10; server_max_window_bits=10",
        "; client_max_window_bits; client_max_window_bits",
        "; client_max_window_bits; client_max_window_bits=10",
        "; server_no_context_takeover=1",
        "; client_no_context_takeover=true",
        "; server_max_window_bits",
        "; server_max_window_bits=7",
        "; server_max_window_bits=8",
        "; server_max_window_bits=16",
        "; server_max_window_bits=09",
        "; server_max_window_bits=+9",
        "; server_max_window_bits=1000000000000000000000",
        "; server_max_window_bits=ten",
        "; client_max_window_bits=7",
        "; client_max_window_bits=16",
        "; client_max_window_bits=\"010\"",
        "; client_max_window_bits=-10",
        "; server_no_context_takeover; unknown",
    ] {
        assert_eq!(answer(&format!("{NAME}{offer}"), &GENEROUS), None, "{offer:?}");
        let with_fallback = format!("foo, {NAME}{offer}, {NAME}; client_max_window_bits=9");
        let wanted = format!("{NAME}; client_max_window_bits=9");
        assert_eq!(answer(&with_fallback, &GENEROUS), Some(wanted), "{offer:?}");
    }
}

#[test]
fn the_first_acceptable_offer_wins() {
    let header = format!("{NAME}; server_max_window_bits=12, {NAME}; server_max_window_bits=10");
    assert_eq!(answer(&header, &GENEROUS), Some(format!("{NAME}; server_max_window_bits=12")));
}

#[test]
fn offers_on_several_header_lines_are_one_list() {
    let lines = [
        b"permessage-deflate; server_max_window_bits=8, foo".as_slice(),
        b"permessage-deflate; client_no_context_takeover".as_slice(),
    ];
    let offers = parse_extensions(lines.into_iter()).expect("well formed");
    let agreed = negotiate(&offers, &GENEROUS).expect("the second line's offer");
    assert!(agreed.client_no_context_takeover());
}

#[test]
fn nothing_is_agreed_on_where_it_was_not_offered() {
    for header in ["", "foo", "x-webkit-deflate-frame; no_context_takeover", "Permessage-Deflate"] {
        assert_eq!(answer(header, &GENEROUS), None, "{header:?}");
    }
}

#[test]
fn a_sparing_server_imposes_that_neither_side_keeps_its_history() {
    let wanted = format!("{NAME}; server_no_context_takeover; client_no_context_takeover");
    assert_eq!(answer(NAME, &SPARING), Some(wanted));
    assert!(!agree(NAME, &SPARING).expect("agreed").takes_over());
    assert!(agree(NAME, &GENEROUS).expect("agreed").takes_over());
    for one_direction in
        [Policy { server_takeover: true, ..SPARING }, Policy { client_takeover: true, ..SPARING }]
    {
        assert!(agree(NAME, &one_direction).expect("agreed").takes_over());
    }
}

#[test]
fn the_servers_window_is_answered_uninvited_and_the_clients_is_not() {
    for (offer, wanted) in [
        ("", "; server_max_window_bits=11"),
        ("; server_max_window_bits=10", "; server_max_window_bits=10"),
        ("; server_max_window_bits=15", "; server_max_window_bits=11"),
        ("; client_max_window_bits", "; server_max_window_bits=11; client_max_window_bits=10"),
        ("; client_max_window_bits=9", "; server_max_window_bits=11; client_max_window_bits=9"),
        ("; client_max_window_bits=12", "; server_max_window_bits=11; client_max_window_bits=10"),
    ] {
        let wanted = format!("{NAME}{wanted}");
        assert_eq!(answer(&format!("{NAME}{offer}"), &SMALL_WINDOWS), Some(wanted), "{offer:?}");
    }
}

#[test]
fn a_policy_out_of_range_counts_as_the_nearest_in_it() {
    let policy = Policy { server_window_bits: 0, client_window_bits: 200, ..GENEROUS };
    let agreed = agree("permessage-deflate; client_max_window_bits", &policy).expect("agreed");
    assert_eq!((agreed.server_max_window_bits(), agreed.client_max_window_bits()), (9, 15));
}

#[test]
fn a_client_offers_what_its_policy_allows() {
    assert_eq!(offer(&GENEROUS).to_string(), format!("{NAME}; client_max_window_bits"));
    assert_eq!(
        offer(&Policy { server_takeover: false, client_takeover: false, ..SMALL_WINDOWS })
            .to_string(),
        format!(
            "{NAME}; server_no_context_takeover; client_no_context_takeover; \
             server_max_window_bits=11; client_max_window_bits=10"
        ),
    );
}

#[test]
fn client_and_server_agree_on_the_same_whatever_their_policies() {
    let switches = [false, true];
    let policies: Vec<Policy> = [9, 11, 15]
        .into_iter()
        .flat_map(|server_window_bits| [9, 10, 15].map(|bits| (server_window_bits, bits)))
        .flat_map(|windows| switches.map(|server_takeover| (windows, server_takeover)))
        .flat_map(|(windows, server)| switches.map(|client| (windows, server, client)))
        .map(|((server_window_bits, client_window_bits), server_takeover, client_takeover)| {
            Policy {
                server_takeover,
                client_takeover,
                server_window_bits,
                client_window_bits,
                ..GENEROUS
            }
        })
        .collect();
    for client in &policies {
        for server in &policies {
            let theirs = negotiate(&[offer(client)], server).expect("always acceptable");
            let ours = accept_answer(&theirs.response(), client).expect("never beyond the offer");
            let context = format!("{client:?} {server:?}");
            assert_eq!(ours.response(), theirs.response(), "{context}");
            assert_eq!(ours, theirs, "{context}");
        }
    }
}

#[test]
fn a_client_fails_an_answer_that_goes_beyond_its_offer() {
    let bad = |name: &str| AnswerError::BadParameter(name.to_owned());
    let small = Policy { server_takeover: false, ..SMALL_WINDOWS };
    let good = "permessage-deflate; server_no_context_takeover; server_max_window_bits=11";
    let no_takeover = "permessage-deflate; server_no_context_takeover";
    for (answer, wanted) in [
        ("foo".to_owned(), AnswerError::NotOffered("foo".to_owned())),
        (NAME.to_owned(), AnswerError::NotHeld(SERVER_NO_CONTEXT_TAKEOVER)),
        (no_takeover.to_owned(), AnswerError::NotHeld(SERVER_MAX_WINDOW_BITS)),
        (
            format!("{no_takeover}; server_max_window_bits=12"),
            AnswerError::NotHeld(SERVER_MAX_WINDOW_BITS),
        ),
        (format!("{no_takeover}; server_max_window_bits"), bad(SERVER_MAX_WINDOW_BITS)),
        (format!("{no_takeover}; server_max_window_bits=7"), bad(SERVER_MAX_WINDOW_BITS)),
        (
            format!("{good}; client_max_window_bits=11"),
            AnswerError::NotHeld(CLIENT_MAX_WINDOW_BITS),
        ),
        (format!("{good}; client_max_window_bits"), bad(CLIENT_MAX_WINDOW_BITS)),
        (format!("{good}; unknown"), bad("unknown")),
        (format!("{good}; server_no_context_takeover"), bad(SERVER_NO_CONTEXT_TAKEOVER)),
    ] {
        let parsed = parse_extensions([answer.as_bytes()].into_iter()).expect("well formed");
        assert_eq!(accept_answer(&parsed[0], &small), Err(wanted), "{answer:?}");
    }
}

#[test]
fn a_server_may_ask_less_of_itself_and_more_of_a_client() {
    let answer = "permessage-deflate; server_no_context_takeover; client_no_context_takeover; \
                  server_max_window_bits=8; client_max_window_bits=9";
    let parsed = parse_extensions([answer.as_bytes()].into_iter()).expect("well formed");
    let agreed = accept_answer(&parsed[0], &GENEROUS).expect("within the offer");
    assert!(!agreed.takes_over());
    assert_eq!((agreed.server_max_window_bits(), agreed.client_max_window_bits()), (8, 9));
}

#[test]
fn a_client_that_is_held_to_eight_bits_sends_nothing_compressed() {
    let answer = b"permessage-deflate; client_max_window_bits=8".as_slice();
    let parsed = parse_extensions([answer].into_iter()).expect("well formed");
    let agreed = accept_answer(&parsed[0], &GENEROUS).expect("within the offer");
    let mut outbound = Outbound::new(Role::Client, &agreed, 6, 0);
    assert!(!outbound.wants(1_000_000));
    assert_eq!(outbound.compress(&[b'a'; 1000]), None);
    assert_eq!(outbound.shared_key(), None);
}
