//! What guests write is in the log of their deployment.

use sockhop_tests::TestHost;

#[tokio::test(flavor = "multi_thread")]
async fn each_stream_is_in_the_log_under_the_deployments_name() {
    let host = TestHost::with_guests(["talks", "echo"]).await;
    let mut client = host.connect("/talks").await;
    assert_eq!(client.ask("one").await, "one");
    assert_eq!(client.ask("two").await, "two");
    let printed = host.cli(&["logs", "talks"]).await.succeeded();
    let place = |text: &str, stream: &str| {
        let mut lines = printed.lines();
        let place = lines.position(|line| line.contains(stream) && line.ends_with(text));
        place.unwrap_or_else(|| panic!("no {text:?} of {stream} in {printed}"))
    };
    let places = [
        place("out: one", "stdout"),
        place("err: one", "stderr"),
        place("WARN log: one", "stderr"),
        place("out: two", "stdout"),
        place("err: two", "stderr"),
    ];
    assert!(places.is_sorted(), "in the order in which they were written: {printed}");
    let others = host.cli(&["logs", "echo"]).await.succeeded();
    assert!(!others.contains("one"), "{others}");
    // And in the host's own log, with the name.
    let log = host.stderr();
    let mut lines = log.lines().filter(|line| line.contains("out: one"));
    assert!(lines.all(|line| line.contains("talks")), "{log}");
    assert!(log.contains("out: one"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_gets_what_was_written_and_what_comes() {
    let host = TestHost::with_guests(["talks"]).await;
    let mut client = host.connect("/talks").await;
    assert_eq!(client.ask("before").await, "before");
    let mut log = host.follow("talks");
    log.containing("out: before").await;
    assert_eq!(client.ask("after").await, "after");
    log.containing("out: after").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_outlives_the_revision_that_wrote_it() {
    let host = TestHost::with_guests(["talks"]).await;
    let mut client = host.connect("/talks").await;
    assert_eq!(client.ask("old").await, "old");
    host.deploy("talks", "talks", &["--strategy", "restart"]).await;
    assert_eq!(client.closed().await.code, 1012);
    let mut client = host.connect("/talks").await;
    assert_eq!(client.ask("new").await, "new");
    let mut log = host.follow("talks");
    log.containing("out: old").await;
    log.containing("out: new").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_peer_writes_cannot_forge_a_line() {
    let host = TestHost::with_guests(["talks"]).await;
    let mut client = host.connect("/talks").await;
    client.ask("a\u{1b}[31m\r\nhost: all is well").await;
    client.ask("mark").await;
    let mut log = host.follow("talks");
    log.containing("out: mark").await;
    for line in log.read() {
        assert!(!line.contains('\u{1b}'), "{line:?}");
        let forged = line.starts_with("host: all is well");
        assert!(!forged, "{line:?}");
    }
    assert!(!host.stderr().contains('\u{1b}'), "nor in the host's own log");
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_no_log_of_what_was_never_deployed() {
    let host = TestHost::builder().start().await;
    let told = host.cli(&["logs", "nothing"]).await.failed_in_one_line(1);
    assert!(told.contains("nothing"), "{told}");
    let told = host.cli(&["logs", "nothing", "-f"]).await.failed_in_one_line(1);
    assert!(told.contains("nothing"), "{told}");
}
