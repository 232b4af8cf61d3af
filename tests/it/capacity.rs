//! The bounds of a host: what is beyond them is refused, and what has ended is given back.

use std::time::Duration;

use sockhop_tests::{RawClient, TestHost, eventually, http};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

#[tokio::test(flavor = "multi_thread")]
async fn beyond_the_instances_there_is_503_until_one_is_free() {
    let host = TestHost::builder().guest("echo").config("[sandbox]\ninstances = 2").start().await;
    assert!(host.stdout().contains("capacity: 2 instances"), "{}", host.stdout());
    let mut first = host.connect("/echo").await;
    let mut second = host.connect("/echo").await;
    assert_eq!(first.ask("one").await, "one");
    let refused = http::handshake("/echo").send(host.address()).await;
    assert_eq!(refused.status, 503, "{refused:?}");
    let seconds = refused.header("retry-after").and_then(|value| value.parse::<u32>().ok());
    assert!(seconds.is_some_and(|seconds| seconds > 0), "{refused:?}");
    let mut log = host.follow("echo");
    assert!(log.containing("503").await.contains("sandbox.instances"));
    // Those that are there go on, and where one leaves there is room.
    assert_eq!(second.ask("two").await, "two");
    first.close(None).await;
    eventually("room for a session", async || {
        let answer = http::handshake("/echo").send(host.address()).await;
        (answer.status == 101).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_host_still_deploys() {
    let host = TestHost::builder().guest("echo").config("[sandbox]\ninstances = 1").start().await;
    let mut only = host.connect("/echo").await;
    assert_eq!(only.ask("one").await, "one");
    host.deploy("other", "observer", &[]).await;
    assert_eq!(host.deployment("other").await.states(), [(1, "current", 0)]);
    // To describe took nobody's instance: the session has it, and goes on.
    assert_eq!(http::handshake("/observer").send(host.address()).await.status, 503);
    assert_eq!(only.ask("two").await, "two");
    only.close(None).await;
    free(&host, "/observer").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn beyond_the_connections_there_is_503() {
    let host = TestHost::builder().guest("echo").config("[limits]\nconnections = 1").start().await;
    let mut only = host.connect("/echo").await;
    let request = "GET /echo HTTP/1.1\r\nhost: a.example\r\n\r\n";
    let refused = http::exchange_bytes(host.address(), request).await;
    assert!(refused.starts_with("HTTP/1.1 503 "), "{refused:?}");
    assert!(refused.to_lowercase().contains("\r\nretry-after: "), "{refused:?}");
    assert_eq!(only.ask("still here").await, "still here");
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_are_no_more_than_there_are_files_for() {
    // Fewer than the connections need, unless they are raised.
    let host = TestHost::builder().guest("echo").open_files(40, 300).start().await;
    let told = "limits.connections is lowered to 44";
    eventually("a line about it", async || host.stderr().contains(told).then_some(())).await;
    let mut sessions = Vec::new();
    for _ in 0..44 {
        sessions.push(host.connect("/echo").await);
    }
    let request = "GET /echo HTTP/1.1\r\nhost: a.example\r\n\r\n";
    let refused = http::exchange_bytes(host.address(), request).await;
    assert!(refused.starts_with("HTTP/1.1 503 "), "{refused:?}");
    for session in &mut sessions {
        assert_eq!(session.ask("still here").await, "still here");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_has_no_file_for_a_connection_says_so_and_accepts_it_later() {
    let host = TestHost::with_guests(["echo"]).await;
    let mut earlier = host.connect("/echo").await;
    let before = host.limit_open_files(Some(0));
    let told = async {
        let told = "cannot accept a connection";
        eventually("a line about it", async || host.stderr().contains(told).then_some(())).await;
        assert_eq!(earlier.ask("still here").await, "still here");
        host.limit_open_files(before);
    };
    let (mut later, ()) = tokio::join!(host.connect("/echo"), told);
    assert_eq!(later.ask("let in").await, "let in");
}

#[tokio::test(flavor = "multi_thread")]
async fn instances_are_given_back_however_their_sessions_end() {
    const INSTANCES: usize = 4;
    let config = format!("[sandbox]\ninstances = {INSTANCES}");
    let builder = TestHost::builder().guest("traps_in_message").guest("fails_in_open");
    let host = builder.guest("observer").config(&config).start().await;
    for round in 0..30 {
        // Gone before the handshake is answered.
        let mut hasty = TcpStream::connect(host.address()).await.expect("the host listens");
        let request = "GET /observer HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\n";
        hasty.write_all(request.as_bytes()).await.expect("the host reads");
        let rest = "upgrade: websocket\r\nsec-websocket-version: 13\r\n\
                    sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        hasty.write_all(rest.as_bytes()).await.expect("the host reads");
        drop(hasty);
        free(&host, "/observer").await.reset();
        let mut client = free(&host, "/traps-in-message").await;
        client.send(0x81, b"trap").await;
        // Neither waits for the host to end the connection, nor answers.
        assert_eq!(client.receive().await.first, 0x88, "round {round}");
        drop(client);
        assert_eq!(free(&host, "/fails-in-open").await.receive().await.first, 0x88);
        let mut client = free(&host, "/observer").await;
        client.send(0x88, b"").await;
        client.closed().await;
    }
    eventually("all sessions to end", async || host.sessions().await.is_empty().then_some(()))
        .await;
    let mut all = Vec::new();
    for _ in 0..INSTANCES {
        all.push(free(&host, "/observer").await);
    }
    assert_eq!(http::handshake("/observer").send(host.address()).await.status, 503);
}

/// A session at this path, as soon as an instance is free.
async fn free(host: &TestHost, path: &str) -> RawClient {
    eventually("a free instance", async || RawClient::try_connect(host.address(), path).await).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_does_not_come_is_not_waited_for() {
    let host = TestHost::builder()
        .guest("echo")
        .config("[limits]\nheader_timeout = \"100ms\"")
        .start()
        .await;
    for begun in ["", "GET /echo HTTP/1.1\r\nhost: a.example\r\n"] {
        let mut tcp = TcpStream::connect(host.address()).await.expect("the host listens");
        tcp.write_all(begun.as_bytes()).await.expect("the host reads");
        let mut answer = Vec::new();
        let ended = tcp.read_to_end(&mut answer);
        let ended = tokio::time::timeout(Duration::from_secs(5), ended).await;
        assert!(ended.is_ok(), "the host still waits behind {begun:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_is_too_large_is_431() {
    let host = TestHost::builder()
        .guest("echo")
        .config("[limits]\nheader_bytes = \"8 KiB\"")
        .start()
        .await;
    let large = http::handshake("/echo").with("cookie", &"c".repeat(9000));
    assert_eq!(large.send(host.address()).await.status, 431);
    let mut many = http::handshake("/echo");
    for number in 0..200 {
        many = many.and(&format!("x-{number}"), "1");
    }
    assert_eq!(many.send(host.address()).await.status, 431);
    let just = http::handshake("/echo").with("cookie", &"c".repeat(7000));
    assert_eq!(just.send(host.address()).await.status, 101);
}
