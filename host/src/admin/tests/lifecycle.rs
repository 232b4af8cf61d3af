//! Connections: how many, how long, and how they end.

use std::time::Duration;

use http_body_util::Full;
use hyper::Method;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    time::timeout,
};

use super::harness::{PATIENCE, Served, TOKEN, client};
use crate::{
    admin::{ClientError, HEADERS_MAX, REQUEST_HEAD_MAX_BYTES, limits::Limits},
    config::AdminAddress,
};

/// A request, as it goes over the wire.
const HEAD: &str = "GET /v1/host HTTP/1.1\r\nHost: localhost\r\n\
                    Authorization: Bearer 0123456789abcdef\r\n\r\n";

#[tokio::test]
async fn a_request_that_runs_is_answered_though_the_host_stops() {
    let served = Served::start().await;
    let (client, name) = (served.client(), "echo".parse().unwrap());
    let deploy = tokio::spawn(async move { client.deploy(&name, "waits".into(), None).await });
    timeout(PATIENCE, served.host.waiting.notified()).await.unwrap();
    served.shutdown.cancel();
    served.host.gate.notify_one();
    assert_eq!(timeout(PATIENCE, deploy).await.unwrap().unwrap().unwrap().revision, 2);
    served.stop().await;
}

#[tokio::test]
async fn a_request_that_does_not_end_holds_the_host_only_so_long() {
    let limits = Limits { shutdown_timeout: Duration::from_millis(50), ..Limits::default() };
    let served = Served::with_limits(limits).await;
    let (client, name) = (served.client(), "echo".parse().unwrap());
    let deploy = tokio::spawn(async move { client.deploy(&name, "waits".into(), None).await });
    timeout(PATIENCE, served.host.waiting.notified()).await.unwrap();
    served.stop().await;
    let error = timeout(PATIENCE, deploy).await.unwrap().unwrap().unwrap_err();
    assert!(matches!(error, ClientError::Broken { .. }), "{error:?}");
}

#[tokio::test]
async fn a_connection_without_a_request_does_not_hold_the_host() {
    let never = Duration::from_secs(3600);
    let limits = Limits { shutdown_timeout: never, header_timeout: never, ..Limits::default() };
    let served = Served::with_limits(limits).await;
    let mut idle = TcpStream::connect(served.tcp()).await.unwrap();
    // Answered, so accepted for sure.
    idle.write_all(HEAD.as_bytes()).await.unwrap();
    assert_eq!(idle.read_u8().await.unwrap(), b'H');
    served.stop().await;
}

#[tokio::test]
async fn a_connection_beyond_the_limit_waits_for_a_place() {
    let served = Served::with_limits(Limits { connections_max: 1, ..Limits::default() }).await;
    let mut first = TcpStream::connect(served.tcp()).await.unwrap();
    first.write_all(HEAD.as_bytes()).await.unwrap();
    assert_eq!(first.read_u8().await.unwrap(), b'H');
    let client = served.client();
    let second = tokio::spawn(async move { client.host().await });
    // While the first is answered again and again, the second is not.
    for _ in 0..100 {
        first.write_all(HEAD.as_bytes()).await.unwrap();
        first.read_buf(&mut Vec::with_capacity(4096)).await.unwrap();
    }
    assert!(!second.is_finished());
    drop(first);
    assert!(timeout(PATIENCE, second).await.unwrap().unwrap().is_ok());
}

#[tokio::test]
async fn a_head_that_does_not_come_ends_the_connection() {
    let limits = Limits { header_timeout: Duration::from_millis(50), ..Limits::default() };
    let served = Served::with_limits(limits).await;
    for sent in ["", "GET /v1/host HTTP/1.1\r\nHost: local"] {
        let answer = served.raw(sent).await;
        assert!(!answer.contains("200"), "{answer}");
    }
}

#[tokio::test]
async fn a_head_is_bounded() {
    let served = Served::start().await;
    let long = "x".repeat(REQUEST_HEAD_MAX_BYTES);
    let request = served.request(Method::GET, "/v1/host").header("x-long", long);
    let response = served.send(request.body(Full::default()).unwrap()).await;
    assert_eq!(response.status(), 431);
    let mut request = served.request(Method::GET, "/v1/host");
    for number in 0..HEADERS_MAX {
        request = request.header(format!("x-{number}"), "");
    }
    let response = served.send(request.body(Full::default()).unwrap()).await;
    assert_eq!(response.status(), 431);
}

#[tokio::test]
async fn a_program_that_is_no_sockhop_is_recognized() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = AdminAddress::Tcp(listener.local_addr().unwrap());
    let answers = [
        ("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>", "status 200"),
        ("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "status 404"),
        ("SSH-2.0-OpenSSH\r\n", "broke"),
    ];
    let other = tokio::spawn(async move {
        for (answer, _) in answers {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.read_buf(&mut Vec::with_capacity(4096)).await.unwrap();
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    for (_, expected) in answers {
        let error = client(&address, TOKEN).host().await.unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
    other.await.unwrap();
}
