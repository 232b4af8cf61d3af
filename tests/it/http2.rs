//! HTTP/2 on the same port, and WebSockets over it (RFC 8441).

use std::fs;

use hyper::Method;
use rustix::process::Signal;
use sockhop_tests::{Client, Http2, Http2Stream, TestHost, eventually, within};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

/// A connection without encryption, whose peer knows beforehand what is spoken.
async fn connect(host: &TestHost) -> Http2 {
    let tcp = TcpStream::connect(host.address()).await.expect("the host listens");
    Http2::over(tcp, &format!("http://{}", host.address())).await
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_and_files_share_a_connection() {
    let builder = TestHost::builder().guest("echo").guest("handshaker");
    let folder = builder.folder().join("web");
    fs::create_dir(&folder).expect("our own folder");
    let page = "p".repeat(200 << 10);
    fs::write(folder.join("index.html"), &page).expect("our own folder");
    let host = builder.args(["--assets".into(), folder]).start().await;
    let http2 = connect(&host).await;
    let (mut one, mut two) = (http2.open("/echo").await, http2.open("/echo").await);
    assert_eq!(one.ask("one").await, "one");
    assert_eq!(two.ask("two").await, "two");
    let answer = http2.get("/").await;
    assert_eq!((answer.status, answer.body), (200, page));
    for bytes in [0, 1, 125, 126, 16 << 10, 300 << 10] {
        let data = Message::from(vec![7; bytes]);
        one.send(data.clone()).await;
        assert_eq!(one.next().await, data, "{bytes}");
    }
    // A guest sees no difference.
    let mut three = http2.open("/handshaker/a/b?q").await;
    let seen: serde_json::Value = serde_json::from_str(&three.ask("what").await).expect("JSON");
    let uri = format!("ws://{}/handshaker/a/b?q", host.address());
    assert_eq!(seen["request"]["uri"], serde_json::json!(uri));
    assert_eq!(one.close(Some((4000, "done"))).await.code, 4000);
    assert_eq!(two.ask("still here").await, "still here");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_handshake_is_the_same_without_what_http_1_needs() {
    let host = TestHost::builder()
        .guest("handshaker")
        .guest("echo")
        .config("origins = [\"https://friend.example\"]")
        .start()
        .await;
    let http2 = connect(&host).await;
    let key = ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
    let own = format!("http://{}", host.address());
    for (headers, status) in [
        (&[("sec-websocket-version", "13")][..], 200),
        (&[("sec-websocket-version", "8")], 400),
        (&[("sec-websocket-protocol", "a, a")], 400),
        (&[("origin", "https://friend.example")], 200),
        (&[("origin", &own)], 200),
        (&[("origin", "https://elsewhere.example")], 403),
        (&[key], 200),
        (&[("sec-websocket-key", "short")], 400),
    ] {
        let answered = match http2.try_open("/echo", headers).await {
            Ok(_session) => 200,
            Err(answer) => answer.status,
        };
        assert_eq!(answered, status, "{headers:?}");
    }
    let protocols = ("sec-websocket-protocol", "z, b, a");
    let plain = http2.try_open("/handshaker/r/s", &[protocols]).await.expect("a session");
    assert_eq!(plain.response_header("sec-websocket-protocol"), Some("b"));
    assert_eq!(plain.response_header("sec-websocket-accept"), None);
    let keyed = http2.try_open("/handshaker/r/s", &[key]).await.expect("a session");
    let accept = keyed.response_header("sec-websocket-accept");
    assert_eq!(accept, Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));

    assert_eq!(http2.get("/nothing").await.status, 404);
    assert_eq!(http2.try_open("/nothing", &[]).await.expect_err("no endpoint").status, 404);
    let told = http2.get("/echo").await;
    assert!(told.status == 400 && told.body.contains("extended CONNECT"), "{told:?}");
    let request = http2.request(Method::CONNECT, "/echo");
    let request = request.extension(h2::ext::Protocol::from_static("connect-udp"));
    assert_eq!(http2.send(request.body(()).expect("a request")).await.status, 501);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_not_read_starves_no_other() {
    let host = TestHost::builder()
        .guest("sleeps")
        .guest("echo")
        .config("[sandbox]\nevent_wait = \"10m\"\n[limits]\nshutdown_timeout = \"0s\"")
        .start()
        .await;
    let http2 = connect(&host).await;
    let mut writers = Vec::new();
    for _ in 0..20 {
        let mut stalled = http2.open("/sleeps").await;
        stalled.send("sleep").await;
        writers.push(tokio::spawn(fill(stalled)));
    }
    let mut neighbour = http2.open("/echo").await;
    // More than one window, several times over.
    let large = "x".repeat(200 << 10);
    for _ in 0..5 {
        assert_eq!(neighbour.ask(&large).await, large);
    }
    for writer in &writers {
        assert!(!writer.is_finished(), "a guest that sleeps has room for a megabyte");
    }
}

/// Sends a megabyte, which the session does not read.
async fn fill(stalled: Client<Http2Stream>) {
    use futures_util::SinkExt as _;

    let mut stream = stalled.into_stream();
    for _ in 0..16 {
        let _ended = stream.send(Message::from(vec![0; 64 << 10])).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_does_not_read_one_stream_reads_the_others() {
    let host = TestHost::with_guests(["echo"]).await;
    let http2 = connect(&host).await;
    let mut unread = http2.open("/echo").await;
    for _ in 0..16 {
        unread.send(Message::from(vec![1; 8 << 10])).await;
    }
    let mut neighbour = http2.open("/echo").await;
    let large = "x".repeat(200 << 10);
    assert_eq!(neighbour.ask(&large).await, large);
    for _ in 0..16 {
        assert_eq!(unread.next().await, Message::from(vec![1; 8 << 10]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_closes_the_sessions_and_then_the_connection() {
    let host = TestHost::with_guests(["observer", "echo"]).await;
    let http2 = connect(&host).await;
    let mut observed = http2.open("/observer").await;
    let mut other = http2.open("/echo").await;
    assert_eq!(other.ask("here").await, "here");
    host.signal(Signal::TERM);
    assert_eq!(observed.closed().await.code, 1001);
    assert_eq!(other.closed().await.code, 1001);
    drop((observed, other));
    http2.ended().await;
    let log = host.ended().await;
    let told = "closed initiator=Host cause=GoingAway sent=Some(1001) received=Some(1001)";
    assert!(log.contains(told), "the guest is told: {log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_session_is_a_connection_to_the_limit() {
    let host = TestHost::builder().guest("echo").config("[limits]\nconnections = 3").start().await;
    let http2 = connect(&host).await;
    let mut one = http2.open("/echo").await;
    let mut two = http2.open("/echo").await;
    let refused = http2.try_open("/echo", &[]).await.expect_err("there are three");
    assert_eq!(refused.status, 503, "{refused:?}");
    assert!(refused.header("retry-after").is_some(), "{refused:?}");
    // A connection beyond them is told so, in its own protocol.
    let tcp = TcpStream::connect(host.address()).await.expect("the host listens");
    let (mut sender, connection) = h2::client::handshake(tcp).await.expect("nothing to fail yet");
    let beyond = tokio::spawn(connection);
    let request = http2.handshake("/echo", &[]).map(|()| ());
    let (response, _) = within("room for a request", async {
        std::future::poll_fn(|cx| sender.poll_ready(cx)).await.expect("it is there");
        let mut plain = request;
        *plain.method_mut() = Method::GET;
        plain.extensions_mut().clear();
        sender.send_request(plain, true).expect("a request")
    })
    .await;
    assert_eq!(within("an answer", response).await.expect("an answer").status(), 503);
    let _ended = within("its end", beyond).await.expect("no panic");

    assert_eq!(two.ask("still here").await, "still here");
    one.close(None).await;
    drop(one);
    eventually("room for a session", async || http2.try_open("/echo", &[]).await.ok()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_used_is_not_kept() {
    // Seconds, as a connection is idle as well until its client asks for a session.
    let config = "[http2]\nidle_timeout = \"5s\"";
    let host = TestHost::builder().guest("echo").config(config).start().await;
    let http2 = connect(&host).await;
    let mut session = http2.open("/echo").await;
    assert_eq!(session.ask("here").await, "here");
    // Another connection comes and goes meanwhile, and this one stays for its session's sake.
    connect(&host).await.ended_by_host().await;
    assert_eq!(session.ask("still here").await, "still here");
    session.close(None).await;
    drop(session);
    http2.ended_by_host().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_it_is_not_spoken_its_preface_is_no_request() {
    let host = TestHost::builder().guest("echo").config("[http2]\nstreams = 0").start().await;
    let preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    let answer = sockhop_tests::http::exchange_bytes(host.address(), preface).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1."), "{answer:?}");
    assert_eq!(host.connect("/echo").await.ask("as before").await, "as before");
}
