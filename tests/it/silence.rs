//! Peers that are silent, slow or do not compress, and what the configuration makes of them.

use sockhop_tests::{Closed, RawClient, TestHost, http};

const PING: u8 = 0x89;
const PONG: u8 = 0x8a;

async fn host(guest: &str, limits: &str) -> TestHost {
    TestHost::builder().guest(guest).config(limits).start().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_peer_is_pinged_and_one_that_does_not_answer_is_given_up() {
    let host_of = async |pong_timeout: &str| {
        let limits = format!("ping_interval = \"50ms\"\npong_timeout = \"{pong_timeout}\"");
        host("observer", &format!("[limits]\n{limits}")).await
    };
    // Time enough for an answer on a busy machine.
    let patient = host_of("10s").await;
    let mut peer = RawClient::connect(patient.address(), "/observer").await;
    for _ in 0..3 {
        let ping = peer.receive().await;
        assert_eq!(ping.first, PING);
        peer.send(PONG, &ping.payload).await;
    }
    let host = host_of("100ms").await;
    let mut peer = RawClient::connect(host.address(), "/observer").await;
    assert_eq!(peer.receive().await.first, PING);
    assert_eq!(peer.closed().await, Closed::new(1001, "no pong came"));
    host.log_line("observer", |line| line.contains("cause=PongTimeout")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_session_is_closed_with_1001_and_its_guest_sees_1006() {
    let host = host("observer", "[limits]\nidle_timeout = \"100ms\"").await;
    let mut peer = RawClient::connect(host.address(), "/observer").await;
    assert_eq!(peer.closed().await, Closed::new(1001, "idle for too long"));
    host.log_line("observer", |line| {
        line.contains("cause=IdleTimeout") && line.contains("code=1006")
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_has_limits_of_its_own() {
    let config = "[limits]\nidle_timeout = \"100ms\"\n\
                  [deployment.echo.endpoint.\"/echo\"]\nidle_timeout = \"off\"";
    let builder = TestHost::builder().guest("observer").guest("echo").config(config);
    let host = builder.start().await;
    let mut kept = RawClient::connect(host.address(), "/echo").await;
    let mut ended = RawClient::connect(host.address(), "/observer").await;
    assert_eq!(ended.closed().await.code, 1001);
    kept.send(0x81, b"still here").await;
    assert_eq!(kept.receive().await.payload, b"still here");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_takes_nothing_is_dropped_with_its_instance() {
    let limits = "[limits]\noutbound_queue = \"64 KiB\"\nwrite_idle_timeout = \"200ms\"";
    let host = host("floods", limits).await;
    let mut peer = RawClient::connect(host.address(), "/floods").await;
    for _ in 0..200 {
        peer.send(0x81, b"flood").await;
    }
    sockhop_tests::eventually("the session to end", async || {
        host.sessions().await.is_empty().then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_reader_is_closed_or_dropped_from_as_the_operator_says() {
    for (policy, ends) in [("close", true), ("drop", false)] {
        let limits = format!("[limits]\noutbound_queue = \"64 KiB\"\nslow_reader = \"{policy}\"");
        let host = host("floods", &limits).await;
        let mut peer = RawClient::connect(host.address(), "/floods").await;
        peer.send(0x81, b"flood-counted").await;
        peer.send(0x81, b"dropped").await;
        let mut received = 0;
        let end = loop {
            let frame = peer.receive().await;
            match frame.first {
                0x82 => received += 1,
                _ => break frame,
            }
        };
        assert!(received > 0);
        if ends {
            assert_eq!(end, sockhop_tests::Frame::close(1013, "reads too slowly"));
        } else {
            let told = String::from_utf8(end.payload).expect("a text");
            assert_eq!(told.parse::<u32>().expect("a count") + received, 1000);
            assert!(received < 1000, "nothing was dropped");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn compression_is_allowed_required_or_forbidden_by_endpoint() {
    let config = "[deployment.echo.compression]\npermessage_deflate = \"required\"\n\
                  [deployment.observer.endpoint.\"/observer\".compression]\n\
                  permessage_deflate = \"forbidden\"";
    let host = TestHost::builder().guest("echo").guest("observer").config(config).start().await;
    let ask = async |path: &str, offer: &str| {
        let mut request = http::handshake(path);
        if !offer.is_empty() {
            request = request.with("sec-websocket-extensions", offer);
        }
        request.send(host.address()).await
    };
    for offer in ["", "x-other", "permessage-deflate; unheard_of"] {
        let refused = ask("/echo", offer).await;
        assert_eq!(refused.status, 400, "{offer}");
        assert!(refused.body.contains("permessage-deflate"), "{}", refused.body);
    }
    assert_eq!(ask("/echo", "permessage-deflate; =").await.status, 400);
    let agreed = ask("/echo", "permessage-deflate; client_max_window_bits").await;
    assert_eq!(agreed.status, 101);
    assert!(agreed.header("sec-websocket-extensions").is_some());
    let without = ask("/observer", "permessage-deflate").await;
    assert_eq!((without.status, without.header("sec-websocket-extensions")), (101, None));
}
