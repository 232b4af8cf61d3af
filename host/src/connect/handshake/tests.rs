//! Requests as RFC 6455 §4.1 wants them, and answers that may and may not be believed.

use proptest::prelude::*;

use super::*;

/// The example of RFC 6455 §1.3.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// What is offered in a test.
struct Given {
    url: WebSocketUrl,
    headers: HeaderMap,
    subprotocols: Vec<String>,
    deflate: Option<Policy>,
}

impl Default for Given {
    fn default() -> Self {
        Self {
            url: "ws://a.example:8080/chat?x=1".parse().expect("a URL"),
            headers: HeaderMap::new(),
            subprotocols: ["chat", "superchat"].map(str::to_owned).into(),
            deflate: Some(Policy::default()),
        }
    }
}

impl Given {
    fn offer(&self) -> Offer<'_> {
        let Self { url, headers, subprotocols, deflate } = self;
        let deflate = deflate.as_ref();
        Offer { url, headers, subprotocols, deflate, key: KEY.to_owned() }
    }

    fn check(&self, changes: &[(&str, &[&str])]) -> Result<Agreement, AnswerFault> {
        self.offer().check(Version::HTTP_11, &answer(changes))
    }
}

/// The fields of a valid answer, with those of some names replaced.
fn answer(changes: &[(&str, &[&str])]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in
        [("upgrade", "websocket"), ("connection", "Upgrade"), ("sec-websocket-accept", ACCEPT)]
    {
        headers.insert(name, HeaderValue::from_static(value));
    }
    for (name, values) in changes {
        headers.remove(*name);
        let name: HeaderName = name.parse().expect("a name");
        for value in *values {
            headers.append(&name, HeaderValue::from_bytes(value.as_bytes()).expect("a value"));
        }
    }
    headers
}

#[test]
fn the_request_is_that_of_the_rfc() {
    let mut given = Given::default();
    given.headers.append("origin", HeaderValue::from_static("https://b.example"));
    given.headers.append("x-y", HeaderValue::from_static("1"));
    given.headers.append("x-y", HeaderValue::from_static("2"));
    let request = given.offer().request().expect("a request");
    assert_eq!(request.method(), "GET");
    assert_eq!(request.uri(), "/chat?x=1");
    let mut fields: Vec<_> = request
        .headers()
        .iter()
        .map(|(name, value)| (name.as_str(), value.to_str().expect("ASCII")))
        .collect();
    fields.sort_unstable();
    let offered = "permessage-deflate; server_no_context_takeover; client_no_context_takeover; \
                   client_max_window_bits";
    let expected = [
        ("connection", "Upgrade"),
        ("host", "a.example:8080"),
        ("origin", "https://b.example"),
        ("sec-websocket-extensions", offered),
        ("sec-websocket-key", KEY),
        ("sec-websocket-protocol", "chat, superchat"),
        ("sec-websocket-version", "13"),
        ("upgrade", "websocket"),
        ("x-y", "1"),
        ("x-y", "2"),
    ];
    assert_eq!(fields, expected);
    let bare = Given { subprotocols: Vec::new(), deflate: None, ..Given::default() };
    assert_eq!(bare.offer().request().expect("a request").headers().len(), 5);
}

#[test]
fn keys_are_16_bytes_and_never_the_same() {
    let [one, other] = [(); 2].map(|()| fresh_key().expect("random numbers"));
    assert_eq!(STANDARD.decode(&one).expect("base64").len(), NONCE_BYTES);
    assert_ne!(one, other);
}

#[test]
fn a_valid_answer_is_taken_however_it_is_written() {
    let given = Given::default();
    for changes in [
        &[][..],
        &[("upgrade", &["WebSocket"][..]), ("connection", &["keep-alive, upgrade"])],
        &[("connection", &["keep-alive", "UPGRADE"])],
        &[("sec-websocket-accept", &[concat!(" ", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "\t")])],
    ] {
        assert_eq!(given.check(changes), Ok(Agreement::default()), "{changes:?}");
    }
}

#[test]
fn each_fault_fails_the_connection() {
    use AnswerFault as F;
    let given = Given::default();
    for (name, values, fault) in [
        ("upgrade", &[][..], F::Upgrade),
        ("upgrade", &["h2c"], F::Upgrade),
        ("upgrade", &["websocket, h2c"], F::Upgrade),
        ("upgrade", &["websocket", "websocket"], F::Upgrade),
        ("connection", &[], F::Connection),
        ("connection", &["keep-alive"], F::Connection),
        ("connection", &["upgraded"], F::Connection),
        ("sec-websocket-accept", &[], F::Accept),
        ("sec-websocket-accept", &[""], F::Accept),
        ("sec-websocket-accept", &["S3pPLMBiTxaQ9kYGzzhZRbK+xOo="], F::Accept),
        ("sec-websocket-accept", &[KEY], F::Accept),
        ("sec-websocket-accept", &[ACCEPT, ACCEPT], F::Accept),
        ("sec-websocket-protocol", &["chat", "chat"], F::RepeatedSubprotocol),
    ] {
        assert_eq!(given.check(&[(name, values)]), Err(fault), "{name}: {values:?}");
    }
    let old = given.offer().check(Version::HTTP_10, &answer(&[]));
    assert_eq!(old, Err(F::HttpVersion));
}

#[test]
fn only_a_subprotocol_that_was_offered_is_agreed_to() {
    let given = Given::default();
    let check = |name| given.check(&[("sec-websocket-protocol", &[name])]);
    for name in ["chat", " superchat "] {
        let agreed = check(name).expect("offered").subprotocol;
        assert_eq!(agreed.as_deref(), Some(name.trim()));
    }
    for name in ["", "Chat", "chat, superchat", "other", "chat;"] {
        let refused = AnswerFault::Subprotocol { name: name.to_owned() };
        assert_eq!(check(name), Err(refused));
    }
    let bare = Given { subprotocols: Vec::new(), ..Given::default() };
    assert!(bare.check(&[("sec-websocket-protocol", &["chat"])]).is_err());
}

#[test]
fn only_an_extension_that_was_offered_is_agreed_to() {
    let held = "permessage-deflate; server_no_context_takeover";
    let given = Given::default();
    let check = |given: &Given, lines: &[&str]| given.check(&[("sec-websocket-extensions", lines)]);
    let agreed = check(&given, &[held]).expect("as offered").deflate.expect("compression");
    assert!(agreed.server_no_context_takeover() && agreed.client_no_context_takeover());
    let bits = format!("{held}; client_max_window_bits=10; server_max_window_bits=\"9\"");
    let agreed = check(&given, &[&bits]).expect("within the offer").deflate.expect("compression");
    assert_eq!((agreed.client_max_window_bits(), agreed.server_max_window_bits()), (10, 9));
    for lines in [
        &["x-other"][..],
        &[held, held],
        &[&format!("{held}, x-other")],
        &["permessage-deflate"],
        &[&format!("{held}; server_no_context_takeover")],
        &[&format!("{held}; client_max_window_bits")],
        &[&format!("{held}; client_max_window_bits=16")],
        &[&format!("{held}; server_max_window_bits=7")],
        &[&format!("{held}; unknown")],
        &[&format!("{held}; =")],
    ] {
        assert!(check(&given, lines).is_err(), "{lines:?}");
    }
    let without = Given { deflate: None, ..Given::default() };
    let refused = check(&without, &[held]);
    assert_eq!(refused, Err(AnswerFault::Extension { name: "permessage-deflate".to_owned() }));
    assert_eq!(check(&without, &[""]), Ok(Agreement::default()));
}

proptest! {
    /// Whoever has not read the key is not believed.
    #[test]
    fn no_other_accept_is_taken(accept in "[ -~]{0,40}") {
        prop_assume!(accept.trim() != ACCEPT);
        let checked = Given::default().check(&[("sec-websocket-accept", &[&accept])]);
        prop_assert_eq!(checked, Err(AnswerFault::Accept));
    }

    /// Whatever is agreed to was offered.
    #[test]
    fn no_answer_goes_beyond_the_offer(
        subprotocol in "[a-z, ]{0,12}",
        extensions in "(permessage-deflate|x)?((; |, )[a-z_]{1,30}(=[0-9]{1,2})?){0,3}",
    ) {
        let given = Given::default();
        let changes = [
            ("sec-websocket-protocol", &[subprotocol.as_str()][..]),
            ("sec-websocket-extensions", &[extensions.as_str()]),
        ];
        if let Ok(agreed) = given.check(&changes) {
            prop_assert!(agreed.subprotocol.is_none_or(|name| given.subprotocols.contains(&name)));
            prop_assert!(agreed.deflate.is_none_or(|deflate| !deflate.takes_over()));
        }
    }
}
