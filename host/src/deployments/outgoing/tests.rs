//! What a guest asks for is held against what its operator grants.

use std::time::Duration;

use super::*;
use crate::config::ServerPattern;

fn options() -> ConnectOptions {
    ConnectOptions {
        endpoint: "feed".to_owned(),
        subprotocols: Vec::new(),
        headers: Vec::new(),
        compress: true,
        timeout: None,
        redirects: None,
        message_bytes: None,
        tls_profile: None,
        properties: Vec::new(),
    }
}

fn grant(allow: &[&str]) -> Grant {
    let allow = allow.iter().map(|one| one.parse::<ServerPattern>().expect("a pattern"));
    let settings = OutgoingSettings { allow: allow.collect(), ..OutgoingSettings::default() };
    Grant::new(&settings).expect("no profiles")
}

fn ask(url: &str, options: &ConnectOptions, allow: &[&str]) -> Result<(), ConnectRefusal> {
    let settings = EndpointSettings::default();
    asked(url, options, &grant(allow), &ClientTls::default(), &settings).map(|_request| ())
}

#[test]
fn nothing_is_allowed_unless_the_operator_says_so() {
    let url = "wss://a.example/";
    assert!(matches!(ask(url, &options(), &[]), Err(ConnectRefusal::NotAllowed(_))));
    let other = ask(url, &options(), &["wss://b.example"]);
    assert!(matches!(other, Err(ConnectRefusal::NotAllowed(_))));
    assert_eq!(ask(url, &options(), &["wss://b.example", "wss://*.example"]), Ok(()));
}

#[test]
fn what_is_wrong_is_told_before_anything_is_tried() {
    let allow = ["ws://a"];
    for url in ["", "a", "http://a/", "ws://u:p@a/", "ws://a/#f"] {
        let refused = ask(url, &options(), &allow);
        assert!(matches!(refused, Err(ConnectRefusal::InvalidUrl(_))), "{url}: {refused:?}");
    }
    let long = "x".repeat(asked::ENDPOINT_NAME_BYTES_MAX + 1);
    for endpoint in ["", "/chat", &long] {
        let options = ConnectOptions { endpoint: endpoint.to_owned(), ..options() };
        let refused = ask("ws://a/", &options, &allow);
        assert!(matches!(refused, Err(ConnectRefusal::InvalidOptions(_))), "{endpoint}");
    }
    for (name, value) in [("host", "x"), ("sec-websocket-key", "x"), ("a b", "x"), ("x", "a\nb")] {
        let headers = vec![(name.to_owned(), value.as_bytes().to_vec())];
        let refused = ask("ws://a/", &ConnectOptions { headers, ..options() }, &allow);
        assert!(matches!(refused, Err(ConnectRefusal::InvalidOptions(_))), "{name}");
    }
    let profile = ConnectOptions { tls_profile: Some("inner".to_owned()), ..options() };
    let refused = ask("ws://a/", &profile, &allow);
    assert!(matches!(refused, Err(ConnectRefusal::NotAllowed(told)) if told.contains("inner")));
}

#[test]
fn the_operators_limits_are_the_ceiling() {
    let grant = grant(&["ws://a"]);
    let settings = EndpointSettings::default();
    let tls = ClientTls::default();
    let with = |options: &ConnectOptions| asked("ws://a/", options, &grant, &tls, &settings);
    let shortest = ConnectOptions { timeout: Some(Duration::from_secs(1)), ..options() };
    assert_eq!(with(&shortest).expect("allowed").timeout, Duration::from_secs(1));
    let longest =
        ConnectOptions { timeout: Some(Duration::MAX), redirects: Some(u32::MAX), ..options() };
    let request = with(&longest).expect("allowed");
    assert_eq!(request.timeout, grant.settings.timeout);
    assert_eq!(request.redirects, 20);
    assert!(request.deflate.is_some());
    let plain = ConnectOptions { compress: false, ..options() };
    assert!(with(&plain).expect("allowed").deflate.is_none());
}
