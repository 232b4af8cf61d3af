//! Who is let in.

use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    Method, Request,
    header::{CONNECTION, HOST, ORIGIN, WWW_AUTHENTICATE},
};

use super::harness::{Served, TOKEN, client, code, socket};
use crate::admin::{ClientError, limits::Limits};

async fn status_with(served: &Served, fields: &[(&str, &str)]) -> u16 {
    let mut request = Request::get("/v1/host");
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    served.send(request.body(Full::default()).unwrap()).await.status().as_u16()
}

#[tokio::test]
async fn only_the_token_lets_in() {
    let served = Served::start().await;
    for (authorization, status) in [
        ("Bearer 0123456789abcdef", 200),
        ("bearer 0123456789abcdef", 200),
        ("Bearer 0123456789abcdeg", 401),
        ("Bearer 0123456789abcdef0", 401),
        ("Bearer 0123456789abcde", 401),
        ("Bearer  0123456789abcdef", 401),
        ("Bearer", 401),
        ("Basic 0123456789abcdef", 401),
        ("0123456789abcdef", 401),
    ] {
        let fields = [("host", "localhost"), ("authorization", authorization)];
        assert_eq!(status_with(&served, &fields).await, status, "{authorization}");
    }
    let right = ("authorization", "Bearer 0123456789abcdef");
    assert_eq!(status_with(&served, &[("host", "localhost")]).await, 401);
    assert_eq!(status_with(&served, &[("host", "localhost"), right, right]).await, 401);
}

#[tokio::test]
async fn a_refusal_names_the_scheme_and_ends_the_connection() {
    let served = Served::start().await;
    let request = Request::get("/v1/nowhere").header(HOST, "localhost");
    let response = served.send(request.body(Full::default()).unwrap()).await;
    assert_eq!((response.status().as_u16(), code(&response).as_str()), (401, "unauthorized"));
    assert_eq!(response.headers()[WWW_AUTHENTICATE], "Bearer realm=\"sockhop\"");
    assert_eq!(response.headers()[CONNECTION], "close");
}

#[tokio::test]
async fn a_browser_is_refused_even_with_the_token() {
    let (_folder, _, address) = socket();
    for served in [Served::start().await, Served::at(&address, Limits::default()).await] {
        for origin in ["http://localhost", "null", ""] {
            let request = served.request(Method::GET, "/v1/host").header(ORIGIN, origin);
            let response = served.send(request.body(Full::default()).unwrap()).await;
            assert_eq!(response.status(), 403, "{origin}");
            assert_eq!(code(&response), "forbidden");
        }
    }
}

#[tokio::test]
async fn over_tcp_the_host_field_must_be_this_machine() {
    let served = Served::start().await;
    let own = served.tcp().to_string();
    let token = ("authorization", "Bearer 0123456789abcdef");
    for (host, status) in [
        (own.as_str(), 200),
        ("localhost:1", 200),
        ("[::1]", 200),
        ("rebound.example", 403),
        ("127.0.0.1.rebound.example:80", 403),
        ("192.168.0.1", 403),
    ] {
        assert_eq!(status_with(&served, &[("host", host), token]).await, status, "{host}");
    }
    let twice = [("host", "localhost"), ("host", "localhost"), token];
    assert_eq!(status_with(&served, &twice).await, 403);
    let field = format!("Authorization: Bearer {TOKEN}\r\n");
    for head in [
        format!("GET /v1/host HTTP/1.0\r\n{field}\r\n"),
        format!("GET http://rebound.example/v1/host HTTP/1.1\r\nHost: localhost\r\n{field}\r\n"),
    ] {
        let answer = served.raw(&head).await;
        assert!(answer.contains(" 403 "), "{head}{answer}");
    }
}

#[tokio::test]
async fn at_a_socket_the_host_field_does_not_matter() {
    let (_folder, _, address) = socket();
    let served = Served::at(&address, Limits::default()).await;
    let fields = [("host", "docker"), ("authorization", "Bearer 0123456789abcdef")];
    assert_eq!(status_with(&served, &fields).await, 200);
}

#[tokio::test]
async fn a_wrong_token_is_told_to_a_client_that_is_still_sending() {
    let (_folder, _, address) = socket();
    for served in [Served::start().await, Served::at(&address, Limits::default()).await] {
        let stranger = client(&served.address, "another-token-of-16");
        let component = Bytes::from(vec![0; 16 << 20]);
        let name = "echo".parse().unwrap();
        let error = stranger.deploy(&name, component, None).await.unwrap_err();
        assert!(matches!(error, ClientError::Unauthorized { .. }), "{error:?}");
        assert!(error.to_string().contains("SOCKHOP_ADMIN_TOKEN"), "{error}");
        assert!(served.host.deployed.lock().unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_refusal_reaches_who_sends_all_before_reading() {
    let served = Served::start().await;
    let body = "x".repeat(16 << 20);
    let head = "PUT /v1/deployments/echo HTTP/1.1\r\nHost: localhost";
    let request = format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let answer = served.raw(&request).await;
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    assert!(answer.contains("\"unauthorized\""), "{answer}");
}
