//! Peers and guests that are slow: memory stays bounded, nothing is lost, nobody else waits.

use std::time::{Duration, Instant};

use crate::sessions::join_broadcast;
use futures_util::{FutureExt as _, StreamExt as _};
use sockhop_tests::{Client, TestHost, TestHostBuilder};
use tokio_tungstenite::tungstenite::Message;

const MIB: u64 = 1024 * 1024;

/// What a host may grow by while 200 MB go through it: far more than its queues and its allocator
/// keep, far less than what it would have to hold.
const GROWTH_BYTES_MAX: u64 = 64 * MIB;

/// How many messages of `floods` fit into a queue of 64 KiB at least: each has 1024 bytes, and
/// costs the queue something beside that.
const DROPS_IN_64_KIB_MIN: usize = 48;

fn with_queue_of_64_kib() -> TestHostBuilder {
    TestHost::builder().config("[limits]\noutbound_queue = \"64 KiB\"")
}

/// Reads one flood: as many binaries as the text behind them says. How many there were.
async fn read_flood(client: &mut Client) -> usize {
    let mut drops = 0;
    let counted = loop {
        match client.next().await {
            Message::Binary(_) => drops += 1,
            Message::Text(counted) => break counted,
            other => panic!("not of a flood: {other:?}"),
        }
    };
    assert_eq!(counted.as_str(), drops.to_string(), "what was taken is sent, once");
    drops
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_is_told_and_what_was_taken_arrives() {
    let host = with_queue_of_64_kib().guest("floods").start().await;
    let mut client = host.connect("/floods").await;
    for _ in 0..3 {
        client.send("flood").await;
        let drops = read_flood(&mut client).await;
        assert!(drops >= DROPS_IN_64_KIB_MIN, "more than {drops} fit");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_does_not_read_costs_no_more_than_its_queue() {
    const FLOODS: usize = 8000;
    let host = with_queue_of_64_kib().guest("floods").guest("echo").start().await;
    let mut client = host.connect("/floods").await;
    let mut healthy = host.connect("/echo").await;
    let before = host.resident_bytes();
    // More than 200 MB of answers, of which none is read yet.
    for _ in 0..FLOODS {
        client.send("flood").await;
    }
    for number in 0..1000 {
        assert_eq!(healthy.ask(&number.to_string()).await, number.to_string());
    }
    let mut most = host.resident_bytes();
    let mut drops = 0;
    for _ in 0..FLOODS {
        drops += read_flood(&mut client).await;
        most = most.max(host.resident_bytes());
    }
    assert!(drops >= 200_000, "{drops} KiB were sent");
    let grown = most.saturating_sub(before);
    assert!(grown < GROWTH_BYTES_MAX, "the host has grown by {grown} bytes");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_member_is_left_behind_and_the_others_are_not() {
    const MESSAGES: usize = 600;
    let host = with_queue_of_64_kib().guest("broadcast").start().await;
    let mut clients = join_broadcast::<2>(&host).await;
    let [quick, slow] = &mut clients[..] else { panic!("not two") };
    // Together more than the kernel's buffers and the queue hold.
    let message = |number: usize| Message::from(vec![number.to_be_bytes(); 8192].concat());
    for number in 0..MESSAGES {
        quick.send(message(number)).await;
        assert!(quick.next().await == message(number), "not message {number}");
    }
    // The guest has closed the slow one, and it gets what it was sent before that.
    let mut read = 0;
    let closed = loop {
        match slow.next_or_closed().await {
            Ok(next) => assert!(next == message(read), "not message {read}"),
            Err(closed) => break closed,
        }
        read += 1;
    };
    assert_eq!(closed.code, 1013);
    assert!(read < MESSAGES, "it got all {read}, so nothing was tested");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_guest_holds_its_peer_back() {
    const MESSAGES: u32 = 50;
    const MESSAGE_BYTES: u32 = 4 << 20;
    const WORK: Duration = Duration::from_millis(50);
    let host = TestHost::with_guests(["holds"]).await;
    let mut client = host.connect("/holds").await;
    assert_eq!(client.ask("count").await, "0 messages, 0 bytes");
    let before = host.resident_bytes();
    let begin = Instant::now();
    let payload = Message::from(vec![7; MESSAGE_BYTES as usize]);
    let mut most = 0;
    for _ in 0..MESSAGES {
        client.send(payload.clone()).await;
        most = most.max(host.resident_bytes());
    }
    // All but what the kernel and the host hold has been worked off by now, or the peer was not
    // held back.
    let held = 3 + 40 * MIB / u64::from(MESSAGE_BYTES);
    let worked = WORK * (MESSAGES - u32::try_from(held).expect("few"));
    assert!(begin.elapsed() >= worked, "200 MB were sent in {:?}", begin.elapsed());
    let counted = client.ask("count").await;
    assert_eq!(counted, format!("{MESSAGES} messages, {} bytes", MESSAGES * MESSAGE_BYTES));
    let grown = most.max(host.resident_bytes()).saturating_sub(before);
    assert!(grown < GROWTH_BYTES_MAX, "the host has grown by {grown} bytes");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_guest_holds_nobody_else_back() {
    const BUSY: Duration = Duration::from_secs(1);
    let host = TestHost::builder()
        .guest("loops_forever")
        .guest("echo")
        .config("workers = 2\n[sandbox]\nevent_cpu = \"10m\"\nevent_wait = \"10m\"")
        .start()
        .await;
    let mut busy = Vec::new();
    // More than there are workers, and none ever gives its worker back by itself.
    for _ in 0..8 {
        let mut client = host.connect("/loops-forever").await;
        assert_eq!(client.ask("here").await, "here");
        client.send("loop").await;
        busy.push(client);
    }
    // One that comes while they compute, for as long as they could take to be seen to.
    let mut healthy = host.connect("/echo").await;
    let begin = Instant::now();
    let mut number = 0;
    while number < 50 || begin.elapsed() < BUSY {
        assert_eq!(healthy.ask(&number.to_string()).await, number.to_string());
        number += 1;
    }
    for client in busy {
        let heard = client.into_stream().next().now_or_never();
        assert!(heard.is_none(), "a guest did not compute without end: {heard:?}");
    }
}
