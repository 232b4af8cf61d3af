//! Tests of the opening handshake.

use hyper::StatusCode;
use hyper::header::HeaderName;
use proptest::prelude::*;

use super::*;

const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// The header fields of a valid handshake, with those of some names replaced.
fn headers(changes: &[(&str, &[&str])]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let valid = [
        ("host", "server.example.com"),
        ("upgrade", "websocket"),
        ("connection", "Upgrade"),
        ("sec-websocket-key", KEY),
        ("sec-websocket-version", "13"),
    ];
    for (name, value) in valid {
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

fn read(headers: &HeaderMap) -> Result<Handshake, Refusal> {
    Handshake::read(&Method::GET, &Uri::from_static("/chat"), Version::HTTP_11, headers)
}

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// The example of RFC 6455 §1.2 and §1.3.
#[test]
fn the_standard_s_own_example_is_read() {
    let headers = headers(&[
        ("origin", &["http://example.com"]),
        ("sec-websocket-protocol", &["chat, superchat"]),
    ]);
    let handshake = read(&headers).expect("valid");
    let expected = Handshake {
        form: Form::Upgrade,
        accept: Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=".to_owned()),
        subprotocols: strings(&["chat", "superchat"]),
        origin: Some("http://example.com".to_owned()),
        host: "server.example.com".to_owned(),
    };
    assert_eq!(handshake, expected);

    let answer = handshake.accept_response_headers(Some("chat")).expect("offered");
    let mut fields: Vec<_> =
        answer.iter().map(|(name, value)| (name.as_str(), value.to_str().expect("text"))).collect();
    fields.sort_unstable();
    let expected = [
        ("connection", "Upgrade"),
        ("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
        ("sec-websocket-protocol", "chat"),
        ("upgrade", "websocket"),
    ];
    assert_eq!(fields, expected);
}

#[test]
fn what_differs_in_form_only_is_accepted() {
    let cases: [&[(&str, &[&str])]; 9] = [
        &[],
        &[("upgrade", &["WebSocket"])],
        &[("upgrade", &["h2c", "foo/1, WEBSOCKET"])],
        &[("connection", &["keep-alive, Upgrade"])],
        &[("connection", &["keep-alive", "x ,\tUPGRADE ,"])],
        &[("content-length", &["0"])],
        &[("host", &["[::1]:8080"])],
        &[("origin", &["null"])],
        // Its last character has bits that 16 bytes do not use.
        &[("sec-websocket-key", &["dGhlIHNhbXBsZSBub25jZR=="])],
    ];
    for changes in cases {
        let handshake = read(&headers(changes));
        assert!(handshake.is_ok(), "{changes:?}: {handshake:?}");
    }
}

#[test]
fn each_fault_of_a_handshake_has_its_refusal() {
    use Refusal as R;
    let bad_subprotocol = |position| R::BadSubprotocol { position };
    let cases: [(&str, &[&str], Refusal); 39] = [
        ("upgrade", &[], R::NotWebSocket),
        ("upgrade", &["h2c"], R::NotWebSocket),
        ("upgrade", &["websockets"], R::NotWebSocket),
        ("connection", &[], R::NoConnectionUpgrade),
        ("connection", &["keep-alive"], R::NoConnectionUpgrade),
        ("connection", &["not-upgrade"], R::NoConnectionUpgrade),
        ("sec-websocket-key", &[], R::NoKey),
        ("sec-websocket-key", &[KEY, KEY], R::RepeatedKey),
        ("sec-websocket-key", &[""], R::BadKey),
        ("sec-websocket-key", &["dGhlIHNhbXBsZSBub25jZQ="], R::BadKey),
        ("sec-websocket-key", &["dGhlIHNhbXBsZSBub25jZQ"], R::BadKey),
        ("sec-websocket-key", &["dGhlIHNhbXBsZSBub25jZSE="], R::BadKey),
        ("sec-websocket-key", &["dGhlIHNhbXBsZSBub25jZSEh"], R::BadKey),
        ("sec-websocket-key", &["dGhlIHNhbXBsZSBub25j*Q=="], R::BadKey),
        ("sec-websocket-key", &["dGhlIHNhbXBsZSBub25j\u{e9}=="], R::BadKey),
        ("sec-websocket-version", &[], R::NoVersion),
        ("sec-websocket-version", &["13", "13"], R::RepeatedVersion),
        ("sec-websocket-version", &["8"], R::UnsupportedVersion),
        ("sec-websocket-version", &["013"], R::UnsupportedVersion),
        ("sec-websocket-version", &["13, 8"], R::UnsupportedVersion),
        ("content-length", &["1"], R::Body),
        ("content-length", &["0", "5"], R::Body),
        ("transfer-encoding", &["chunked"], R::Body),
        ("host", &[], R::NoHost),
        ("host", &["a", "a"], R::RepeatedHost),
        ("host", &[""], R::BadHost),
        ("host", &["a b"], R::BadHost),
        ("host", &["a:b"], R::BadHost),
        ("host", &["a/b"], R::BadHost),
        ("host", &["user@a"], R::BadHost),
        ("host", &["caf\u{e9}"], R::BadHost),
        ("origin", &["http://a", "http://a"], R::RepeatedOrigin),
        ("origin", &["http://caf\u{e9}"], R::BadOrigin),
        ("sec-websocket-protocol", &[""], bad_subprotocol(1)),
        ("sec-websocket-protocol", &["a,,b"], bad_subprotocol(2)),
        ("sec-websocket-protocol", &["a", "b, c d"], bad_subprotocol(3)),
        ("sec-websocket-protocol", &["a/b"], bad_subprotocol(1)),
        ("sec-websocket-protocol", &["caf\u{e9}"], bad_subprotocol(1)),
        ("sec-websocket-protocol", &["a, b", "a"], R::RepeatedSubprotocol { name: "a".into() }),
    ];
    for (name, values, refusal) in cases {
        assert_eq!(read(&headers(&[(name, values)])), Err(refusal), "{name}: {values:?}");
    }
}

#[test]
fn method_and_version_are_checked() {
    let uri = Uri::from_static("/");
    let cases = [
        (Method::POST, Version::HTTP_11, Refusal::NotWebSocket),
        (Method::HEAD, Version::HTTP_10, Refusal::NotWebSocket),
        (Method::GET, Version::HTTP_10, Refusal::HttpVersion),
        (Method::GET, Version::HTTP_09, Refusal::HttpVersion),
    ];
    for (method, version, refusal) in cases {
        let result = Handshake::read(&method, &uri, version, &headers(&[]));
        assert_eq!(result, Err(refusal), "{method} {version:?}");
    }
}

/// Each request has the fault of its line and all that follow; the first is what counts.
#[test]
fn the_first_fault_in_order_is_reported() {
    use Refusal as R;
    let faults: [(&str, &[&str], Refusal); 8] = [
        ("upgrade", &[], R::NotWebSocket),
        ("connection", &[], R::NoConnectionUpgrade),
        ("sec-websocket-key", &[], R::NoKey),
        ("sec-websocket-version", &["8"], R::UnsupportedVersion),
        ("content-length", &["7"], R::Body),
        ("host", &[], R::NoHost),
        ("origin", &["a", "b"], R::RepeatedOrigin),
        ("sec-websocket-protocol", &[""], R::BadSubprotocol { position: 1 }),
    ];
    for (index, (_, _, expected)) in faults.iter().enumerate() {
        let changes: Vec<_> =
            faults[index..].iter().map(|(name, values, _)| (*name, *values)).collect();
        assert_eq!(read(&headers(&changes)).as_ref(), Err(expected));
    }
}

#[test]
fn subprotocols_keep_their_order_over_several_lines() {
    let headers = headers(&[("sec-websocket-protocol", &["b, a", "v1.x", "A"])]);
    assert_eq!(read(&headers).expect("valid").subprotocols, ["b", "a", "v1.x", "A"]);

    let offer = |count: usize| (0..count).map(|number| format!("p{number}")).collect::<Vec<_>>();
    for (count, expected) in [
        (MAX_OFFERED_SUBPROTOCOLS, Ok(MAX_OFFERED_SUBPROTOCOLS)),
        (MAX_OFFERED_SUBPROTOCOLS + 1, Err(Refusal::TooManySubprotocols)),
    ] {
        let list = offer(count).join(",");
        let result = read(&self::headers(&[("sec-websocket-protocol", &[&list])]));
        assert_eq!(result.map(|handshake| handshake.subprotocols.len()), expected);
    }
}

#[test]
fn the_authority_of_the_uri_replaces_the_host_field() {
    let read = |uri| {
        let uri = Uri::from_static(uri);
        Handshake::read(&Method::GET, &uri, Version::HTTP_11, &headers(&[]))
    };
    let host = read("http://Other.example:81/chat").map(|handshake| handshake.host);
    assert_eq!(host, Ok("Other.example:81".to_owned()));
    assert_eq!(read("http://user@other.example/chat"), Err(Refusal::BadHost));
}

#[test]
fn the_client_s_order_chooses_the_subprotocol() {
    let cases: [(&[&str], &[&str], Option<&str>); 6] = [
        (&["a", "c", "e"], &["b", "d", "f", "e", "c"], Some("c")),
        (&["a", "b"], &["b", "a"], Some("a")),
        (&["a"], &["b"], None),
        (&["a"], &["A"], None),
        (&[], &["a"], None),
        (&["a"], &[], None),
    ];
    for (offered, spoken, expected) in cases {
        let (offered, spoken) = (strings(offered), strings(spoken));
        assert_eq!(choose_subprotocol(&offered, &spoken), expected, "{offered:?} {spoken:?}");
    }
}

mod http2;

#[test]
fn only_an_offered_subprotocol_is_answered() {
    let handshake = read(&headers(&[("sec-websocket-protocol", &["a"])])).expect("valid");
    let answer = handshake.accept_response_headers(None).expect("none");
    assert!(!answer.contains_key("sec-websocket-protocol"));
    for subprotocol in ["b", "A", "", "a\r\nx"] {
        let error = handshake.accept_response_headers(Some(subprotocol)).expect_err(subprotocol);
        assert!(matches!(error, AcceptError::NotOffered { .. }), "{error:?}");
    }
    let forged = Handshake { accept: Some("a\r\nb".to_owned()), ..handshake };
    let error = forged.accept_response_headers(None).expect_err("no field value");
    assert!(matches!(error, AcceptError::Field(_)), "{error:?}");
}

#[test]
fn the_origin_is_held_against_the_policy() {
    let policy = OriginPolicy {
        allowed: vec!["https://app.example".parse().expect("an origin")],
        ..OriginPolicy::default()
    };
    let cases: [(&[&str], Result<(), Refusal>); 4] = [
        (&[], Ok(())),
        (&["https://app.example"], Ok(())),
        (&["http://server.example.com"], Ok(())),
        (&["http://evil"], Err(Refusal::Origin { origin: "http://evil".into() })),
    ];
    for (origin, expected) in cases {
        let handshake = read(&headers(&[("origin", origin)])).expect("valid");
        assert_eq!(handshake.check_origin(&policy, false), expected, "{origin:?}");
    }
    let policy = OriginPolicy { required: true, ..policy };
    let nameless = read(&headers(&[])).expect("valid");
    let refusal = nameless.check_origin(&policy, false).expect_err("one is required");
    assert_eq!((&refusal, refusal.status()), (&Refusal::NoOrigin, StatusCode::FORBIDDEN));
    let named = read(&headers(&[("origin", &["https://app.example"])])).expect("valid");
    assert_eq!(named.check_origin(&policy, false), Ok(()));
}

#[test]
fn refusals_answer_with_status_fields_and_advice() {
    let upgrade =
        [("connection", "Upgrade"), ("sec-websocket-version", "13"), ("upgrade", "websocket")];
    let cases = [
        (Refusal::NotWebSocket, StatusCode::UPGRADE_REQUIRED, &upgrade[..]),
        (Refusal::UnsupportedVersion, StatusCode::UPGRADE_REQUIRED, &upgrade[..]),
        (Refusal::NoVersion, StatusCode::BAD_REQUEST, &[]),
        (Refusal::BadSubprotocol { position: 2 }, StatusCode::BAD_REQUEST, &[]),
        (Refusal::Origin { origin: "x".into() }, StatusCode::FORBIDDEN, &[]),
    ];
    for (refusal, status, fields) in cases {
        assert_eq!(refusal.status(), status, "{refusal:?}");
        let sent = refusal.headers();
        let mut sent: Vec<_> = sent
            .iter()
            .map(|(name, value)| (name.as_str(), value.to_str().expect("text")))
            .collect();
        sent.sort_unstable();
        assert_eq!(sent, fields, "{refusal:?}");
    }
    assert_eq!(
        Refusal::Origin { origin: "http://a\"b".into() }.to_string(),
        "pages from the origin \"http://a\\\"b\" may not connect here: serve the page from this \
         host, or have its operator allow the origin"
    );
}

#[test]
fn the_request_uri_is_put_together() {
    let cases = [
        ("a.example", "/", false, "ws://a.example/"),
        ("a.example:8443", "/chat/x%20y?q=1&q=2", true, "wss://a.example:8443/chat/x%20y?q=1&q=2"),
        ("[::1]:80", "/c?", false, "ws://[::1]:80/c?"),
    ];
    for (host, path_and_query, secure, expected) in cases {
        assert_eq!(request_uri(host, path_and_query, secure), expected);
    }
}

/// Values of header fields, often almost right.
fn value() -> impl Strategy<Value = HeaderValue> {
    let bytes = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..40),
        "(websocket|upgrade|13|,| |[a-z:/.]{1,6}|[A-Za-z0-9+/]{22}==){0,4}"
            .prop_map(String::into_bytes),
    ];
    bytes.prop_filter_map("a field's value", |bytes| HeaderValue::from_bytes(&bytes).ok())
}

proptest! {
    /// Whatever the fields hold, there is an answer; and what was read can be accepted.
    #[test]
    fn no_header_panics(
        fields in prop::collection::vec((0_usize..9, value()), 0..6),
        version in prop_oneof![Just(Version::HTTP_10), Just(Version::HTTP_11)],
    ) {
        let names = [
            header::UPGRADE, header::CONNECTION, header::SEC_WEBSOCKET_KEY,
            header::SEC_WEBSOCKET_VERSION, header::SEC_WEBSOCKET_PROTOCOL, header::HOST,
            header::ORIGIN, header::CONTENT_LENGTH, header::TRANSFER_ENCODING,
        ];
        let mut headers = headers(&[]);
        for (index, value) in fields {
            headers.insert(&names[index], value);
        }
        match Handshake::read(&Method::GET, &Uri::from_static("/"), version, &headers) {
            Ok(handshake) => {
                let first = handshake.subprotocols.first().map(String::as_str);
                prop_assert!(handshake.accept_response_headers(first).is_ok());
            }
            Err(refusal) => {
                prop_assert!(refusal.status().is_client_error());
                prop_assert!(!refusal.to_string().is_empty());
            }
        }
    }

    /// Any 16 bytes make a key.
    #[test]
    fn every_nonce_is_a_key(nonce: [u8; 16]) {
        let key = base64::engine::general_purpose::STANDARD.encode(nonce);
        let handshake = read(&headers(&[("sec-websocket-key", &[&key])]));
        prop_assert_eq!(
            handshake.map(|handshake| handshake.accept),
            Ok(Some(derive_accept_key(key.as_bytes())))
        );
    }
}
