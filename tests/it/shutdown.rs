//! Stopping: sessions are told, and the host ends with exit code 0.

use rustix::process::Signal;
use sockhop_tests::{RawClient, TestHost};

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
async fn sigterm_closes_all_sessions_with_1001() {
    stops_on(Signal::TERM).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sigint_closes_all_sessions_with_1001() {
    stops_on(Signal::INT).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_without_sessions_stops_at_once() {
    let host = TestHost::with_guests(["echo"]).await;
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_does_not_answer_does_not_keep_the_host() {
    let host = TestHost::builder()
        .guest("echo")
        .config("[limits]\nshutdown_timeout = \"300ms\"")
        .start()
        .await;
    let mut client = RawClient::connect(host.address(), "/echo").await;
    client.send(0x81, b"here").await;
    assert_eq!(client.receive().await.payload, b"here");
    host.stop().await;
    assert_eq!(client.closed().await.code, 1001);
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
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn verbs_say_that_no_host_is_there() {
    let host = TestHost::builder().start().await;
    let mut command = host.command();
    let folder = host.folder().to_owned();
    host.signal(Signal::TERM);
    // The folder goes with the host, so it is kept until the verb has run.
    let keep = sockhop_tests::eventually("the socket to be gone", async || {
        (!folder.join("admin.sock").exists()).then_some(())
    });
    keep.await;
    let outcome = sockhop_tests::within("the verb to end", command.arg("list").output()).await;
    let outcome = sockhop_tests::Outcome::from(outcome.expect("the binary runs"));
    let told = outcome.failed_in_one_line(1);
    assert!(told.contains("admin.sock"), "{told}");
}
