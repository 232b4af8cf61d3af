//! Guests that wait until what they sent has left, and guests that hear of it.

use sockhop_tests::{RawClient, TestHost};

const TEXT: u8 = 0x81;

/// A host with the guest in both kinds of instance.
async fn hosts(limits: &str) -> [TestHost; 2] {
    let host = async |instancing: &str| {
        let config = format!("[deployment.awaits]\n{instancing}\n{limits}");
        TestHost::builder().guest("awaits").config(&config).start().await
    };
    [host("").await, host("instancing = \"shared\"").await]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_waited_for_leaves_while_the_guest_waits() {
    for host in hosts("").await {
        let mut client = host.connect("/awaits").await;
        client.send("wait for it").await;
        assert_eq!(client.text().await, "for it");
        assert_eq!(client.text().await, "waited");
        let mut other = host.connect("/awaits").await;
        let id = other.ask("id").await;
        assert_eq!(client.ask(&format!("wait-for {id}")).await, "waited");
        assert_eq!(other.text().await, "from another");
        client.send("wait-unfinished").await;
        assert_eq!(client.text().await, "begun");
        assert_eq!(client.text().await, "Some(UnfinishedMessage)");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_for_a_peer_that_takes_nothing_hears_of_the_end() {
    for host in hosts("").await {
        let mut log = host.follow("awaits");
        // Nothing of the answer is read; the time to send is up long before the event's.
        let mut client = RawClient::connect(host.address(), "/awaits").await;
        client.send(TEXT, b"wait-large 200").await;
        log.containing("waited: Err(Closed)").await;
        log.containing("closed CloseCause::WriteTimeout 1006").await;
        // One that reads is sent all of it within the same time, or a longer one.
        let mut reads = RawClient::connect(host.address(), "/awaits").await;
        reads.send(TEXT, b"wait-large 60000").await;
        assert_eq!(reads.receive().await.payload.len(), 12 << 20);
        log.containing("waited: Ok(())").await;
        drop(client);
        let mut gone = RawClient::connect(host.address(), "/awaits").await;
        gone.send(TEXT, b"wait-large 60000").await;
        gone.reset();
        log.containing("waited: Err(Closed)").await;
        let mut late = host.connect("/awaits").await;
        late.send("close-and-wait").await;
        log.containing("error Err(Closed)").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_comes_once_and_when_what_was_before_it_has_left() {
    for host in hosts("").await {
        let mut client = host.connect("/awaits").await;
        client.send("notify 7").await;
        let mut told = [client.text().await, client.text().await, client.text().await];
        assert_eq!(told[0], "before");
        // The answer of the event that is under way has its place before the token's.
        told.sort();
        assert_eq!(told, ["after", "before", "sent 7"]);
        client.send("notify-many").await;
        while client.text().await != "the last" {}
        client.send("notify 13").await;
        host.log_line("awaits", |line| line.contains("on-sent failed: do not like 13")).await;
        host.log_line("awaits", |line| line.contains("error do not like 13")).await;
        for _ in 0..2 {
            assert!(["before", "after"].contains(&&*client.text().await));
        }
        assert_eq!(client.ask("wait x").await, "x");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_filled_the_queue_hears_when_there_is_room_again() {
    for host in hosts("[limits]\noutbound_queue = \"256 KiB\"").await {
        let mut client = RawClient::connect(host.address(), "/awaits").await;
        client.send(TEXT, b"fill").await;
        loop {
            let frame = client.receive().await;
            if frame.first == TEXT {
                assert_eq!(frame.payload, b"writable");
                break;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_that_always_asks_hears_its_peer_and_leaves_the_host_to_others() {
    let host = TestHost::builder().guest("asks_forever").guest("changed_echo").start().await;
    let mut asks = host.connect("/asks-forever").await;
    let mut echo = host.connect("/echo").await;
    asks.send("ask").await;
    let mut before = 0;
    for _ in 0..5 {
        let told: u64 = asks.ask("how often?").await.parse().expect("a number");
        assert!(told > before, "{told} after {before}");
        before = told;
        assert!(echo.ask("hello").await.ends_with("hello"));
    }
}
