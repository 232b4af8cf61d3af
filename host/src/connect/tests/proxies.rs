//! Ways through a proxy.

use std::time::Duration;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::task::TaskTracker;

use super::server::{Reply, Server, accepting, read_head};
use super::{refused, request};
use crate::connect::{ConnectError, ConnectRequest, DialError, Proxy, connect};
use crate::telemetry::chain;

fn through(proxy: &str, request: ConnectRequest) -> ConnectRequest {
    let proxy: Proxy = proxy.parse().expect("a proxy");
    ConnectRequest { proxy: Some(proxy), ..request }
}

fn url_of(proxy: &Server) -> String {
    format!("http://{}", proxy.address())
}

/// A proxy that does what it is asked to.
async fn honest() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("bound");
    TaskTracker::new().spawn(async move {
        let (mut tcp, _) = listener.accept().await.expect("a client");
        let head = read_head(&mut tcp).await.expect("a request");
        let target = head.split(' ').nth(1).expect("a target");
        assert!(head.starts_with(&format!("CONNECT {target} HTTP/1.1\r\nhost: {target}\r\n")));
        assert!(head.contains("proxy-authorization: Basic bWU6c2VjcmV0\r\n"), "{head}");
        let mut server = TcpStream::connect(target).await.expect("it listens");
        tokio::io::AsyncWriteExt::write_all(&mut tcp, b"HTTP/1.1 200 Fine\r\n\r\n")
            .await
            .expect("the client reads");
        let _ended = copy_bidirectional(&mut tcp, &mut server).await;
    });
    format!("http://me:secret@{address}")
}

#[tokio::test]
async fn a_tunnel_leads_to_the_server() {
    let server = Server::start(|head| Reply::open([accepting(head, ""), "\r\n".into()])).await;
    let proxy = honest().await;
    let connected = connect(&through(&proxy, request(&server)), &()).await.expect("open");
    assert_eq!(connected.url.to_string(), server.url("/chat"));
    assert!(proxy.ends_with(&connected.peer.to_string()));
    let heads = server.heads();
    assert!(!heads[0].contains("proxy-authorization"), "it is not the server's: {heads:?}");
}

#[tokio::test]
async fn a_refusal_of_the_proxy_s_is_not_the_server_s() {
    let text = "HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 2\r\n\r\nno";
    let proxy = Server::start(|_head| Reply::open([text.into()])).await;
    let server = Server::start(|_head| Reply::ended("")).await;
    let error = refused(&through(&url_of(&proxy), request(&server))).await;
    let told = "the proxy answered 407 Proxy Authentication Required; name user and password in \
                its URL";
    assert_eq!(chain(&error), told);
    assert!(error.answer().is_none(), "the server has not answered");
    let ConnectError::ProxyRefused { answer } = error else { panic!("{error:?}") };
    assert_eq!(answer.body, "no");
    assert_eq!(server.heads(), [""; 0]);
}

#[tokio::test]
async fn a_proxy_that_speaks_for_the_server_is_not_believed() {
    let answer = "HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 101";
    let proxy = Server::start(|_head| Reply::open([answer.into()])).await;
    let error = refused(&through(&url_of(&proxy), request(&proxy))).await;
    assert_eq!(chain(&error), "the proxy sent 12 bytes that nobody had asked for");
}

#[tokio::test]
async fn a_proxy_that_says_nothing_is_given_up() {
    let proxy = Server::start(|_head| Reply::slow("")).await;
    let mut request = through(&url_of(&proxy), request(&proxy));
    request.timeout = Duration::from_secs(60);
    let told = "there was no connection in 60000 ms: it was still waiting for the proxy's answer";
    assert_eq!(chain(&refused(&request).await), told);
}

#[tokio::test]
async fn a_proxy_that_is_not_there_is_told_from_a_server_that_is_not() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let gone = listener.local_addr().expect("bound");
    drop(listener);
    let server = Server::start(|_head| Reply::ended("")).await;
    let error = refused(&through(&format!("http://{gone}"), request(&server))).await;
    assert!(
        matches!(error, ConnectError::ProxyUnreachable(DialError::Unreachable { .. })),
        "{error:?}"
    );
    let request = ConnectRequest::new(format!("ws://{gone}/").parse().expect("a URL"));
    let error = refused(&request).await;
    assert!(matches!(error, ConnectError::Unreachable(DialError::Unreachable { .. })), "{error:?}");
}
