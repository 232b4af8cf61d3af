//! The opening handshake on the wire: who becomes a session, and what the others are told.

use hyper::Method;
use sockhop_tests::http::{self, Answer, Asking};
use sockhop_tests::{Http2, RawClient};
use tokio::net::TcpStream;

use super::place::Place;
use super::runner::scenarios;

scenarios! {
    "handshake.unmatched" ("3.1.1-4") unmatched:
        "a path that no endpoint has is answered 404, and nothing opens",
    "handshake.accept" ("RFC 6455 1.3") accept: "the answer is computed from the key",
    "handshake.no-upgrade" ("2.7") no_upgrade:
        "a request without an upgrade is answered 426, and so is one by POST",
    "handshake.version" ("2.7") version:
        "another version is answered 426 with the one that is spoken",
    "handshake.connection" ("2.7") connection:
        "a `Connection` that does not upgrade is answered 400",
    "handshake.no-key" ("2.7") no_key: "a handshake without a key is answered 400",
    "handshake.origin-refused" ("3.1.4-1") origin_refused:
        "a page from elsewhere is answered 403, and nothing opens",
    "handshake.origin-own" ("3.1.4-1") origin_own: "a page of the host's own is let in",
    "handshake.origin-listed" ("3.1.4-1") origin_listed: "a page that the operator names is let in",
    "handshake.origin-required" ("checkOrigin") origin_required:
        "a handshake without an origin is let in, but for where one is required",
    "handshake.subprotocol-first" ("ee/server/serverendpointconfig/configurator") subprotocol_first:
        "of what the peer offers its first that the endpoint speaks is chosen",
    "handshake.subprotocol-mismatch" ("ee/clientendpoint") subprotocol_mismatch:
        "where none fits the session opens without one, and no field says so",
    "handshake.subprotocol-not-offered" ("2.7") subprotocol_not_offered:
        "where none is offered none is answered",
    "handshake.extension" ("2.7") extension: "permessage-deflate is agreed on where it is offered",
    "handshake.extension-not-offered" ("2.7") extension_not_offered:
        "an extension that is not offered is not answered",
    "handshake.extension-unknown" ("477") extension_unknown:
        "an extension that the host has not is never answered, whatever is offered beside it",
    "handshake.extension-declined" ("RFC 7692 5.1") extension_declined:
        "bad parameters decline their offer, the next one is taken, and the session opens",
    "handshake.extension-required" ("340") extension_required:
        "where the operator requires an extension, a handshake without it is answered 400",
    "handshake.early" ("2.7") early: "what comes right behind the handshake is not lost",
    "handshake.http2" ("RFC 8441") http2: "a session over HTTP/2 is as any other",
}

/// The answer to a handshake.
async fn answer(place: &Place, asking: Asking) -> Answer {
    asking.send(place.host.address()).await
}

/// A handshake at `/jakarta`, with a tag of its own.
fn good(place: &Place) -> Asking {
    http::handshake(&format!("/jakarta/{}", place.tag()))
}

async fn unmatched(place: &Place) {
    for path in ["/", "/jakart", "/jakarta", "/jakarta/a/b", "/jakarta/a/", "/Jakarta/a", "/echo/x"]
    {
        let refused = answer(place, http::handshake(path)).await;
        assert_eq!(refused.status, 404, "{path}: {refused:?}");
        assert_eq!(refused.header("upgrade"), None);
    }
    let refused = RawClient::connect_with(place.host.address(), "/nowhere", "").await;
    assert!(refused.expect_err("nothing is there").starts_with("HTTP/1.1 404 "));
}

async fn accept(place: &Place) {
    let accepted = answer(place, good(place)).await;
    assert_eq!(accepted.status, 101);
    // The example of RFC 6455 §1.3.
    let expected = Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    assert_eq!(accepted.header("sec-websocket-accept"), expected);
}

async fn no_upgrade(place: &Place) {
    for asking in [
        http::get("/echo"),
        http::handshake("/echo").with("upgrade", "h2c"),
        http::handshake("/echo").method(Method::POST),
    ] {
        let refused = answer(place, asking).await;
        assert_eq!((refused.status, refused.header("upgrade")), (426, Some("websocket")));
    }
}

async fn version(place: &Place) {
    for version in ["8", "14", "0"] {
        let refused = answer(place, good(place).with("sec-websocket-version", version)).await;
        assert_eq!(refused.status, 426, "{version}");
        assert_eq!(refused.header("sec-websocket-version"), Some("13"));
    }
}

async fn connection(place: &Place) {
    for asking in [good(place).without("connection"), good(place).with("connection", "close")] {
        assert_eq!(answer(place, asking).await.status, 400);
    }
    let listed = good(place).with("connection", "keep-alive, Upgrade");
    assert_eq!(answer(place, listed).await.status, 101);
}

async fn no_key(place: &Place) {
    let refused = answer(place, good(place).without("sec-websocket-key")).await;
    assert_eq!(refused.status, 400);
    assert!(refused.body.contains("Sec-WebSocket-Key"), "{refused:?}");
}

async fn origin_refused(place: &Place) {
    let path = format!("/jakarta/{}", place.tag());
    let mut witness = place.at(&path).await;
    for origin in ["https://elsewhere.example", "null", "http://127.0.0.1:1"] {
        let refused = answer(place, http::handshake(&path).with("origin", origin)).await;
        assert_eq!(refused.status, 403, "{origin}: {refused:?}");
    }
    assert_eq!(witness.ask("tagged").await, "1");
}

async fn origin_own(place: &Place) {
    let own = format!("http://{}", place.host.address());
    assert_eq!(answer(place, good(place).with("origin", &own)).await.status, 101);
}

async fn origin_listed(place: &Place) {
    for (origin, status) in [("https://friend.example", 101), ("https://foe.example", 403)] {
        let asking = http::handshake("/jakarta-origin/x").with("origin", origin);
        assert_eq!(answer(place, asking).await.status, status, "{origin}");
    }
}

async fn origin_required(place: &Place) {
    assert_eq!(answer(place, good(place)).await.status, 101);
    let refused = answer(place, http::handshake("/jakarta-origin/x")).await;
    assert_eq!(refused.status, 403);
    assert!(refused.body.contains("`Origin` is missing"), "{refused:?}");
}

/// What is chosen of this offer; the endpoint speaks `b` and `a`.
async fn chosen(place: &Place, offer: &str) -> Option<String> {
    let accepted = answer(place, good(place).with("sec-websocket-protocol", offer)).await;
    assert_eq!(accepted.status, 101, "{offer}");
    accepted.header("sec-websocket-protocol").map(str::to_owned)
}

async fn subprotocol_first(place: &Place) {
    for (offer, expected) in [("a, b", "a"), ("b, a", "b"), ("z, a, b", "a"), ("b", "b")] {
        assert_eq!(chosen(place, offer).await.as_deref(), Some(expected), "{offer}");
    }
}

async fn subprotocol_mismatch(place: &Place) {
    for offer in ["z", "A", "z, y", "ab"] {
        assert_eq!(chosen(place, offer).await, None, "{offer}");
    }
}

async fn subprotocol_not_offered(place: &Place) {
    let accepted = answer(place, good(place)).await;
    assert_eq!((accepted.status, accepted.header("sec-websocket-protocol")), (101, None));
}

/// What is agreed on where this is offered.
async fn agreed(place: &Place, offer: &str) -> Option<String> {
    let accepted = answer(place, good(place).with("sec-websocket-extensions", offer)).await;
    assert_eq!(accepted.status, 101, "{offer}");
    accepted.header("sec-websocket-extensions").map(str::to_owned)
}

async fn extension(place: &Place) {
    let agreed = agreed(place, "permessage-deflate; client_max_window_bits").await;
    let agreed = agreed.expect("it is agreed on");
    assert!(agreed.starts_with("permessage-deflate"), "{agreed}");
}

async fn extension_not_offered(place: &Place) {
    let accepted = answer(place, good(place)).await;
    assert_eq!((accepted.status, accepted.header("sec-websocket-extensions")), (101, None));
}

async fn extension_unknown(place: &Place) {
    assert_eq!(agreed(place, "x-unknown").await, None);
    assert_eq!(agreed(place, "x-unknown; a=b, y-unknown").await, None);
    let beside = agreed(place, "x-unknown, permessage-deflate").await.expect("it is agreed on");
    assert!(!beside.contains("x-unknown"), "{beside}");
}

async fn extension_declined(place: &Place) {
    for bad in ["unheard_of", "server_max_window_bits=16", "server_no_context_takeover=1"] {
        assert_eq!(agreed(place, &format!("permessage-deflate; {bad}")).await, None, "{bad}");
        let both = format!("permessage-deflate; {bad}, permessage-deflate");
        assert!(agreed(place, &both).await.is_some(), "{bad}");
    }
}

async fn extension_required(place: &Place) {
    let path = "/jakarta-deflate/x";
    let refused = answer(place, http::handshake(path)).await;
    assert_eq!(refused.status, 400);
    assert!(refused.body.contains("permessage-deflate"), "{refused:?}");
    let offering = http::handshake(path).with("sec-websocket-extensions", "permessage-deflate");
    assert_eq!(answer(place, offering).await.status, 101);
}

async fn early(place: &Place) {
    // A masked text "echo x" whose mask is zero.
    let behind = [&[0x81, 0x86, 0, 0, 0, 0][..], b"echo x"].concat();
    let path = format!("/jakarta/{}", place.tag());
    let address = place.host.address();
    let mut client = RawClient::connect_and_write(address, &path, &behind).await;
    assert_eq!(client.receive().await.payload, b"x");
}

async fn http2(place: &Place) {
    let tcp = TcpStream::connect(place.host.address()).await.expect("the host listens");
    let http2 = Http2::over(tcp, &format!("http://{}", place.host.address())).await;
    let path = format!("/jakarta/{}?q", place.tag());
    let mut client = http2.open(&path).await;
    assert_eq!(client.ask("uri").await, place.url(&path));
    assert_eq!(client.close(Some((4000, "done"))).await.code, 4000);
}
