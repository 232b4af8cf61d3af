//! One instance for many sessions.

use sockhop_tests::{Client, TestHost, within};

async fn connect<const N: usize>(host: &TestHost, path: &str) -> [Client; N] {
    let mut clients = Vec::new();
    for _ in 0..N {
        clients.push(host.connect(path).await);
    }
    clients.try_into().expect("as many as asked for")
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_share_an_instance_where_that_is_configured() {
    let host = TestHost::builder().guest("observer").shared("observer").start().await;
    let [mut a, mut b, mut c] = connect(&host, "/observer").await;
    assert_eq!(a.ask("x").await, "x");
    assert_eq!(b.ask("y").await, "y");
    assert_eq!(c.ask("count").await, "sessions=3 messages=3");
    a.close(None).await;
    assert_eq!(b.ask("count").await, "sessions=3 messages=4");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_session_has_its_own_instance_otherwise() {
    let host = TestHost::with_guests(["observer"]).await;
    let [mut a, mut b] = connect(&host, "/observer").await;
    assert_eq!(a.ask("x").await, "x");
    assert_eq!(a.ask("count").await, "sessions=1 messages=2");
    assert_eq!(b.ask("count").await, "sessions=1 messages=1");
}

#[tokio::test(flavor = "multi_thread")]
async fn shards_take_turns() {
    let host = TestHost::builder()
        .guest("observer")
        .config("[deployment.observer]\ninstancing = \"shared\"\nshards = 2")
        .start()
        .await;
    let [mut a, mut b, mut c, mut d] = connect(&host, "/observer").await;
    for client in [&mut a, &mut b, &mut c, &mut d] {
        assert_eq!(client.ask("open").await, "open");
    }
    for client in [&mut a, &mut b, &mut c, &mut d] {
        let counted = client.ask("count").await;
        assert!(counted.starts_with("sessions=2 "), "{counted}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trap_closes_all_sessions_of_the_instance_and_the_next_gets_a_fresh_one() {
    let host = TestHost::builder().guest("echo").guest("observer").shared("observer").start().await;
    let mut log = host.follow("observer");
    let mut healthy = host.connect("/echo").await;
    let [mut a, mut b, mut c] = connect(&host, "/observer").await;
    for client in [&mut a, &mut b, &mut c] {
        assert_eq!(client.ask("here").await, "here");
    }
    b.send("trap").await;
    for client in [&mut a, &mut b, &mut c] {
        assert_eq!(client.closed().await.code, 1011);
    }
    assert_eq!(healthy.ask("still here").await, "still here");
    let mut fresh = host.connect("/observer").await;
    assert_eq!(fresh.ask("count").await, "sessions=1 messages=1");
    fresh.close(Some((4999, ""))).await;
    log.containing("code=4999").await;
    let read = log.read();
    let ends = read.iter().filter(|line| line.contains("closed initiator=")).count();
    assert_eq!(ends, 1, "none of the three gets another event: {read:#?}");
    let traps = read.iter().filter(|line| line.contains("trapped in endpoint.on-message")).count();
    assert_eq!(traps, 1, "one trap is told once: {read:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shared_instance_keeps_each_sessions_order() {
    const MESSAGES: usize = 500;
    let host = TestHost::builder().guest("echo").shared("echo").start().await;
    let talkers = connect::<10>(&host, "/echo").await.map(|mut client| {
        tokio::spawn(async move {
            for number in 0..MESSAGES {
                client.send(number.to_string()).await;
            }
            for number in 0..MESSAGES {
                assert_eq!(client.text().await, number.to_string());
            }
        })
    });
    for talker in talkers {
        within("a talker to end", talker).await.expect("all is answered in order");
    }
}
