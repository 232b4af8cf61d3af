//! Guests that trap, or are ended as if they had: it costs their own sessions, and nobody else
//! anything.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sockhop_tests::{Client, Closed, TestHost, TestHostBuilder, zoo};
use tokio::task::JoinHandle;

/// How many messages the healthy session has in flight.
const IN_FLIGHT: u64 = 8;

/// A session that talks all the time, and would notice the loss of a message.
struct Healthy {
    ill: Arc<AtomicBool>,
    talk: JoinHandle<u64>,
}

impl Healthy {
    async fn begin(host: &TestHost) -> Self {
        let (ill, client) = (Arc::new(AtomicBool::new(false)), host.connect("/echo").await);
        let talk = tokio::spawn(talk(client, Arc::clone(&ill)));
        Self { ill, talk }
    }

    /// Lets it end, and asserts that every message was answered in its turn.
    async fn end(self) {
        self.ill.store(true, Ordering::Relaxed);
        let answered = self.talk.await.expect("every message is answered in its turn");
        assert!(answered >= IN_FLIGHT, "it has hardly talked: {answered}");
    }
}

async fn talk(mut client: Client, stop: Arc<AtomicBool>) -> u64 {
    let mut sent = 0;
    while sent < IN_FLIGHT {
        client.send(sent.to_string()).await;
        sent += 1;
    }
    let mut answered = 0;
    while answered < sent {
        assert_eq!(client.text().await, answered.to_string());
        answered += 1;
        if !stop.load(Ordering::Relaxed) {
            client.send(sent.to_string()).await;
            sent += 1;
        }
    }
    answered
}

/// Has a guest trap in one session by a text, with others beside it.
async fn trap_beside_others(builder: TestHostBuilder, guest: &str, text: &str, told: &str) {
    let host = builder.guest("echo").guest(guest).start().await;
    let path = zoo::path(guest);
    let healthy = Healthy::begin(&host).await;
    let mut log = host.follow(guest);
    let mut sibling = host.connect(&path).await;
    let mut victim = host.connect(&path).await;
    assert_eq!(victim.ask("before").await, "before");
    victim.send(text).await;
    victim.send("never delivered").await;
    assert_eq!(victim.closed().await.code, 1011);
    log.containing(told).await;
    assert_eq!(sibling.ask("another session").await, "another session");
    assert_eq!(host.connect(&path).await.ask("a new session").await, "a new session");
    healthy.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trap_in_on_message_ends_its_session_alone() {
    let told = "trapped in endpoint.on-message";
    trap_beside_others(TestHost::builder(), "traps_in_message", "trap", told).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trap_in_on_error_ends_its_session_alone() {
    let told = "trapped in endpoint.on-error";
    trap_beside_others(TestHost::builder(), "traps_in_error", "err", told).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_that_loops_is_ended() {
    let builder = TestHost::builder().config("[sandbox]\nevent_cpu = \"100ms\"");
    let told = "computed for too long in endpoint.on-message";
    trap_beside_others(builder, "loops_forever", "loop", told).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_that_takes_all_memory_is_ended() {
    let told = "ran out of memory in endpoint.on-message";
    trap_beside_others(TestHost::builder(), "allocates_forever", "eat", told).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_that_sleeps_is_ended() {
    let builder = TestHost::builder().config("[sandbox]\nevent_wait = \"200ms\"");
    trap_beside_others(builder, "sleeps", "sleep", "waited for too long in endpoint.on-message")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_that_does_not_take_no_for_an_answer_is_ended() {
    let host = TestHost::builder()
        .guest("echo")
        .guest("floods")
        .config("[sandbox]\nevent_cpu = \"100ms\"\n[limits]\noutbound_queue = \"64 KiB\"")
        .start()
        .await;
    let healthy = Healthy::begin(&host).await;
    let mut client = host.connect("/floods").await;
    client.send("flood-forever").await;
    // What was queued before the trap is written, and then the Close.
    let mut drops = 0;
    let closed = loop {
        match client.next_or_closed().await {
            Ok(message) => assert!(message.is_binary(), "{message:?}"),
            Err(closed) => break closed,
        }
        drops += 1;
    };
    assert!(drops >= 48, "64 KiB hold more than {drops}");
    assert_eq!(closed.code, 1011);
    healthy.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_that_traps_in_every_open_stops_nobody() {
    let host = TestHost::with_guests(["echo", "traps_in_open"]).await;
    let healthy = Healthy::begin(&host).await;
    let mut log = host.follow("traps_in_open");
    for _ in 0..20 {
        let mut client = host.connect("/traps-in-open").await;
        assert_eq!(client.closed().await.code, 1011);
    }
    log.containing("this guest opens for nobody").await;
    log.containing("trapped in endpoint.open").await;
    healthy.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trap_in_on_close_costs_nobody_anything() {
    let host = TestHost::with_guests(["echo", "traps_in_close"]).await;
    let healthy = Healthy::begin(&host).await;
    let mut log = host.follow("traps_in_close");
    let mut client = host.connect("/traps-in-close").await;
    assert_eq!(client.ask("hello").await, "hello");
    assert_eq!(client.close(Some((1000, ""))).await, Closed::new(1000, ""));
    log.containing("a session that ended with 1000").await;
    log.containing("trapped in endpoint.on-close").await;
    assert_eq!(host.connect("/traps-in-close").await.ask("again").await, "again");
    healthy.end().await;
}
