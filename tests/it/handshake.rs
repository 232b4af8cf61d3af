//! The opening handshake: who becomes a session, and what the others are told.

use hyper::Method;
use serde_json::{Value, json};
use sockhop_tests::{TestHost, http};

#[tokio::test(flavor = "multi_thread")]
async fn a_path_without_an_endpoint_is_404() {
    let host = TestHost::with_guests(["echo", "handshaker"]).await;
    for path in ["/", "/ech", "/echo/", "/Echo", "/echo/x", "/handshaker/a", "/handshaker/a//"] {
        let answer = http::handshake(path).send(host.address()).await;
        assert_eq!(answer.status, 404, "{path}: {answer:?}");
    }
    // No handshake at all, and nothing else to serve there.
    assert_eq!(http::get("/nothing").send(host.address()).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_valid_handshake_is_400_and_the_body_says_why() {
    let host = TestHost::with_guests(["echo"]).await;
    let good = || http::handshake("/echo");
    for (request, told) in [
        (good().without("connection"), "Connection"),
        (good().with("connection", "keep-alive"), "Connection"),
        (good().without("sec-websocket-key"), "Sec-WebSocket-Key"),
        (good().with("sec-websocket-key", "c2hvcnQ="), "Sec-WebSocket-Key"),
        (good().with("sec-websocket-key", "not base64 at all, no!!!"), "Sec-WebSocket-Key"),
        (good().and("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="), "more than once"),
        (good().without("sec-websocket-version"), "Sec-WebSocket-Version"),
        (good().and("sec-websocket-version", "13"), "more than once"),
        (good().and("host", "a.example").and("host", "b.example"), "Host"),
        (good().with("sec-websocket-protocol", "a, ,b c"), "Sec-WebSocket-Protocol"),
        (good().with("sec-websocket-protocol", "a, a"), "offered twice"),
    ] {
        let answer = request.send(host.address()).await;
        assert_eq!(answer.status, 400, "{told}: {answer:?}");
        assert!(answer.body.contains(told), "{told}: {answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_version_or_no_handshake_at_an_endpoint_is_426() {
    let host = TestHost::with_guests(["echo"]).await;
    for request in [
        http::handshake("/echo").with("sec-websocket-version", "8"),
        http::get("/echo"),
        http::handshake("/echo").method(Method::POST),
        http::handshake("/echo").with("upgrade", "h2c"),
    ] {
        let answer = request.send(host.address()).await;
        assert_eq!(answer.status, 426, "{answer:?}");
        assert_eq!(answer.header("sec-websocket-version"), Some("13"));
        assert_eq!(answer.header("upgrade"), Some("websocket"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_from_elsewhere_is_403_unless_the_operator_lets_it_in() {
    let host = TestHost::builder()
        .guest("echo")
        .config("origins = [\"https://friend.example\"]")
        .start()
        .await;
    let own = format!("http://{}", host.address());
    for (origin, status) in [
        ("https://elsewhere.example", 403),
        ("http://friend.example", 403),
        ("null", 403),
        ("https://friend.example", 101),
        (own.as_str(), 101),
    ] {
        let request = http::handshake("/echo").with("origin", origin);
        let answer = request.send(host.address()).await;
        assert_eq!(answer.status, status, "{origin}: {answer:?}");
    }
    // What sends no origin is no browser.
    assert_eq!(http::handshake("/echo").send(host.address()).await.status, 101);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handshake_without_an_origin_is_403_where_the_endpoint_requires_one() {
    let host = TestHost::builder()
        .config("origin_required = true")
        .guest("echo")
        .guest("observer")
        .config("[deployment.observer.endpoint.\"/observer\"]\norigin_required = false")
        .start()
        .await;
    let answer = http::handshake("/echo").send(host.address()).await;
    assert_eq!(answer.status, 403, "{answer:?}");
    assert!(answer.body.contains("`Origin` is missing"), "{answer:?}");
    assert_eq!(http::handshake("/observer").send(host.address()).await.status, 101);
    let page = http::handshake("/echo").with("origin", &format!("http://{}", host.address()));
    assert_eq!(page.send(host.address()).await.status, 101);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_is_computed_from_the_key() {
    let host = TestHost::with_guests(["echo"]).await;
    let answer = http::handshake("/echo").send(host.address()).await;
    assert_eq!(answer.status, 101);
    // The example of RFC 6455 §1.3.
    assert_eq!(answer.header("sec-websocket-accept"), Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    assert_eq!(answer.header("sec-websocket-protocol"), None);
    assert_eq!(answer.header("sec-websocket-extensions"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_peers_first_subprotocol_that_the_endpoint_speaks_is_chosen() {
    let host = TestHost::with_guests(["handshaker"]).await;
    for (offered, chosen) in
        [("b, a", Some("b")), ("z, a", Some("a")), ("z", None), ("A", None), ("a", Some("a"))]
    {
        let request = http::handshake("/handshaker/r/s").with("sec-websocket-protocol", offered);
        let answer = request.send(host.address()).await;
        assert_eq!(answer.status, 101, "{offered}: {answer:?}");
        assert_eq!(answer.header("sec-websocket-protocol"), chosen, "{offered}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_guest_sees_the_handshake_as_it_came() {
    let host = TestHost::with_guests(["handshaker"]).await;
    let path = "/handshaker/tea%20room/%C3%A9?name=Ada%20L&x";
    let fields =
        [("X-Twice", "1"), ("x-twice", "2"), ("cookie", "a=b"), ("sec-websocket-protocol", "z, b")];
    let mut client = host.connect_with(path, &fields).await;
    let seen: Value = serde_json::from_str(&client.ask("what").await).expect("JSON");
    let parameters = json!([["room", "tea room"], ["seat", "é"]]);
    let request = &seen["request"];
    assert_eq!(request["uri"], json!(format!("ws://{}{path}", host.address())));
    assert_eq!(request["query"], json!("name=Ada%20L&x"));
    assert_eq!(request["path_parameters"], parameters);
    assert_eq!(request["subprotocols"], json!(["z", "b"]));
    assert_eq!(request["default_subprotocol"], json!("b"));
    let headers = request["headers"].as_array().expect("a list");
    let twice: Vec<_> = headers.iter().filter(|header| header[0] == "x-twice").collect();
    assert_eq!(twice, [&json!(["x-twice", "1"]), &json!(["x-twice", "2"])]);
    assert!(headers.contains(&json!(["cookie", "a=b"])), "{headers:?}");

    assert_eq!(seen["endpoint_path"], json!("/handshaker/{room}/{seat}"));
    assert_eq!(seen["path_parameters"], parameters);
    assert_eq!(seen["subprotocol"], json!("b"));
    assert_eq!(seen["is_open"], json!(true));
    assert_eq!(seen["max_message_size"], json!(4096));
    assert_eq!(seen["properties"], json!([["colour", "red"]]));
    let listed = host.sessions().await;
    assert_eq!(seen["id"], json!(listed[0].id));
    assert_eq!(client.response_header("sec-websocket-protocol"), Some("b"));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_session_has_an_id_of_its_own() {
    let host = TestHost::with_guests(["handshaker"]).await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        let mut client = host.connect("/handshaker/r/s").await;
        let seen: Value = serde_json::from_str(&client.ask("what").await).expect("JSON");
        let again: Value = serde_json::from_str(&client.ask("what").await).expect("JSON");
        assert_eq!(seen["id"], again["id"]);
        assert!(!ids.contains(&seen["id"]), "{} again in {ids:?}", seen["id"]);
        ids.push(seen["id"].clone());
        client.close(None).await;
    }
}
