//! Servers that send on.

use std::sync::{Arc, Mutex};

use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::{StatusCode, Uri};

use super::server::{Reply, Server, accepting};
use super::{refused, request};
use crate::connect::{ConnectError, ConnectRequest, Observer, WebSocketUrl, connect};
use crate::telemetry::chain;

fn redirect(location: &str) -> Reply {
    let head = format!("HTTP/1.1 302 Found\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n");
    Reply::open([head])
}

fn accept(head: &str) -> Reply {
    Reply::open([accepting(head, ""), "\r\n".into()])
}

/// A server that sends on within itself, and in the end accepts.
async fn wandering(steps: usize) -> Server {
    Server::start(move |head| {
        let path = head.split(' ').nth(1).expect("a path");
        let step = path.trim_start_matches("/step").parse().unwrap_or(0);
        if step < steps { redirect(&format!("/step{}", step + 1)) } else { accept(head) }
    })
    .await
}

fn with_credentials(mut request: ConnectRequest) -> ConnectRequest {
    for name in [header::AUTHORIZATION, header::COOKIE, header::ORIGIN] {
        request.headers.insert(name, HeaderValue::from_static("secret"));
    }
    request
}

#[tokio::test]
async fn as_many_as_allowed_are_followed_and_no_more() {
    let server = wandering(3).await;
    let mut request = with_credentials(request(&server));
    request.redirects = 3;
    let connected = connect(&request, &()).await.expect("open");
    assert_eq!(connected.url.to_string(), server.url("/step3"));
    let heads = server.heads();
    assert_eq!(heads.len(), 4);
    assert!(heads.iter().all(|head| head.contains("cookie: secret\r\n")), "one origin: {heads:?}");
    request.redirects = 2;
    let error = refused(&request).await;
    let told = "the server answered 302 Found after 2 redirects, which is as many as allowed";
    assert_eq!(chain(&error), told);
    assert_eq!(error.answer().expect("an answer").headers["location"], "/step3");
}

#[tokio::test]
async fn without_redirects_one_is_a_refusal() {
    let mut request = request(&wandering(1).await);
    request.redirects = 0;
    let error = refused(&request).await;
    assert!(matches!(error, ConnectError::Refused { .. }), "{error:?}");
    assert_eq!(chain(&error), "the server answered 302 Found");
}

#[tokio::test]
async fn another_origin_is_told_no_secret() {
    let target = Server::start(accept).await;
    let location = target.url("/there").replace("ws://", "http://");
    let server = Server::start(move |_head| redirect(&location)).await;
    let connected = connect(&with_credentials(request(&server)), &()).await.expect("open");
    assert_eq!(connected.url.to_string(), target.url("/there"));
    assert!(server.heads()[0].contains("authorization: secret\r\n"));
    let head = &target.heads()[0];
    assert!(head.contains("origin: secret\r\n"), "{head}");
    assert!(!head.contains("authorization") && !head.contains("cookie"), "{head}");
}

/// What was dropped on the way is not sent where the way leads back.
#[tokio::test]
async fn no_secret_is_told_after_another_origin_had_its_say() {
    let way: Arc<Mutex<Vec<String>>> = Arc::default();
    let next = Arc::clone(&way);
    let server = Server::start(move |head| match next.lock().expect("not poisoned").pop() {
        Some(location) => redirect(&location),
        None => accept(head),
    })
    .await;
    let back = server.url("/back");
    let other = Server::start(move |_head| redirect(&back)).await;
    way.lock().expect("not poisoned").push(other.url("/"));
    connect(&with_credentials(request(&server)), &()).await.expect("open");
    let heads = server.heads();
    assert!(heads[0].contains("cookie") && !heads[1].contains("cookie"), "{heads:?}");
}

#[tokio::test]
async fn a_redirect_to_no_websocket_is_told() {
    for (location, told) in [
        ("ftp://a/", "leads to no WebSocket: the scheme is \"ftp\"; use ws or wss"),
        ("http://me@a/", "leads to no WebSocket: a WebSocket's URL has no user"),
    ] {
        let server = Server::start(move |_head| redirect(location)).await;
        let error = refused(&request(&server)).await;
        assert!(matches!(error, ConnectError::BadRedirect { .. }), "{error:?}");
        assert!(chain(&error).contains(told), "{}", chain(&error));
        assert_eq!(error.answer().expect("an answer").status, 302);
    }
}

/// Notes what it sees.
#[derive(Default)]
struct Seen(Mutex<Vec<String>>);

impl Observer for Seen {
    fn asked(&self, url: &WebSocketUrl, target: &Uri, headers: &HeaderMap) {
        assert!(headers.contains_key("sec-websocket-key"));
        self.0.lock().expect("not poisoned").push(format!("{target} of {}", url.authority()));
    }

    fn answered(&self, status: StatusCode, _headers: &HeaderMap) {
        self.0.lock().expect("not poisoned").push(status.as_u16().to_string());
    }
}

#[tokio::test]
async fn an_observer_sees_each_step() {
    let server = wandering(1).await;
    let seen = Seen::default();
    connect(&request(&server), &seen).await.expect("open");
    let of = |path: &str| format!("{path} of {}", server.address());
    let expected = [of("/chat"), "302".to_owned(), of("/step1"), "101".to_owned()];
    assert_eq!(*seen.0.lock().expect("not poisoned"), expected);
}
