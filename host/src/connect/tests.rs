//! Connections to servers that are written by hand, and most of which misbehave.

mod proxies;
mod redirects;
mod server;

use std::time::Duration;

use hyper::header::{self, HeaderValue};
use sockhop_wire::deflate::Policy;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;

use self::server::{Reply, Server, accepting, key_of};
use super::*;
use crate::telemetry::chain;

fn request(server: &Server) -> ConnectRequest {
    ConnectRequest::new(server.url("/chat").parse().expect("a URL"))
}

/// Why nothing is opened.
async fn refused(request: &ConnectRequest) -> ConnectError {
    match connect(request, &()).await {
        Ok(connected) => panic!("it is open: {connected:?}"),
        Err(error) => error,
    }
}

#[tokio::test]
async fn what_comes_behind_the_answer_is_kept() {
    let server = Server::start(|head| Reply::open([accepting(head, ""), "\r\nfirst".into()])).await;
    let mut request = request(&server);
    request.headers.insert("x-y", HeaderValue::from_static("z"));
    let mut connected = connect(&request, &()).await.expect("open");
    assert_eq!(connected.status, 101);
    assert_eq!(connected.headers["upgrade"], "websocket");
    assert_eq!(connected.peer, server.address());
    assert_eq!((connected.subprotocol, connected.deflate), (None, None));
    let mut read = connected.already_read.to_vec();
    connected.stream.write_all(b"ping").await.expect("open");
    // The server ends when something comes.
    connected.stream.read_to_end(&mut read).await.expect("its end");
    assert_eq!(read, b"first");
    let heads = server.heads();
    let [head] = &heads[..] else { panic!("not one: {heads:?}") };
    assert!(head.starts_with("GET /chat HTTP/1.1\r\n"), "{head}");
    assert!(head.contains(&format!("host: {}\r\n", server.address())), "{head}");
    assert!(head.contains("x-y: z\r\n") && !head.contains("sec-websocket-extensions"), "{head}");
}

#[tokio::test]
async fn subprotocol_and_compression_are_agreed_upon() {
    let fields = "sec-websocket-protocol: b\r\nsec-websocket-extensions: permessage-deflate; \
                  server_no_context_takeover; client_max_window_bits=10\r\n";
    let server = Server::start(|head| Reply::open([accepting(head, fields), "\r\n".into()])).await;
    let mut request = request(&server);
    request.subprotocols = ["a", "b"].map(str::to_owned).into();
    request.deflate = Some(Policy { client_takeover: true, ..Policy::default() });
    let connected = connect(&request, &()).await.expect("open");
    assert_eq!(connected.subprotocol.as_deref(), Some("b"));
    let agreed = connected.deflate.expect("agreed");
    assert!(agreed.server_no_context_takeover() && !agreed.client_no_context_takeover());
    assert_eq!((agreed.server_max_window_bits(), agreed.client_max_window_bits()), (15, 10));
}

#[tokio::test]
async fn an_answer_that_opens_no_websocket_is_told_with_its_fields() {
    for (fault, fields, status) in [
        ("its Sec-WebSocket-Accept does not answer", "sec-websocket-accept: wrong\r\n", 101),
        ("it chooses the subprotocol \"z\"", "sec-websocket-protocol: z\r\n", 101),
        ("it agrees to the extension \"x-z\"", "sec-websocket-extensions: x-z\r\n", 101),
    ] {
        let answer = move |head: &str| Reply::open([accepting(head, fields), "\r\n".into()]);
        let error = refused(&request(&Server::start(answer).await)).await;
        assert!(matches!(error, ConnectError::BadAnswer { .. }), "{error:?}");
        let told = chain(&error);
        assert!(told.starts_with("the server's answer opens no WebSocket: "), "{told}");
        assert!(told.contains(fault), "{told}");
        assert_eq!(error.answer().expect("an answer").status, status);
    }
}

#[tokio::test]
async fn a_refusal_is_told_with_status_fields_and_the_beginning_of_its_body() {
    let long = "x".repeat(2 * BODY_EXCERPT_BYTES_MAX);
    for (body, excerpt) in [
        ("not you".to_owned(), "not you"),
        (long.clone(), &long[..BODY_EXCERPT_BYTES_MAX]),
        (String::new(), ""),
    ] {
        let text = format!(
            "HTTP/1.1 401 Unauthorized\r\nwww-authenticate: Basic\r\ncontent-length: {}\r\n\r\n\
             {body}",
            body.len()
        );
        let server = Server::start(move |_head| Reply::open([text.clone()])).await;
        let error = refused(&request(&server)).await;
        assert_eq!(chain(&error), "the server answered 401 Unauthorized");
        let answer = error.answer().expect("an answer");
        assert_eq!(answer.headers["www-authenticate"], "Basic");
        assert_eq!(answer.body, excerpt.as_bytes());
    }
}

/// What has come until then is all there is to tell.
#[tokio::test]
async fn a_body_without_end_is_not_waited_for() {
    let text = "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 100\r\n\r\nlater";
    let server = Server::start(|_head| Reply::open([text.into()])).await;
    let error = refused(&request(&server)).await;
    assert_eq!(chain(&error), "the server answered 503 Service Unavailable");
    assert_eq!(error.answer().expect("an answer").body, "later");
}

#[tokio::test]
async fn a_head_is_bounded_in_bytes_and_in_fields() {
    let bytes = format!("HTTP/1.1 200 OK\r\nx: {}\r\n", "x".repeat(ANSWER_HEAD_BYTES_MAX));
    let fields = "HTTP/1.1 200 OK\r\n".to_owned() + &"x: y\r\n".repeat(ANSWER_HEADERS_MAX + 1);
    for flood in [bytes, fields] {
        let flood = flood + "\r\n";
        let server = Server::start(move |_head| Reply::open([flood.clone()])).await;
        let error = refused(&request(&server)).await;
        assert!(
            matches!(error, ConnectError::Exchange(ExchangeError::TooLarge)),
            "{}",
            chain(&error)
        );
    }
}

#[tokio::test]
async fn what_is_no_http_is_told_from_what_is_lost() {
    let server = Server::start(|_head| Reply::open(["SSH-2.0-x\r\n\r\n".into()])).await;
    let error = refused(&request(&server)).await;
    assert!(matches!(error, ConnectError::Exchange(ExchangeError::Malformed(_))), "{error:?}");
    for part in ["", "HTTP/1.1 101"] {
        let server = Server::start(move |_head| Reply::ended(part)).await;
        let error = refused(&request(&server)).await;
        assert!(matches!(error, ConnectError::Exchange(ExchangeError::Lost(_))), "{error:?}");
    }
}

#[tokio::test]
async fn a_server_that_says_nothing_or_says_it_slowly_is_given_up() {
    for said in ["", "HTTP/1.1 101 Switching Protocols\r\n"] {
        let server = Server::start(move |_head| Reply::slow(said)).await;
        let mut request = request(&server);
        request.timeout = Duration::from_secs(60);
        let error = refused(&request).await;
        let told = "there was no connection in 60000 ms: it was still waiting for the server's \
                    answer";
        assert_eq!(chain(&error), told);
        tokio::time::resume();
    }
}

#[tokio::test]
async fn interim_answers_are_passed_over() {
    let early = "HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n";
    let answer = |head: &str| Reply::open([early.into(), accepting(head, ""), "\r\n".into()]);
    connect(&request(&Server::start(answer).await), &()).await.expect("open");
}

#[tokio::test]
async fn what_may_not_be_asked_for_is_not_tried() {
    let server = Server::start(|_head| Reply::ended("")).await;
    let mut request = request(&server);
    request.headers.insert(header::HOST, HeaderValue::from_static("other"));
    let error = refused(&request).await;
    assert_eq!(
        chain(&error),
        "the header field `host` belongs to the handshake itself; leave it out"
    );
    assert_eq!(server.heads(), [""; 0]);
}

#[tokio::test]
async fn a_server_that_does_not_speak_tls_is_not_spoken_to() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("wss://{}/", listener.local_addr().expect("bound"));
    TaskTracker::new().spawn(async move {
        let (mut tcp, _) = listener.accept().await.expect("a client");
        tcp.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.expect("it reads");
        let _ended = tcp.read_to_end(&mut Vec::new()).await;
    });
    let mut request = ConnectRequest::new(url.parse().expect("a URL"));
    let authority = rcgen::generate_simple_self_signed(["a".to_owned()]).expect("a pair");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("ca.crt");
    std::fs::write(&file, authority.cert.pem()).expect("our own folder");
    let profile = TlsProfile { authorities: Some(file), ..TlsProfile::default() };
    request.tls = ClientTls::new(profile);
    let error = refused(&request).await;
    assert!(matches!(error, ConnectError::Secure(SecureError::Handshake { .. })), "{error:?}");
}

#[tokio::test]
async fn keys_are_fresh_each_time() {
    let server = Server::start(|_head| Reply::ended("")).await;
    for _ in 0..2 {
        refused(&request(&server)).await;
    }
    let heads = server.heads();
    assert_ne!(key_of(&heads[0]), key_of(&heads[1]));
}
