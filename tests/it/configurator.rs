//! Handshakes about which the guest decides.

use sockhop_tests::{TestHost, http};

#[tokio::test(flavor = "multi_thread")]
async fn it_accepts_with_what_it_likes() {
    let host = TestHost::with_guests(["configured"]).await;
    let offered = [("sec-websocket-protocol", "a, b")];
    let mut client = host.connect_with("/configured?do=choose", &offered).await;
    assert_eq!(client.response_header("sec-websocket-protocol"), Some("b"));
    assert_eq!(client.response_header("x-endpoint"), Some("/configured"));
    let seen = client.ask("what").await;
    assert_eq!(seen, r#"subprotocol=Some("b") role=Some("guest")"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_accepts_as_the_host_would() {
    let host = TestHost::with_guests(["configured"]).await;
    let offered = [("sec-websocket-protocol", "z, a")];
    let mut client = host.connect_with("/configured", &offered).await;
    assert_eq!(client.response_header("sec-websocket-protocol"), Some("a"));
    let seen = client.ask("what").await;
    // The property is the endpoint's own; what another session was given is not seen here.
    assert_eq!(seen, r#"subprotocol=Some("a") role=Some("nobody")"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_rejects_with_a_status_fields_and_a_body() {
    let host = TestHost::with_guests(["configured"]).await;
    let answer = http::handshake("/configured?do=deny").send(host.address()).await;
    assert_eq!(answer.status, 403);
    assert_eq!(answer.header("x-reason"), Some("mood"));
    assert_eq!(answer.body, "not tonight\n");
    assert!(host.sessions().await.is_empty(), "a rejected handshake is no session");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_it_may_not_do_is_500_and_in_the_log() {
    let host = TestHost::with_guests(["configured"]).await;
    let mut log = host.follow("configured");
    for (what, told) in [
        ("status", "status 200"),
        ("header", "sec-websocket-accept"),
        ("subprotocol", "\"z\""),
        ("trap", "trapped in configurator.handshake"),
    ] {
        let request = http::handshake(&format!("/configured?do={what}"));
        let answer = request.with("sec-websocket-protocol", "a, b").send(host.address()).await;
        assert_eq!(answer.status, 500, "{what}: {answer:?}");
        assert!(!answer.body.contains(told), "the peer is not told: {answer:?}");
        log.line(|line| line.contains("500") && line.contains(told)).await;
    }
    // Nothing of it hurts the next.
    let mut client = host.connect("/configured").await;
    assert_eq!(client.ask("what").await, r#"subprotocol=None role=Some("nobody")"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_host_has_looked_before_it_is_asked() {
    let host = TestHost::with_guests(["configured"]).await;
    // It would trap, and the answer be 500.
    let request = http::handshake("/configured?do=trap").with("origin", "https://a.example");
    assert_eq!(request.send(host.address()).await.status, 403);
    let request = http::handshake("/configured?do=trap").without("sec-websocket-key");
    assert_eq!(request.send(host.address()).await.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_asked_in_a_shared_instance_too() {
    let host = TestHost::builder().guest("configured").shared("configured").start().await;
    let answer = http::handshake("/configured?do=deny").send(host.address()).await;
    assert_eq!(answer.status, 403);
    let offered = [("sec-websocket-protocol", "a, b")];
    let mut chosen = host.connect_with("/configured?do=choose", &offered).await;
    assert_eq!(chosen.ask("what").await, r#"subprotocol=Some("b") role=Some("guest")"#);
    // A trap here takes the instance with it, and so the session.
    let answer = http::handshake("/configured?do=trap").send(host.address()).await;
    assert_eq!(answer.status, 500);
    assert_eq!(chosen.closed().await.code, 1011);
    let mut next = host.connect("/configured").await;
    assert_eq!(next.ask("what").await, r#"subprotocol=None role=Some("nobody")"#);
}
