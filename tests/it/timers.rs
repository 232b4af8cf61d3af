//! Timers of guests: when they come, in what order, and what bounds them.

use sockhop_tests::{Client, TestHost};

/// A host with the guest in this kind of instance.
async fn host(instancing: &str, more: &str) -> TestHost {
    let config = format!("[deployment.ticks]\n{instancing}\n{more}");
    TestHost::builder().guest("ticks").config(&config).start().await
}

const SHARED: &str = "instancing = \"shared\"";

/// The same in all kinds of instances.
async fn hosts(more: &str) -> [TestHost; 3] {
    let keyed = "instancing = \"keyed\"\nkey = \"room\"";
    [host("", more).await, host(SHARED, more).await, host(keyed, more).await]
}

/// A session whose first timer has come.
async fn opened(host: &TestHost) -> Client {
    let mut client = host.connect("/ticks/tea").await;
    assert_eq!(client.text().await, "open", "no timer comes before that");
    assert_eq!(client.text().await, "timer 0");
    client
}

#[tokio::test(flavor = "multi_thread")]
async fn timers_come_while_the_peer_says_nothing() {
    for host in hosts("").await {
        let mut client = opened(&host).await;
        client.send("once 1 500").await;
        client.send("once 2 50").await;
        assert_eq!([client.text().await, client.text().await], ["timer 2", "timer 1"]);
        client.send("each 3 20").await;
        for _ in 0..4 {
            assert_eq!(client.text().await, "timer 3");
        }
        // Those that came before it was cancelled are before the answer, none behind it.
        client.send("cancel 3").await;
        while client.text().await != "true" {}
        assert_eq!(client.ask("cancel 3").await, "false");
        client.send("once 4 100").await;
        assert_eq!(client.text().await, "timer 4");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_cancelled_does_not_come_though_it_was_due() {
    for host in hosts("").await {
        let mut client = opened(&host).await;
        client.send("once 1 1000").await;
        client.send("each 2 1000").await;
        assert_eq!(client.ask("busy-then-cancel 1").await, "cancelled true");
        assert_eq!(client.text().await, "timer 2");
        client.send("cancel 2").await;
        while client.text().await != "true" {}
        // Started again it is another, which comes once.
        client.send("once 1 5000").await;
        client.send("once 1 20").await;
        assert_eq!(client.text().await, "timer 1");
        assert_eq!(client.ask("cancel 1").await, "false");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn timers_and_messages_take_turns() {
    for host in hosts("").await {
        let mut client = opened(&host).await;
        // Each event of the timer takes longer than its period: it is always due.
        client.send("each 17 10").await;
        assert_eq!(client.text().await, "timer 17");
        for number in 0..5 {
            client.send(format!("message {number}")).await;
        }
        let (mut timers, mut messages) = (0, 0);
        while messages < 5 || timers < 5 {
            let text = client.text().await;
            if text == "timer 17" {
                timers += 1;
            } else {
                assert_eq!(text, format!("message {messages}"));
                messages += 1;
                assert!(messages <= timers + 2, "{messages} messages to {timers} timers");
            }
        }
        // One that starts itself anew leaves the others their turns as well.
        client.send("once 16 0").await;
        while client.text().await != "timer 16" {}
        client.send("the last").await;
        while client.text().await != "the last" {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timer_fails_closes_and_ends_with_its_session() {
    for host in hosts("").await {
        let mut client = opened(&host).await;
        client.send("each 13 10").await;
        host.log_line("ticks", |line| line.contains("on-timer failed: do not like 13")).await;
        host.log_line("ticks", |line| line.contains("error do not like 13")).await;
        assert_eq!(client.ask("cancel 13").await, "true");
        client.send("each 100 10").await;
        client.send("once 14 50").await;
        assert_eq!(client.closed().await.code, 1000);
        host.log_line("ticks", |line| line.contains("closed 1000 after")).await;
        let mut other = opened(&host).await;
        assert_eq!(other.ask("still there").await, "still there");
        other.send("once 15 0").await;
        assert_eq!(other.closed().await.code, 1011);
        let trapped = |line: &str| line.contains("trapped in timer-events.on-timer");
        host.log_line("ticks", trapped).await;
        opened(&host).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_timers_is_bounded_and_starves_nobody() {
    for host in hosts("[limits]\ntimers = 20").await {
        let mut client = opened(&host).await;
        assert_eq!(client.ask("flood").await, "TooMany(20)");
        let mut other = opened(&host).await;
        for client in [&mut client, &mut other] {
            for number in 0..20 {
                let text = format!("{number}");
                assert_eq!(client.ask(&text).await, text);
            }
        }
        assert_eq!(other.ask("each 1 9").await, "TooShort(10ms)");
        assert_eq!(other.ask("once 1 31536000001").await, "TooLong(31536000s)");
        client.close(None).await;
        assert_eq!(other.ask("after it").await, "after it");
    }
    let host = host("", "[limits]\ntimers = 0").await;
    let mut none = host.connect("/ticks/tea").await;
    assert_eq!(none.closed().await.code, 1011, "the first timer is refused, and `open` fails");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_of_another_instance_is_not_ones_own() {
    let one_for_all = format!("{SHARED}\nshards = 1");
    for (instancing, is_own) in [("", false), (one_for_all.as_str(), true)] {
        let host = host(instancing, "").await;
        let mut client = opened(&host).await;
        let mut other = opened(&host).await;
        let id = other.ask("id").await;
        client.send(format!("of {id}")).await;
        if is_own {
            assert_eq!(other.text().await, "timer 5");
        } else {
            assert_eq!(client.text().await, "NotOwn");
            assert_eq!(other.ask("nothing came").await, "nothing came");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timer_is_no_activity() {
    let host = host("", "[limits]\nidle_timeout = \"300ms\"").await;
    let mut client = opened(&host).await;
    client.send("each 100 20").await;
    assert_eq!(client.closed().await.code, 1001);
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_of_a_client_have_timers() {
    for instancing in ["", SHARED] {
        let host = host(instancing, "connect.allow = \"ws://127.0.0.1:*\"").await;
        let mut client = opened(&host).await;
        client.send(format!("dial ws://{}/ticks/coffee", host.address())).await;
        host.log_line("ticks", |line| line.contains("the client's timer 1")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn timers_go_on_in_the_revision_that_started_them() {
    for instancing in ["", SHARED] {
        let host = host(instancing, "").await;
        let mut old = opened(&host).await;
        old.send("each 2 50").await;
        assert_eq!(old.text().await, "timer 2");
        host.deploy("ticks", "revision_b", &["--strategy", "drain"]).await;
        old.send("once 1 50").await;
        while old.text().await != "timer 1" {}
        assert_eq!(old.text().await, "timer 2");
    }
}
