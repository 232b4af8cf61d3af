//! What went wrong with containers in the field: a case for each defect that was reported of one.

mod load;
mod wire;

pub(super) use wire::deflate;

use sockhop_tests::http;
use sockhop_tests::{Client, Http2, TestHost};
use tokio::net::{TcpSocket, TcpStream};

use self::load::{
    broadcast_beside_slow, closes_amid_sends, concurrent_sends, count_of_many, few_threads,
    held_back, mass_resets, nothing_left, send_timeout, stuck_once,
};
use self::wire::{deflate_corners, ends_once, keys, lengths, ping_flood_at_close, scheme};
use super::place::{Mode, Place, seen};
use super::runner::scenarios;

scenarios! {
    "field.concurrent-sends" ("Tomcat 56026") concurrent_sends:
        "many send to one session at once: nothing fails, and each one's order is kept",
    "field.slow-reader" ("Jetty 272, 11626") broadcast_beside_slow:
        "one that does not read keeps no other from a broadcast",
    "field.held-back" ("Tomcat PR 42") held_back:
        "a peer that sends more than its guest works off is held back",
    "field.close-amid-sends" ("Tomcat 58624, 61183, 66574") closes_amid_sends:
        "a close while others send ends the session once, and nobody is stuck",
    "field.end-told" ("Tomcat 57489; Jetty 2620, 1626") ends_once:
        "the end is told once though the Close frame finds nobody",
    "field.nothing-left" ("Tomcat 70110, 64848; Jetty 6602; Tyrus 778") nothing_left:
        "sessions that fail in any way leave nothing behind",
    "field.dead-peer" ("Tomcat 64644, issue 356") dead_peer:
        "a peer from which nothing comes is closed, though much goes to it",
    "field.mass-resets" ("Tomcat 68884") mass_resets:
        "hundreds that are reset at once hold nobody up",
    "field.write-timeout" ("Tomcat 65506, 65763, 66508") stuck_once:
        "a peer that takes nothing is dropped in time, once",
    "field.send-timeout" ("Jetty 4347, 13007; Tyrus 641") send_timeout both:
        "the time of a send is a message's, and neither a frame's nor that of all messages",
    "field.deflate" ("Tomcat 65317, 61491, 62301, 66681, 70126; Jetty 1662") deflate_corners:
        "compressed messages of awkward sizes and forms come and go whole",
    "field.pings-at-close" ("Tomcat PR 1041") ping_flood_at_close:
        "pings that come while a session closes disturb nothing",
    "field.encode-error" ("Tomcat, 2024-08") encode_error both:
        "a message that has no form on the wire is an error of the guest's, and the session lives",
    "field.lengths" ("Tomcat 64563") lengths:
        "a length with its highest bit set is 1002, and no announced length takes memory",
    "field.keys" ("Tomcat 66548") keys: "a key that is not 16 bytes in base64 is answered 400",
    "field.scheme" ("Tomcat 9.0.38") scheme: "requests by ws and wss URIs are handshakes",
    "field.count" ("Tyrus 321; Tomcat 57974") count_of_many:
        "a hundred sessions are counted, and reached by a broadcast",
    "field.threads" ("Tyrus 365, 787") few_threads: "sessions have no threads of their own",
    "field.batching" ("Tyrus 625, 397") batching both:
        "a batch is held, in order, and let go of as one",
    "field.idle-cause" ("Tyrus 407, 562") idle_cause:
        "sessions that are idle together all end for that, and for nothing else",
    "field.shutdown" ("Jetty 1293") shutdown:
        "a host that stops says 1001 to all, and never 1000, 1005 or 1006",
    "field.asked-late" ("Jetty 424") asked_late:
        "a configurator is not asked before path, fields and origin were found good",
    "field.status" ("Helidon 7953, issue 199") status: "a guest chooses the status of a refusal",
    "field.address" ("issue 255; Tyrus 544; Helidon 8856") address:
        "a peer's address is there, a trusted proxy's word for it counts, and nobody else's",
    "field.http2" ("Spring 34044") http2:
        "a browser that speaks HTTP/2 gets a session, and a plain GET there a clean refusal",
    "field.paths" ("Jetty 4776") paths: "an exact path wins over a template whichever came first",
}

async fn dead_peer(place: &Place) {
    let tag = place.tag();
    let path = format!("/jakarta-mute/{tag}");
    let mut mute = place.host.connect(&path).await;
    let mut talking = place.host.connect(&path).await;
    let mut told = 0;
    // The one that talks is kept by that; what it makes the host send to the other is not enough.
    let closed = loop {
        talking.send("all are you there").await;
        assert_eq!(talking.text().await, "are you there");
        match mute.next_or_closed().await {
            Ok(_) => told += 1,
            Err(closed) => break closed,
        }
    };
    assert_eq!((closed.code, told > 0), (1001, true));
    let end = place.end_in_log(&tag).await;
    assert!(end.contains(" IdleTimeout sent=Some(1001) "), "{end}");
}

async fn encode_error(place: &Place) {
    let (_witness, mut client) = place.two().await;
    let told = client.ask("encode").await;
    assert!(told.starts_with("error handler the message could not be sent: "), "{told}");
    assert_eq!(client.ask("echo lives").await, "lives");
}

async fn batching(place: &Place) {
    let (_witness, mut client) = place.two_raw("/jakarta").await;
    for text in ["batch on", "send 50", "echo last"] {
        client.send(0x81, text.as_bytes()).await;
    }
    client.send(0x89, b"").await;
    assert_eq!(client.receive().await.first, 0x8a, "something was not held back");
    client.send(0x81, b"flush").await;
    for number in 0..50 {
        assert_eq!(client.receive().await.payload, number.to_string().into_bytes());
    }
    assert_eq!(client.receive().await.payload, b"last");
}

async fn idle_cause(place: &Place) {
    // Each has a tag of its own: they would hear of each other's ends, and not be idle.
    let tags: Vec<_> = (0..10).map(|_| place.tag()).collect();
    let mut clients = Vec::new();
    for tag in &tags {
        clients.push(place.raw(&format!("/jakarta-idle/{tag}")).await);
    }
    for client in &mut clients {
        assert_eq!(client.receive().await.payload[..2], 1001_u16.to_be_bytes());
        client.send(0x88, &1001_u16.to_be_bytes()).await;
    }
    for tag in &tags {
        let end = place.end_in_log(tag).await;
        assert!(end.contains(" IdleTimeout sent=Some(1001) "), "{end}");
        assert!(end.contains(" code=1006 "), "{end}");
    }
}

async fn shutdown(place: &Place) {
    let settings = Mode::settings(place.mode);
    let builder = TestHost::builder().guest("talks");
    let host = builder.config(&format!("[deployment.talks]\n{settings}")).start().await;
    let mut clients = Vec::new();
    for _ in 0..20 {
        let mut client = host.connect("/talks").await;
        assert_eq!(client.ask("here").await, "here");
        clients.push(client);
    }
    let closes = futures_util::future::join_all(clients.iter_mut().map(Client::closed));
    let (_, closes) = tokio::join!(host.stop(), closes);
    for closed in closes {
        assert_eq!((closed.code, closed.phrase.as_str()), (1001, "going away"));
    }
}

async fn asked_late(place: &Place) {
    // If it were asked it would trap, and the answer be 500.
    let asking = || http::handshake("/configured?do=trap");
    for (asking, status) in [
        (asking().with("origin", "https://elsewhere.example"), 403),
        (asking().without("sec-websocket-key"), 400),
        (asking().with("sec-websocket-version", "8"), 426),
        (http::handshake("/configured/x?do=trap"), 404),
    ] {
        assert_eq!(asking.send(place.host.address()).await.status, status);
    }
}

async fn status(place: &Place) {
    for (what, status, body) in [("deny", 403, "not tonight\n"), ("stranger", 401, "")] {
        let asking = http::handshake(&format!("/jakarta-gate/x?do={what}"));
        let answer = asking.send(place.host.address()).await;
        assert_eq!((answer.status, answer.body.as_str()), (status, body));
    }
}

async fn address(place: &Place) {
    let fields = [("x-forwarded-for", "192.0.2.7"), ("x-forwarded-proto", "https")];
    for (source, trusted) in [("127.0.0.1:0", false), ("127.0.0.2:0", true)] {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind(source.parse().expect("an address")).expect("one of this machine's");
        let tcp = socket.connect(place.host.address()).await.expect("the host listens");
        let own = tcp.local_addr().expect("an address").to_string();
        let mut client = Client::over(tcp, &place.url("/handshaker/a/b"), &fields).await;
        let request = seen(&mut client).await["request"].take();
        let peer = request["peer"].as_str().expect("an address");
        assert_eq!(peer, if trusted { "192.0.2.7" } else { own.as_str() });
        assert_eq!(request["secure"].as_bool(), Some(trusted));
    }
}

async fn http2(place: &Place) {
    let tcp = TcpStream::connect(place.host.address()).await.expect("the host listens");
    let http2 = Http2::over(tcp, &format!("http://{}", place.host.address())).await;
    let plain = http2.get("/echo").await;
    assert!((400..500).contains(&plain.status), "{plain:?}");
    let mut client = http2.open("/echo").await;
    assert_eq!(client.ask("by HTTP/2").await, "by HTTP/2");
    assert_eq!(client.close(Some((1000, ""))).await.code, 1000);
}

async fn paths(place: &Place) {
    for (path, expected) in [
        ("/paths/c/d", "/paths/c/d"),
        ("/paths-b/b/d", "/paths-b/b/{v} v=d"),
        ("/paths/e/f/g", "/paths/e/f/g"),
    ] {
        assert_eq!(place.host.connect(path).await.ask("which").await, expected);
    }
}
