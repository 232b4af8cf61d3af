//! What the test kit that this is modelled on does not ask, and an endpoint has to rely on.

use sockhop_tests::tls::TlsClient;
use sockhop_tests::{Client, RawClient, http, within};

use super::field::deflate;
use super::place::{Place, end};
use super::runner::scenarios;

const TEXT: u8 = 0x81;

scenarios! {
    "gaps.open-first" ("2.1") open_first: "nothing is delivered before `open` has returned",
    "gaps.one-at-a-time" ("5.1-1") one_at_a_time:
        "while one message is worked on the next one waits, whoever sent it",
    "gaps.pieces-in-order" ("5.1.5") pieces_in_order:
        "pieces of a message come one after the other, without those of another",
    "gaps.utf8-over-frames" ("RFC 6455 5.6") utf8_over_frames both:
        "a character that is cut by frames is whole in the message",
    "gaps.utf8-over-pieces" ("2.10") utf8_over_pieces: "no piece of a text ends inside a character",
    "gaps.rules" ("2.3") rules both:
        "each broken rule of the framing is 1002, which the guest is told",
    "gaps.unmasked" ("2.3") unmasked: "a frame without a mask is 1002",
    "gaps.no-utf8" ("2.3") no_utf8 both: "a text that is not UTF-8 is 1007, at its first bad byte",
    "gaps.no-deflate" ("RFC 7692") no_deflate: "data that is not DEFLATE is 1007",
    "gaps.bad-phrase" ("2.3") bad_phrase both: "a phrase that is not UTF-8 is 1007",
    "gaps.bomb" ("2.5") bomb: "what is inflated counts: a bomb is 1009 and takes no memory",
    "gaps.offers" ("RFC 7692 7.1") offers: "each parameter of an offer is answered as it has to be",
    "gaps.cpu" ("sandbox") cpu:
        "a guest that computes without end is ended with 1011, and nobody else",
    "gaps.memory" ("sandbox") memory:
        "a guest that takes all memory is ended with 1011, and nobody else",
    "gaps.wait" ("sandbox") wait:
        "a guest that waits without end is ended with 1011, and nobody else",
    "gaps.refusals-say-why" ("2.7") refusals_say_why:
        "each refusal has a body that names its cause",
    "gaps.encrypted" ("8.3-2") encrypted: "a session over TLS is served as any other, to its end",
}

async fn open_first(place: &Place) {
    let path = format!("/jakarta/{}?open=slow", place.tag());
    // A masked text "echo x" and a pong "p", both with a mask of zeros.
    let behind = [&[TEXT, 0x86, 0, 0, 0, 0][..], b"echo x", &[0x8a, 0x81, 0, 0, 0, 0], b"p"];
    let address = place.host.address();
    let mut client = RawClient::connect_and_write(address, &path, &behind.concat()).await;
    for expected in ["opened", "x", "pong p"] {
        let payload = client.receive().await.payload;
        assert_eq!(String::from_utf8(payload).expect("a text"), expected);
    }
}

async fn one_at_a_time(place: &Place) {
    let (mut witness, mut client) = place.two().await;
    let id = client.ask("id").await;
    for number in 0..5 {
        client.send("work 20").await;
        client.send(format!("echo {number}")).await;
        witness.send(format!("tell {id} other {number}")).await;
    }
    assert_eq!(witness.ask("echo done").await, "done");
    // In the middle of others', in its own order.
    let mut own = Vec::new();
    let mut others = Vec::new();
    for _ in 0..10 {
        let text = client.text().await;
        if text.starts_with("other ") { others.push(text) } else { own.push(text) }
    }
    assert_eq!(own, ["0", "1", "2", "3", "4"]);
    assert_eq!(others, ["other 0", "other 1", "other 2", "other 3", "other 4"]);
}

async fn pieces_in_order(place: &Place) {
    let mut client = place.host.connect("/jakarta-parts/x").await;
    let kinds = [vec![1_u8; 150_000], vec![2; 150_000], vec![3; 10]];
    for bytes in &kinds {
        client.send(bytes.clone()).await;
    }
    for bytes in kinds {
        let byte = u64::from(bytes[0]);
        let mut length = 0;
        loop {
            let text = client.text().await;
            let words: Vec<_> = text.split(' ').collect();
            let [_, "binary", piece, sum, last] = words[..] else { panic!("no piece: {text}") };
            let piece: u64 = piece.parse().expect("a length");
            assert_eq!(sum.parse::<u64>(), Ok(piece * byte), "a piece of another message: {text}");
            length += piece;
            if last == "true" {
                break;
            }
        }
        assert_eq!(length, bytes.len() as u64);
    }
}

async fn utf8_over_frames(place: &Place) {
    let (_witness, mut client) = place.two_raw("/jakarta").await;
    let text = "echo é\u{1f57a}";
    let mut first = 0x01;
    for byte in text.bytes() {
        client.send(first, &[byte]).await;
        first = 0x00;
    }
    client.send(0x80, b"").await;
    assert_eq!(client.receive().await.payload, "é\u{1f57a}".as_bytes());
}

async fn utf8_over_pieces(place: &Place) {
    let mut client = place.raw("/jakarta-parts/x").await;
    // Three bytes each, in frames that cut them all in other places.
    let text = "\u{20ac}".repeat(60_000);
    let sum: u64 = text.bytes().map(u64::from).sum();
    let mut first = 0x01;
    for part in text.as_bytes().chunks(1000) {
        client.send(first, part).await;
        first = 0x00;
    }
    client.send(0x80, b"").await;
    let (mut found, mut length) = (0, 0);
    loop {
        let told = String::from_utf8(client.receive().await.payload).expect("a text");
        let words: Vec<_> = told.split(' ').collect();
        let [_, "text", piece, sum, last] = words[..] else { panic!("no piece: {told}") };
        let piece: usize = piece.parse().expect("a length");
        assert!(piece.is_multiple_of(3), "it ends inside a character: {told}");
        length += piece;
        found += sum.parse::<u64>().expect("a sum");
        if last == "true" {
            break;
        }
    }
    assert_eq!((length, found), (text.len(), sum));
}

/// How the session ends of a peer that sends these frames: the code for the peer, and the event.
async fn ends(place: &Place, frames: &[(u8, &[u8])]) -> (u16, String) {
    let (mut witness, mut client) = place.two_raw("/jakarta").await;
    for (first, payload) in frames {
        client.send(*first, payload).await;
    }
    (client.closed().await.code, end(&mut witness).await)
}

async fn rules(place: &Place) {
    for frames in [
        &[(0xc1, &b"x"[..])][..],
        &[(0xa1, b"x")],
        &[(0x91, b"x")],
        &[(0x83, b"x")],
        &[(0x8b, b"x")],
        &[(0x09, b"x")],
        &[(0x89, &[0; 126])],
        &[(0x08, b"")],
        &[(0x80, b"x")],
        &[(0x01, b"x"), (0x81, b"y")],
        &[(0x88, b"\x03")],
    ] {
        let (code, event) = ends(place, frames).await;
        assert_eq!(code, 1002, "{frames:?}");
        assert!(event.starts_with("Peer ProtocolError sent=Some(1002) "), "{frames:?}: {event}");
        assert!(event.ends_with(" code=1002"), "{frames:?}: {event}");
    }
}

async fn unmasked(place: &Place) {
    let (mut witness, mut client) = place.two_raw("/jakarta").await;
    client.send_unmasked(TEXT, b"echo naked").await;
    assert_eq!(client.closed().await.code, 1002);
    assert!(end(&mut witness).await.starts_with("Peer ProtocolError sent=Some(1002) "));
}

async fn no_utf8(place: &Place) {
    for frames in [
        &[(TEXT, &b"a\xffb"[..])][..],
        &[(TEXT, b"\xed\xa0\x80")],
        &[(TEXT, b"\xc0\xaf")],
        &[(TEXT, b"f\xc3")],
        &[(0x01, b"f"), (0x80, b"\xc3")],
        // The rest of this message never comes.
        &[(0x01, b"f\xff")],
    ] {
        let (code, event) = ends(place, frames).await;
        assert_eq!(code, 1007, "{frames:?}");
        assert!(event.starts_with("Peer InvalidPayload sent=Some(1007) "), "{frames:?}: {event}");
    }
}

/// A connection by hand that has agreed on compression.
async fn compressed(place: &Place, path: &str) -> RawClient {
    let offer = "Sec-WebSocket-Extensions: permessage-deflate\r\n";
    RawClient::connect_with(place.host.address(), path, offer).await.expect("a session")
}

async fn no_deflate(place: &Place) {
    let mut client = compressed(place, &format!("/jakarta/{}", place.tag())).await;
    client.send(0xc2, &[0xff; 64]).await;
    assert_eq!(client.closed().await.code, 1007);
}

async fn bad_phrase(place: &Place) {
    let (code, event) = ends(place, &[(0x88, b"\x03\xe8\xff")]).await;
    assert_eq!(code, 1007);
    assert!(event.starts_with("Peer InvalidPayload sent=Some(1007) "), "{event}");
}

async fn bomb(place: &Place) {
    let bomb = deflate(&vec![0; 64 << 20]);
    assert!(bomb.len() < 1 << 17, "{} bytes", bomb.len());
    let before = place.host.resident_bytes();
    let mut client = compressed(place, &format!("/jakarta/{}", place.tag())).await;
    client.send(0xc2, &bomb).await;
    assert_eq!(client.closed().await.code, 1009);
    // Other scenarios run meanwhile; what the bomb holds would be there beside theirs.
    let grown = place.host.resident_bytes().saturating_sub(before);
    assert!(grown < 256 << 20, "the host has grown by {grown} bytes");
}

async fn offers(place: &Place) {
    for (offer, wanted) in [
        ("permessage-deflate", &["permessage-deflate"][..]),
        ("permessage-deflate; server_no_context_takeover", &["server_no_context_takeover"]),
        ("permessage-deflate; client_no_context_takeover", &["client_no_context_takeover"]),
        ("permessage-deflate; server_max_window_bits=10", &["server_max_window_bits=10"]),
        ("permessage-deflate; server_max_window_bits=\"10\"", &["server_max_window_bits=10"]),
        ("permessage-deflate; server_max_window_bits=9", &["server_max_window_bits=9"]),
    ] {
        let path = format!("/jakarta/{}", place.tag());
        let asking = http::handshake(&path).with("sec-websocket-extensions", offer);
        let answer = asking.send(place.host.address()).await;
        let agreed = answer.header("sec-websocket-extensions").unwrap_or_default();
        for word in wanted {
            assert!(agreed.contains(word), "{offer}: {agreed:?}");
        }
        // What a server may not ask of a client that has not offered it (RFC 7692 §7.1.2.2).
        assert!(!agreed.contains("client_max_window_bits"), "{offer}: {agreed:?}");
    }
}

/// Has a guest do this, which ends it, beside another deployment's session.
async fn ended(place: &Place, guest: &str, word: &str, told: &str) {
    let mut other = place.host.connect("/echo").await;
    assert_eq!(other.ask("before").await, "before");
    let path = sockhop_tests::zoo::path(guest);
    let mut client = place.host.connect(&path).await;
    client.send(word).await;
    assert_eq!(other.ask("meanwhile").await, "meanwhile");
    assert_eq!(client.closed().await.code, 1011);
    place.host.log_line(guest, |line| line.contains(told)).await;
    assert_eq!(other.ask("after").await, "after");
    assert_eq!(place.host.connect(&path).await.ask("the next").await, "the next");
}

async fn cpu(place: &Place) {
    let told = "computed for too long in endpoint.on-message";
    ended(place, "loops_forever", "loop", told).await;
}

async fn memory(place: &Place) {
    let told = "ran out of memory in endpoint.on-message";
    ended(place, "allocates_forever", "eat", told).await;
}

async fn wait(place: &Place) {
    ended(place, "sleeps", "sleep", "waited for too long in endpoint.on-message").await;
}

async fn refusals_say_why(place: &Place) {
    let good = || http::handshake("/echo");
    for (asking, status, word) in [
        (http::handshake("/nowhere"), 404, "No endpoint is deployed"),
        (http::get("/echo"), 426, "WebSocket"),
        (good().without("sec-websocket-key"), 400, "Sec-WebSocket-Key"),
        (good().with("origin", "https://elsewhere.example"), 403, "elsewhere.example"),
    ] {
        let answer = asking.send(place.host.address()).await;
        assert_eq!(answer.status, status, "{answer:?}");
        assert!(answer.body.contains(word), "{word}: {answer:?}");
    }
}

async fn encrypted(place: &Place) {
    let address = place.host.encrypted().await;
    let path = format!("/jakarta/{}", place.tag());
    let mut witness = place.at(&path).await;
    let stream = within("TLS", TlsClient::trusting(&place.authority).connect(address)).await;
    let uri = format!("wss://{address}{path}");
    let mut client = Client::over(stream.expect("trusted"), &uri, &[]).await;
    assert_eq!(client.ask("uri").await, uri);
    let long = "é".repeat(100_000);
    assert_eq!(client.ask(&format!("echo {long}")).await, long);
    client.send("close 4001 done").await;
    assert_eq!(client.closed().await.code, 4001);
    assert!(end(&mut witness).await.ends_with(" clean=true code=4001"));
}
