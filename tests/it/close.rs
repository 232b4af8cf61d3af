//! How sessions end: what the peer sees, and what the guest is told, once.

use sockhop_tests::{Closed, LogFollower, RawClient, TestHost};

/// What stands before the line that `observer` writes for each end.
const CLOSED: &str = "closed ";

/// What the guest was told of the next session that ended.
async fn told(log: &mut LogFollower) -> String {
    let line = log.containing("closed initiator=").await;
    let begin = line.find(CLOSED).expect("it was looked for") + CLOSED.len();
    line[begin..].to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_closes_with_a_code_and_a_phrase() {
    let host = TestHost::with_guests(["observer"]).await;
    let mut log = host.follow("observer");
    let mut client = host.connect("/observer").await;
    client.send("close 4001 go away").await;
    assert_eq!(client.closed().await, Closed::new(4001, "go away"));
    assert_eq!(
        told(&mut log).await,
        "initiator=Guest cause=Requested sent=Some(4001) received=Some(4001) \
         phrase=\"go away\" clean=true code=4001"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_closes_without_a_reason() {
    let host = TestHost::with_guests(["observer"]).await;
    let mut log = host.follow("observer");
    let mut client = host.connect("/observer").await;
    client.send("close").await;
    assert_eq!(client.closed().await, Closed::new(1000, ""));
    assert_eq!(
        told(&mut log).await,
        "initiator=Guest cause=Requested sent=Some(1000) received=Some(1000) \
         phrase=\"\" clean=true code=1000"
    );
    // 1005 stands for a Close frame without a code, and is never on the wire.
    let mut client = host.connect("/observer").await;
    client.send("close 1005").await;
    assert_eq!(client.closed().await, Closed::new(1005, ""));
    assert_eq!(
        told(&mut log).await,
        "initiator=Guest cause=Requested sent=None received=None phrase=\"\" clean=true code=1005"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_close_that_may_not_be_sent_is_refused_and_the_session_goes_on() {
    let host = TestHost::with_guests(["observer"]).await;
    let mut client = host.connect("/observer").await;
    for code in [0, 999, 1004, 1006, 1015, 1016, 2999, 5000, 65535] {
        let told = client.ask(&format!("close {code} x")).await;
        assert!(told.contains(&code.to_string()), "{code}: {told}");
    }
    let told = client.ask(&format!("close 1000 {}", "é".repeat(62))).await;
    assert!(told.contains("124"), "{told}");
    let longest = "é".repeat(61) + "x";
    client.send(format!("close 1000 {longest}")).await;
    assert_eq!(client.closed().await, Closed::new(1000, &longest));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_code_that_may_be_sent_is_sent() {
    let host = TestHost::with_guests(["observer"]).await;
    for code in [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 4999]
    {
        let mut client = RawClient::connect(host.address(), "/observer").await;
        client.send(0x81, format!("close {code}").as_bytes()).await;
        let frame = client.receive().await;
        assert_eq!((frame.first, frame.payload), (0x88, u16::to_be_bytes(code).to_vec()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_closes_with_a_code() {
    let host = TestHost::with_guests(["observer"]).await;
    let mut log = host.follow("observer");
    for code in [1000, 1001, 1011, 3500] {
        let mut client = host.connect("/observer").await;
        assert_eq!(client.close(Some((code, "bye"))).await.code, code, "the code comes back");
        let expected = format!(
            "initiator=Peer cause=Requested sent=Some({code}) received=Some({code}) \
             phrase=\"bye\" clean=true code={code}"
        );
        assert_eq!(told(&mut log).await, expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_closes_without_a_code() {
    let host = TestHost::with_guests(["observer"]).await;
    let mut log = host.follow("observer");
    let mut client = host.connect("/observer").await;
    assert_eq!(client.close(None).await, Closed::new(1005, ""));
    assert_eq!(
        told(&mut log).await,
        "initiator=Peer cause=Requested sent=None received=None phrase=\"\" clean=true code=1005"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_lost_is_1006() {
    let host = TestHost::with_guests(["observer"]).await;
    let mut log = host.follow("observer");
    let lost = "initiator=Transport cause=ConnectionLost sent=None received=None \
                phrase=\"\" clean=false code=1006";
    RawClient::connect(host.address(), "/observer").await.drop_connection();
    assert_eq!(told(&mut log).await, lost);
    RawClient::connect(host.address(), "/observer").await.reset();
    assert_eq!(told(&mut log).await, lost);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_does_not_answer_a_close_is_dropped() {
    let host = TestHost::builder()
        .guest("observer")
        .config("[limits]\nclose_timeout = \"200ms\"")
        .start()
        .await;
    let mut log = host.follow("observer");
    let mut client = RawClient::connect(host.address(), "/observer").await;
    client.send(0x81, b"close 4001 go").await;
    assert_eq!(client.closed().await, Closed::new(4001, "go"));
    assert_eq!(
        told(&mut log).await,
        "initiator=Guest cause=Requested sent=Some(4001) received=None \
         phrase=\"go\" clean=false code=4001"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn both_may_close_at_once() {
    let host = TestHost::with_guests(["observer"]).await;
    let mut log = host.follow("observer");
    let mut client = RawClient::connect(host.address(), "/observer").await;
    client.send(0x81, b"close 4001 mine").await;
    // Sent before anything of the host's was read, and what comes behind it is nobody's.
    client.send(0x88, &[&3000_u16.to_be_bytes(), "yours".as_bytes()].concat()).await;
    assert_eq!(client.closed().await, Closed::new(4001, "mine"));
    assert_eq!(
        told(&mut log).await,
        "initiator=Guest cause=Requested sent=Some(4001) received=Some(3000) \
         phrase=\"mine\" clean=true code=4001"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn no_message_is_delivered_after_a_close() {
    let host = TestHost::builder().guest("observer").shared("observer").start().await;
    let mut watcher = host.connect("/observer").await;
    assert_eq!(watcher.ask("count").await, "sessions=1 messages=1");
    let mut client = RawClient::connect(host.address(), "/observer").await;
    client.send(0x81, b"close 4001").await;
    client.send(0x81, b"too late").await;
    assert_eq!(client.receive().await.first, 0x88);
    client.send(0x81, b"much too late").await;
    client.send(0x88, &4001_u16.to_be_bytes()).await;
    let mut log = host.follow("observer");
    told(&mut log).await;
    assert_eq!(watcher.ask("count").await, "sessions=2 messages=3");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_may_close_before_open_has_returned() {
    let host = TestHost::with_guests(["closes_in_open"]).await;
    let mut client = host.connect("/closes-in-open").await;
    assert_eq!(client.closed().await, Closed::new(4001, "go away"));
    host.log_line("closes_in_open", |line| line.ends_with("closed code=4001 clean=true")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_is_told_of_each_end_once() {
    let host = TestHost::with_guests(["observer"]).await;
    let mut log = host.follow("observer");
    host.connect("/observer").await.close(Some((1000, ""))).await;
    let mut client = host.connect("/observer").await;
    client.send("close 4001").await;
    client.closed().await;
    RawClient::connect(host.address(), "/observer").await.reset();
    let mut client = RawClient::connect(host.address(), "/observer").await;
    client.send(0x83, b"").await;
    client.closed().await;
    let mut client = RawClient::connect(host.address(), "/observer").await;
    client.send(0x81, b"close 4002").await;
    client.send(0x88, b"").await;
    client.closed().await;
    // All have had their end when the list is empty; one more is a mark in the log.
    sockhop_tests::eventually("all sessions to end", async || {
        host.sessions().await.is_empty().then_some(())
    })
    .await;
    host.connect("/observer").await.close(Some((4999, ""))).await;
    log.containing("code=4999").await;
    let ends = log.read().iter().filter(|line| line.contains("closed initiator=")).count();
    assert_eq!(ends, 6, "{:#?}", log.read());
}
