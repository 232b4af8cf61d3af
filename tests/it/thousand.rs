//! A thousand sessions that talk while their endpoint is replaced, and do not notice.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sockhop_tests::{Client, TestHost, eventually};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

const SESSIONS: usize = 1000;

/// How many new sessions are opened, one after the other, once the new revision is there.
const NEWCOMERS: usize = 20;

/// Talks until it is told to stop, and asserts that each message is answered in its turn by the
/// revision that the session began with.
async fn talk(mut client: Client, begun: Arc<Barrier>, stop: Arc<AtomicBool>) {
    assert_eq!(client.ask("hello").await, "hello");
    begun.wait().await;
    let mut number = 0;
    // Two rounds at least after the word to stop, so that the last messages have seen it all.
    let mut rounds_left = 2;
    while rounds_left > 0 {
        rounds_left -= usize::from(stop.load(Ordering::Relaxed));
        // Two in flight, so that order can be broken.
        let (one, two) = (format!("{number}"), format!("{number}'"));
        client.send(one.as_str()).await;
        client.send(two.as_str()).await;
        assert_eq!(client.text().await, one);
        assert_eq!(client.text().await, two);
        number += 1;
    }
    assert_eq!(client.close(Some((1000, ""))).await.code, 1000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_sessions_do_not_notice_a_deploy() {
    let host = TestHost::with_guests(["echo"]).await;
    let (begun, stop) = (Arc::new(Barrier::new(SESSIONS + 1)), Arc::new(AtomicBool::new(false)));
    let mut talkers = JoinSet::new();
    for _ in 0..SESSIONS {
        let client = host.connect("/echo").await;
        talkers.spawn(talk(client, Arc::clone(&begun), Arc::clone(&stop)));
    }
    begun.wait().await;
    assert_eq!(host.deployment("echo").await.states(), [(1, "current", SESSIONS)]);

    host.deploy("echo", "changed_echo", &["--strategy", "drain"]).await;
    let mut newcomers = Vec::new();
    for _ in 0..NEWCOMERS {
        let mut newcomer = host.connect("/echo").await;
        assert_eq!(newcomer.ask("hello").await, "changed: hello");
        newcomers.push(newcomer);
    }
    let both = host.deployment("echo").await;
    assert_eq!(both.states(), [(2, "current", NEWCOMERS), (1, "draining", SESSIONS)]);

    stop.store(true, Ordering::Relaxed);
    while let Some(talker) = talkers.join_next().await {
        talker.expect("each message is answered in its turn");
    }
    eventually("the old revision to be gone", async || {
        (host.deployment("echo").await.states() == [(2, "current", NEWCOMERS)]).then_some(())
    })
    .await;
    for mut newcomer in newcomers {
        assert_eq!(newcomer.ask("still here").await, "changed: still here");
    }
}
