//! The handshake over HTTP/2.

use super::*;

/// The header fields of an extended CONNECT, with others added.
fn fields(added: &[(&'static str, &[&str])]) -> HeaderMap {
    let mut fields = HeaderMap::new();
    for (name, values) in added {
        for value in *values {
            let value = HeaderValue::from_bytes(value.as_bytes()).expect("a value");
            fields.append(*name, value);
        }
    }
    fields
}

fn connect(added: &[(&'static str, &[&str])]) -> Result<Handshake, Refusal> {
    let uri = Uri::from_static("https://server.example.com/chat?x");
    Handshake::read_http2(&Method::CONNECT, Some("websocket"), &uri, &fields(added))
}

/// The example of RFC 8441 §5.1.
#[test]
fn the_standard_s_own_example_is_read() {
    let handshake = connect(&[
        ("sec-websocket-protocol", &["chat, superchat"]),
        ("sec-websocket-extensions", &["permessage-deflate"]),
        ("sec-websocket-version", &["13"]),
        ("origin", &["http://www.example.com"]),
    ]);
    let handshake = handshake.expect("valid");
    let expected = Handshake {
        form: Form::ExtendedConnect,
        accept: None,
        subprotocols: strings(&["chat", "superchat"]),
        origin: Some("http://www.example.com".to_owned()),
        host: "server.example.com".to_owned(),
    };
    assert_eq!(handshake, expected);
    assert_eq!(handshake.form.accepted(), StatusCode::OK);
    let answer = handshake.accept_response_headers(Some("chat")).expect("offered");
    let answer: Vec<_> = answer.iter().map(|(name, value)| (name.as_str(), value)).collect();
    assert_eq!(answer, [("sec-websocket-protocol", &HeaderValue::from_static("chat"))]);
}

#[test]
fn a_key_is_answered_where_one_came() {
    let handshake = connect(&[("sec-websocket-key", &[KEY])]).expect("valid");
    let answer = handshake.accept_response_headers(None).expect("valid");
    assert_eq!(answer["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    assert_eq!(answer.len(), 1);
}

#[test]
fn each_fault_has_its_refusal() {
    use Refusal as R;
    let cases: [(&'static str, &[&str], Refusal); 10] = [
        ("sec-websocket-key", &["short"], R::BadKey),
        ("sec-websocket-key", &[KEY, KEY], R::RepeatedKey),
        ("sec-websocket-version", &["8"], R::UnsupportedHttp2Version),
        ("sec-websocket-version", &["13", "13"], R::RepeatedVersion),
        ("content-length", &["1"], R::Body),
        ("host", &["a", "b"], R::RepeatedHost),
        ("origin", &["http://a", "http://b"], R::RepeatedOrigin),
        ("origin", &["http://caf\u{e9}"], R::BadOrigin),
        ("sec-websocket-protocol", &["a b"], R::BadSubprotocol { position: 1 }),
        ("sec-websocket-protocol", &["a, a"], R::RepeatedSubprotocol { name: "a".into() }),
    ];
    for (name, values, refusal) in cases {
        assert_eq!(connect(&[(name, values)]), Err(refusal), "{name}: {values:?}");
    }
}

#[test]
fn method_protocol_and_target_are_checked() {
    use Refusal as R;
    let whole = "https://a.example/chat";
    let cases = [
        (Method::CONNECT, Some("websocket"), whole, None),
        (Method::CONNECT, Some("WebSocket"), whole, None),
        (Method::CONNECT, Some("websocket"), "http://a.example/", None),
        (Method::CONNECT, None, "a.example:80", Some(R::NotExtendedConnect)),
        (Method::GET, None, whole, Some(R::NotExtendedConnect)),
        (Method::GET, Some("websocket"), whole, Some(R::NotExtendedConnect)),
        (Method::CONNECT, Some("connect-udp"), whole, Some(R::UnknownProtocol)),
        (Method::CONNECT, Some("websocket"), "ftp://a.example/", Some(R::BadTarget)),
        (Method::CONNECT, Some("websocket"), "/chat", Some(R::BadTarget)),
        (Method::CONNECT, Some("websocket"), "https://u@a.example/", Some(R::BadHost)),
    ];
    for (method, protocol, uri, expected) in cases {
        let what = format!("{method} {protocol:?} {uri}");
        let uri = Uri::from_static(uri);
        let read = Handshake::read_http2(&method, protocol, &uri, &fields(&[]));
        assert_eq!(read.err(), expected, "{what}");
    }
}

#[test]
fn refusals_do_not_speak_of_the_connection() {
    let version = Refusal::UnsupportedHttp2Version;
    assert_eq!(version.status(), StatusCode::BAD_REQUEST);
    let fields = version.headers();
    assert_eq!((fields.len(), &fields["sec-websocket-version"]), (1, &HeaderValue::from(13)));
    assert_eq!(Refusal::NotExtendedConnect.status(), StatusCode::BAD_REQUEST);
    assert!(Refusal::NotExtendedConnect.headers().is_empty());
    assert_eq!(Refusal::UnknownProtocol.status(), StatusCode::NOT_IMPLEMENTED);
}

proptest! {
    /// Whatever the fields hold, there is an answer; and what was read can be accepted.
    #[test]
    fn no_header_panics(
        fields in prop::collection::vec((0_usize..7, value()), 0..6),
        protocol in prop::option::of("websocket|\\PC{0,10}"),
    ) {
        let names = [
            header::SEC_WEBSOCKET_KEY, header::SEC_WEBSOCKET_VERSION,
            header::SEC_WEBSOCKET_PROTOCOL, header::HOST, header::ORIGIN,
            header::CONTENT_LENGTH, header::TRANSFER_ENCODING,
        ];
        let mut headers = HeaderMap::new();
        for (index, value) in fields {
            headers.append(&names[index], value);
        }
        let uri = Uri::from_static("http://a.example/");
        match Handshake::read_http2(&Method::CONNECT, protocol.as_deref(), &uri, &headers) {
            Ok(handshake) => {
                let first = handshake.subprotocols.first().map(String::as_str);
                prop_assert!(handshake.accept_response_headers(first).is_ok());
            }
            Err(refusal) => prop_assert!(!refusal.status().is_success()),
        }
    }
}
