//! Who is let in: over each limit the right answer, under it nothing, and no peer keeps others out.

use std::net::Ipv4Addr;
use std::ops::RangeInclusive;

use futures_util::future::join_all;
use sockhop_tests::{RawClient, TestHost, eventually, http};

/// Addresses of this machine that stand for three peers.
const PEERS: [Ipv4Addr; 3] =
    [Ipv4Addr::new(127, 0, 0, 2), Ipv4Addr::new(127, 0, 0, 3), Ipv4Addr::new(127, 0, 0, 4)];

/// More handshakes at once than any host here takes before it has refused one, however slow the
/// machine is.
const MANY: usize = 20;

async fn host(config: &str) -> TestHost {
    TestHost::builder().guest("echo").guest("observer").config(config).start().await
}

async fn connect(host: &TestHost, peer: Ipv4Addr, path: &str) -> Result<RawClient, String> {
    RawClient::connect_from(peer, host.address(), path).await
}

/// What a host with one handshake a second says: a second, and another one where two handshakes
/// took their time in one order and were counted in the other.
const A_SECOND: RangeInclusive<u32> = 1..=2;

/// Asserts that an answer's head has this status, and gives the seconds of its `Retry-After`.
#[track_caller]
fn refused(answer: Result<RawClient, String>, status: u16) -> u32 {
    let Err(head) = answer else { panic!("let in instead of {status}") };
    assert!(head.starts_with(&format!("http/1.1 {status} ")), "{head}");
    let field = head.lines().find_map(|line| line.strip_prefix("retry-after: "));
    let seconds = field.and_then(|seconds| seconds.parse().ok()).unwrap_or_default();
    assert!(seconds > 0, "no whole seconds after which to try again: {head}");
    seconds
}

async fn assert_echo(client: &mut RawClient) {
    client.send(0x81, b"still here").await;
    assert_eq!(client.receive().await.payload, b"still here");
}

/// A session, as soon as there is room for it.
async fn free(host: &TestHost, peer: Ipv4Addr, path: &str) -> RawClient {
    eventually("room for a session", async || connect(host, peer, path).await.ok()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_at_its_limit_is_told_429_and_keeps_no_other_out() {
    let host = host("[limits]\nconnections_per_address = 2\nexempt_addresses = []").await;
    let mut first = connect(&host, PEERS[0], "/echo").await.expect("below the limit");
    let second = connect(&host, PEERS[0], "/echo").await.expect("at the limit");
    for _ in 0..3 {
        refused(connect(&host, PEERS[0], "/echo").await, 429);
        let mut other = connect(&host, PEERS[1], "/echo").await.expect("another address");
        assert_echo(&mut other).await;
    }
    let reached = "limits.connections_per_address is reached";
    eventually("a line about it", async || host.stderr().contains(reached).then_some(())).await;
    assert_echo(&mut first).await;
    // However a connection ends, its place is free.
    second.reset();
    let again = free(&host, PEERS[0], "/echo").await;
    again.drop_connection();
    let mut last = free(&host, PEERS[0], "/echo").await;
    assert_echo(&mut last).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_machine_itself_has_no_limit_by_address_unless_it_is_configured() {
    let host = host(
        "[limits]\nconnections_per_address = 1\nhandshakes_per_second_per_address = 1\n\
         handshake_burst = \"1s\"",
    )
    .await;
    let clients = join_all((0..MANY).map(|_| connect(&host, PEERS[0], "/echo"))).await;
    assert!(clients.iter().all(Result::is_ok));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_over_its_rate_is_told_429_and_when_to_come_back() {
    let host = host(
        "[limits]\nhandshakes_per_second_per_address = 1\nhandshake_burst = \"1s\"\n\
         exempt_addresses = []",
    )
    .await;
    let answers = join_all((0..MANY).map(|_| connect(&host, PEERS[0], "/echo"))).await;
    let (served, others): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert!(!served.is_empty() && !others.is_empty(), "{} were let in", served.len());
    for answer in others {
        assert!(A_SECOND.contains(&refused(answer, 429)));
    }
    assert!(connect(&host, PEERS[1], "/echo").await.is_ok(), "another address has its own rate");
    free(&host, PEERS[0], "/echo").await;
    let line = host.log_line("echo", |line| line.contains("429")).await;
    assert!(line.contains("limits.handshakes_per_second_per_address"), "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_over_its_rate_answers_503_to_whoever_comes() {
    let host = host("[limits]\nhandshakes_per_second = 1\nhandshake_burst = \"1s\"").await;
    let answers =
        join_all((0..MANY).map(|number| connect(&host, PEERS[number % 3], "/echo"))).await;
    let (served, others): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert!(!served.is_empty() && !others.is_empty(), "{} were let in", served.len());
    for answer in others {
        assert!(A_SECOND.contains(&refused(answer, 503)));
    }
    // What is no handshake for an endpoint takes nothing from the rate.
    for _ in 0..3 {
        assert_eq!(http::get("/echo").send(host.address()).await.status, 426);
        assert_eq!(http::handshake("/nowhere").send(host.address()).await.status, 404);
    }
    free(&host, PEERS[0], "/echo").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_has_its_sessions_and_another_one_its_own() {
    let host = host(
        "[limits]\nsessions = 1\n\
         [deployment.echo]\nsessions = 9\n\
         [deployment.echo.endpoint.\"/echo\"]\nsessions = 2",
    )
    .await;
    let mut first = connect(&host, PEERS[0], "/echo").await.expect("below the limit");
    let second = connect(&host, PEERS[1], "/echo").await.expect("at the limit");
    refused(connect(&host, PEERS[2], "/echo").await, 503);
    let line = host.log_line("echo", |line| line.contains("503")).await;
    assert!(line.contains("sessions is reached") && line.contains("/echo"), "{line}");
    // The host's limit is for each endpoint, not for all together.
    let observer = connect(&host, PEERS[0], "/observer").await.expect("an endpoint of its own");
    refused(connect(&host, PEERS[0], "/observer").await, 503);
    // A new revision of the deployment is the same endpoint.
    host.deploy("echo", "changed_echo", &[]).await;
    refused(connect(&host, PEERS[2], "/echo").await, 503);
    assert_echo(&mut first).await;
    second.reset();
    observer.drop_connection();
    free(&host, PEERS[2], "/echo").await;
    free(&host, PEERS[2], "/observer").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handshake_that_is_refused_takes_no_place() {
    let host = host("[limits]\nsessions = 1").await;
    for _ in 0..3 {
        let foreign = http::handshake("/echo").with("origin", "https://evil.example");
        assert_eq!(foreign.send(host.address()).await.status, 403);
        let keyless = http::handshake("/echo").without("sec-websocket-key");
        assert_eq!(keyless.send(host.address()).await.status, 400);
    }
    connect(&host, PEERS[0], "/echo").await.expect("nobody is there");
}
