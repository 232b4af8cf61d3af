//! Topics: whom a publish reaches, and what bounds them.

use sockhop_tests::{Client, Closed, RawClient, TestHost, TestHostBuilder, eventually};
use tokio_tungstenite::tungstenite::Message;

/// A host with the guest, an instance for each session, and one with one for all.
fn hosts() -> [TestHostBuilder; 2] {
    [TestHost::builder(), TestHost::builder().shared("subscribes")]
        .map(|builder| builder.guest("subscribes"))
}

/// A session in this topic, or in none where it is `-`; and its id.
async fn join(host: &TestHost, topic: &str) -> (Client, String) {
    let mut client = host.connect(&format!("/subscribes/{topic}")).await;
    let id = client.ask("id").await;
    (client, id)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_publish_reaches_the_subscribers_and_nobody_else() {
    for builder in hosts() {
        let host = builder.start().await;
        let (mut a, a_id) = join(&host, "tea").await;
        let (mut b, b_id) = join(&host, "tea").await;
        let (mut c, _) = join(&host, "coffee").await;
        let (mut d, _) = join(&host, "-").await;
        assert_eq!(d.ask("publish tea milk?").await, "2 ");
        assert_eq!((a.text().await, b.text().await), ("milk?".into(), "milk?".into()));
        assert_eq!(a.ask("others tea no").await, "1 ", "all but itself");
        assert_eq!(b.text().await, "no");
        a.send("publish tea all").await;
        assert_eq!((a.text().await, a.text().await), ("all".into(), "2 ".into()));
        assert_eq!(b.text().await, "all");
        // Nothing came here, or it would come first.
        assert_eq!(c.ask("subscribers tea").await, "2");
        assert_eq!(d.ask("publish nobody hello").await, "0 ");

        // Who holds a handle to a session may subscribe it.
        assert_eq!(d.ask(&format!("subscribe coffee {b_id}")).await, "true");
        assert_eq!(d.ask(&format!("subscribe coffee {b_id}")).await, "false");
        assert_eq!(b.ask("topics").await, "coffee,tea");
        assert_eq!(a.ask("publish coffee black").await, "2 ");
        assert_eq!((b.text().await, c.text().await), ("black".into(), "black".into()));
        assert_eq!(b.ask("unsubscribe tea").await, "true");
        assert_eq!(b.ask("unsubscribe tea").await, "false");
        assert_eq!(c.ask("publish tea alone").await, "1 ");
        assert_eq!(a.text().await, "alone");
        assert_eq!(b.ask("topics").await, "coffee");
        assert_ne!(a_id, b_id);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_of_two_revisions_share_topics() {
    for builder in hosts() {
        let host = builder.start().await;
        let (mut old, _) = join(&host, "tea").await;
        host.deploy("subscribes", "subscribes", &["--strategy", "drain"]).await;
        let (mut new, _) = join(&host, "tea").await;
        let revisions: Vec<_> = host.sessions().await.iter().map(|row| row.revision).collect();
        assert_eq!(revisions, [1, 2]);
        assert_eq!(new.ask("others tea from the new").await, "1 ");
        assert_eq!(old.text().await, "from the new");
        assert_eq!(old.ask("others tea from the old").await, "1 ");
        assert_eq!(new.text().await, "from the old");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_not_open_is_in_no_topic() {
    for builder in hosts() {
        let host = builder.start().await;
        let (mut a, _) = join(&host, "-").await;
        // A peer that does not answer the Close.
        let mut b = RawClient::connect(host.address(), "/subscribes/tea").await;
        b.send(0x81, b"id").await;
        let id = String::from_utf8(b.receive().await.payload).expect("an id is a text");
        assert_eq!(a.ask("subscribers tea").await, "1");
        let left = a.ask(&format!("close tea {id}")).await;
        assert_eq!(left, "[] false Closed 0");
        assert_eq!(a.ask("publish tea hello").await, "0 ");

        for end in 0..2 {
            let (mut c, _) = join(&host, "tea").await;
            assert_eq!(a.ask("subscribers tea").await, "1");
            if end == 0 {
                assert_eq!(c.close(Some((1000, ""))).await, Closed::new(1000, ""));
            }
            drop(c);
            eventually("the topic to be left", async || {
                (a.ask("subscribers tea").await == "0").then_some(())
            })
            .await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn topics_are_bounded_by_endpoint() {
    let host = TestHost::builder()
        .guest("subscribes")
        .config(
            "[limits]\ntopics = 1\n\
             [deployment.subscribes]\ntopics_per_session = 2\n\
             [deployment.subscribes.endpoint.\"/subscribes/{topic}\"]\n\
             topics = 3\ntopic_name = \"4 B\"",
        )
        .start()
        .await;
    let (mut a, _) = join(&host, "1").await;
    let (mut b, _) = join(&host, "-").await;
    assert_eq!(a.ask("subscribe 12345").await, "NameTooLong(4)");
    assert_eq!(a.ask("subscribe ").await, "EmptyName");
    assert_eq!(a.ask("subscribe 2234").await, "true");
    assert_eq!(a.ask("subscribe 3").await, "SessionFull(2)");
    assert_eq!(b.ask("subscribe 3").await, "true");
    assert_eq!(b.ask("subscribe 4").await, "EndpointFull(3)");
    assert_eq!(b.ask("subscribe 1").await, "true");
    a.close(None).await;
    // The topic that was the other's alone is gone with it, and leaves its place.
    assert_eq!(b.ask("unsubscribe 1").await, "true");
    eventually("a place", async || (b.ask("subscribe 4").await == "true").then_some(())).await;
    assert_eq!(b.ask("topics").await, "3,4");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscriber_that_does_not_read_is_named_and_the_others_get_all() {
    const PUBLISHES_MAX: usize = 600;
    const BYTES: usize = 64 << 10;
    let host = TestHost::builder()
        .guest("subscribes")
        .config("[limits]\noutbound_queue = \"64 KiB\"")
        .start()
        .await;
    let (mut publisher, _) = join(&host, "-").await;
    let (mut slow, slow_id) = join(&host, "tea").await;
    let (mut quick, _) = join(&host, "tea").await;
    let mut taken = 0;
    // Together more than the kernel's buffers and the queue hold.
    for number in 0..PUBLISHES_MAX {
        let outcome = publisher.ask(&format!("bytes tea {}", BYTES + number)).await;
        let published = Message::from(vec![7; BYTES + number]);
        assert!(quick.next().await == published, "not message {number}");
        if outcome != "2 " {
            assert_eq!(outcome, format!("1 {slow_id}"));
            break;
        }
        taken += 1;
    }
    assert!(taken < PUBLISHES_MAX, "nobody was too slow");
    for number in 0..taken {
        assert!(slow.next().await == Message::from(vec![7; BYTES + number]), "not {number}");
    }
    // What it was refused never comes, and there is room again.
    assert_eq!(publisher.ask("publish tea behind").await, "2 ");
    assert_eq!((slow.text().await, quick.text().await), ("behind".into(), "behind".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_subscribers_get_all_in_order() {
    const SUBSCRIBERS: usize = 1000;
    const MESSAGES: usize = 50;
    for builder in hosts() {
        let host = builder.start().await;
        let mut clients = Vec::new();
        for _ in 0..SUBSCRIBERS {
            clients.push(host.connect("/subscribes/tea").await);
        }
        let (mut publisher, _) = join(&host, "-").await;
        eventually("all to be subscribed", async || {
            let subscribed = publisher.ask("subscribers tea").await;
            (subscribed == SUBSCRIBERS.to_string()).then_some(())
        })
        .await;
        for number in 0..MESSAGES {
            publisher.send(format!("publish tea {number}")).await;
        }
        for _ in 0..MESSAGES {
            assert_eq!(publisher.text().await, format!("{SUBSCRIBERS} "));
        }
        for client in &mut clients {
            for number in 0..MESSAGES {
                assert_eq!(client.text().await, number.to_string());
            }
        }
    }
}
