//! Stopping: sessions are told, and the host ends with exit code 0.

use rustix::process::Signal;
use sockhop_tests::{RawClient, TestHost, eventually, within};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// What the host writes where sessions were left when `limits.shutdown_timeout` was over.
const DROPPED: &str = "limits.shutdown_timeout is over";

async fn stops_on(signal: Signal) {
    let host = TestHost::with_guests(["observer", "echo"]).await;
    let mut observed = host.connect("/observer").await;
    let mut other = host.connect("/echo").await;
    assert_eq!(other.ask("here").await, "here");
    host.signal(signal);
    assert_eq!(observed.closed().await.code, 1001);
    assert_eq!(other.closed().await.code, 1001);
    let log = host.ended().await;
    let told = "closed initiator=Host cause=GoingAway sent=Some(1001) received=Some(1001)";
    assert!(log.contains(told), "the guest is told: {log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hang_up_ends_no_host_that_has_no_certificate() {
    let host = TestHost::with_guests(["echo"]).await;
    let mut client = host.connect("/echo").await;
    host.signal(Signal::HUP);
    let told = "there is no certificate to read again";
    eventually("an answer to the signal", async || host.stderr().contains(told).then_some(()))
        .await;
    assert_eq!(client.ask("still here").await, "still here");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_closes_all_sessions_with_1001() {
    stops_on(Signal::TERM).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sigint_closes_all_sessions_with_1001() {
    stops_on(Signal::INT).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_without_sessions_stops_at_once() {
    let host = TestHost::builder()
        .guest("echo")
        .config("[limits]\nshutdown_timeout = \"10m\"")
        .start()
        .await;
    let log = host.stop().await;
    assert!(!log.contains(DROPPED), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handshake_that_began_before_the_stop_is_turned_away() {
    let host = TestHost::builder()
        .guest("echo")
        .config("[limits]\nshutdown_timeout = \"10m\"\nheader_timeout = \"60s\"")
        .start()
        .await;
    let mut tcp = TcpStream::connect(host.address()).await.expect("the host listens");
    tcp.write_all(b"GET /echo HTTP/1.1\r\nhost: a.example\r\n").await.expect("the host reads");
    // Accepted in order: with an answer to the second, the first is in.
    let mut second = host.connect("/echo").await;
    assert_eq!(second.ask("here").await, "here");
    host.signal(Signal::TERM);
    eventually("the host to say so", async || host.stderr().contains("stopping").then_some(()))
        .await;
    assert_eq!(second.closed().await.code, 1001);
    let rest = "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
                sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    // The host may have closed the connection already.
    let _written = tcp.write_all(rest.as_bytes()).await;
    let mut answer = Vec::new();
    let _reset = within("the connection's end", tcp.read_to_end(&mut answer)).await;
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 503 "), "{answer}");
    let log = host.ended().await;
    assert!(!log.contains(DROPPED), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_does_not_answer_does_not_keep_the_host() {
    // Each limit ends it alone, where the other is longer than the test waits.
    for (shutdown, close, dropped) in [("300ms", "10m", true), ("10m", "300ms", false)] {
        let limits =
            format!("[limits]\nshutdown_timeout = \"{shutdown}\"\nclose_timeout = \"{close}\"");
        let log = stops_beside_a_silent_peer(&limits).await;
        assert_eq!(log.contains(DROPPED), dropped, "with {limits}: {log}");
    }
}

/// Stops a host with a session whose peer does not answer the Close frame; what the host wrote.
async fn stops_beside_a_silent_peer(limits: &str) -> String {
    let host = TestHost::builder().guest("echo").config(limits).start().await;
    let mut client = RawClient::connect(host.address(), "/echo").await;
    client.send(0x81, b"here").await;
    assert_eq!(client.receive().await.payload, b"here");
    let log = host.stop().await;
    assert_eq!(client.closed().await.code, 1001);
    log
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_that_computes_does_not_keep_the_host() {
    let host = TestHost::builder()
        .guest("loops_forever")
        .config("[limits]\nshutdown_timeout = \"300ms\"\n[sandbox]\nevent_cpu = \"1h\"")
        .config("event_wait = \"1h\"")
        .start()
        .await;
    let mut client = host.connect("/loops-forever").await;
    assert_eq!(client.ask("here").await, "here");
    client.send("loop").await;
    let log = host.stop().await;
    assert!(log.contains(DROPPED), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn verbs_say_that_no_host_is_there() {
    let host = TestHost::builder().start().await;
    let mut command = host.command();
    let folder = host.folder().to_owned();
    host.signal(Signal::TERM);
    // The folder goes with the host, so it is kept until the verb has run.
    let keep = eventually("the socket to be gone", async || {
        (!folder.join("admin.sock").exists()).then_some(())
    });
    keep.await;
    let outcome = within("the verb to end", command.arg("list").output()).await;
    let outcome = sockhop_tests::Outcome::from(outcome.expect("the binary runs"));
    let told = outcome.failed_in_one_line(1);
    assert!(told.contains("admin.sock"), "{told}");
}
