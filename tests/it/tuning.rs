//! Limits that a guest sets for its session, never beyond the operator's.

use sockhop_tests::{RawClient, TestHost};

const TEXT: u8 = 0x81;

async fn host(config: &str) -> TestHost {
    TestHost::builder().guest("tunes").config(config).start().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operators_limits_are_the_ceiling() {
    let limits = "[limits]\nmessage = \"8 KiB\"\nidle_timeout = \"60s\"\n\
                  write_idle_timeout = \"5s\"";
    for config in
        [limits.to_owned(), format!("[deployment.tunes]\ninstancing = \"shared\"\n{limits}")]
    {
        let host = host(&config).await;
        let mut client = host.connect("/tunes").await;
        for (set, in_force) in [
            ("show", "4096 [60000, 0, 5000, 0]"),
            ("max 100000", "8192 [60000, 0, 5000, 0]"),
            ("max 500", "500 [60000, 0, 5000, 0]"),
            ("idle 61000", "500 [60000, 0, 5000, 0]"),
            ("idle 59000", "500 [59000, 0, 5000, 0]"),
            ("idle 0", "500 [60000, 0, 5000, 0]"),
            ("read-idle 70000", "500 [60000, 70000, 5000, 0]"),
            ("write-idle 0", "500 [60000, 70000, 5000, 0]"),
            ("write-idle 4000", "500 [60000, 70000, 4000, 0]"),
            ("send 9000", "500 [60000, 70000, 4000, 9000]"),
            ("send 0", "500 [60000, 70000, 4000, 0]"),
        ] {
            assert_eq!(client.ask(set).await, in_force, "{set}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_size_is_in_force_from_the_next_message() {
    let host = host("").await;
    let mut client = host.connect("/tunes").await;
    client.ask("max 8").await;
    assert_eq!(client.ask("12345678").await, "8 [0, 0, 60000, 0]");
    client.send("123456789").await;
    assert_eq!(client.closed().await.code, 1009);
    // Two in one write: the second is held to what the first has set.
    let mut raw = RawClient::connect(host.address(), "/tunes").await;
    let text =
        |text: &str| [&[TEXT, 0x80 | text.len() as u8, 0, 0, 0, 0], text.as_bytes()].concat();
    raw.write(&[text("max 3"), text("four")].concat()).await;
    assert_eq!(raw.receive().await.payload, b"3 [0, 0, 60000, 0]");
    let close = raw.receive().await;
    assert_eq!((close.first, &close.payload[..2]), (0x88, &1009_u16.to_be_bytes()[..]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_millisecond_of_silence_is_soon_over() {
    let host = host("").await;
    let mut log = host.follow("tunes");
    for what in ["idle 1", "read-idle 1"] {
        let mut client = host.connect("/tunes").await;
        client.ask(what).await;
        let close = client.closed().await;
        assert_eq!(close.code, 1001, "{what}");
        log.containing("closed CloseCause::IdleTimeout 1006").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_takes_nothing_is_given_up_as_the_guest_says() {
    let host = host("[limits]\noutbound_queue = \"64 MiB\"").await;
    let mut log = host.follow("tunes");
    for what in ["send 100", "write-idle 100"] {
        let mut client = RawClient::connect(host.address(), "/tunes").await;
        client.send(TEXT, what.as_bytes()).await;
        client.receive().await;
        client.send(TEXT, b"flood").await;
        log.containing("closed CloseCause::WriteTimeout 1006").await;
    }
    // What is read in time has no end.
    let mut client = host.connect("/tunes").await;
    client.ask("send 30000").await;
    assert_eq!(client.ask("show").await, "4096 [0, 0, 60000, 30000]");
}
