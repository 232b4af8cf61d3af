//! Peers that break RFC 6455, and the code that each is closed with.

use sockhop_tests::{RawClient, TestHost};

/// What a peer sends: for each frame its first byte and its payload.
type Frames<'a> = &'a [(u8, &'a [u8])];

/// Sends the frames on a connection of their own; the code of the close that follows.
async fn closed_by(host: &TestHost, frames: Frames<'_>) -> u16 {
    let mut client = RawClient::connect(host.address(), "/observer").await;
    for (first, payload) in frames {
        client.send(*first, payload).await;
    }
    client.closed().await.code
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_rule_is_1002() {
    let host = TestHost::with_guests(["observer"]).await;
    let mut log = host.follow("observer");
    let cases: [(&str, Frames<'_>); 11] = [
        ("RSV1 without an extension", &[(0xc1, b"x")]),
        ("RSV2", &[(0xa1, b"x")]),
        ("RSV3", &[(0x91, b"x")]),
        ("data opcode 3", &[(0x83, b"x")]),
        ("control opcode 11", &[(0x8b, b"x")]),
        ("a ping in fragments", &[(0x09, b"x")]),
        ("a ping of 126 bytes", &[(0x89, &[0; 126])]),
        ("a Close in fragments", &[(0x08, b"")]),
        ("a continuation of nothing", &[(0x80, b"x")]),
        ("a message inside another", &[(0x01, b"x"), (0x81, b"y")]),
        ("a Close with half a code", &[(0x88, b"\x03")]),
    ];
    for (what, frames) in cases {
        assert_eq!(closed_by(&host, frames).await, 1002, "{what}");
        let told = log.containing("closed initiator=").await;
        for part in ["initiator=Peer", "cause=ProtocolError", "sent=Some(1002)", "code=1002"] {
            assert!(told.contains(part), "{what}: {told}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_close_with_a_code_that_nobody_may_send_is_1002() {
    let host = TestHost::with_guests(["observer"]).await;
    for code in [0_u16, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535] {
        assert_eq!(closed_by(&host, &[(0x88, &code.to_be_bytes())]).await, 1002, "{code}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_without_a_mask_is_1002() {
    let host = TestHost::with_guests(["observer"]).await;
    let mut client = RawClient::connect(host.address(), "/observer").await;
    client.send_unmasked(0x81, b"naked").await;
    assert_eq!(client.closed().await.code, 1002);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_is_not_utf8_is_1007() {
    let host = TestHost::with_guests(["observer"]).await;
    let mut log = host.follow("observer");
    let cases: [(&str, Frames<'_>); 5] = [
        ("a byte that no text has", &[(0x81, b"a\xffb")]),
        ("a surrogate", &[(0x81, b"\xed\xa0\x80")]),
        ("an overlong slash", &[(0x81, b"\xc0\xaf")]),
        ("a character that is cut off", &[(0x81, b"f\xc3")]),
        (
            "a character that is cut off at the end of the fragments",
            &[(0x01, b"f"), (0x80, b"\xc3")],
        ),
    ];
    for (what, frames) in cases {
        assert_eq!(closed_by(&host, frames).await, 1007, "{what}");
        let told = log.containing("closed initiator=").await;
        for part in ["initiator=Peer", "cause=InvalidPayload", "sent=Some(1007)", "code=1007"] {
            assert!(told.contains(part), "{what}: {told}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phrase_that_is_not_utf8_is_1007() {
    let host = TestHost::with_guests(["observer"]).await;
    assert_eq!(closed_by(&host, &[(0x88, b"\x03\xe8\xff")]).await, 1007);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limit_on_messages_holds_at_it_and_one_past_it() {
    const LIMIT: usize = 64 * 1024;
    let host = TestHost::with_guests(["observer"]).await;
    let mut log = host.follow("observer");
    let mut client = host.connect("/observer").await;
    client.send(vec![1; LIMIT]).await;
    assert_eq!(client.next().await.len(), LIMIT);
    // A text is measured in bytes of UTF-8.
    client.send("é".repeat(LIMIT / 2)).await;
    assert_eq!(client.text().await.len(), LIMIT);

    let (half, rest) = ([0; LIMIT / 2], [0; LIMIT / 2 + 1]);
    let cases: [(&str, Frames<'_>); 2] = [
        ("in one frame", &[(0x82, &[0; LIMIT + 1])]),
        ("in fragments", &[(0x02, &half), (0x80, &rest)]),
    ];
    for (what, frames) in cases {
        assert_eq!(closed_by(&host, frames).await, 1009, "{what}");
        let told = log.containing("closed initiator=").await;
        for part in ["initiator=Peer", "cause=MessageTooBig", "sent=Some(1009)", "code=1009"] {
            assert!(told.contains(part), "{what}: {told}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_length_that_is_announced_is_enough_for_1009() {
    const ANNOUNCED: [u64; 2] = [200 << 20, 1 << 62];
    let host = TestHost::with_guests(["observer"]).await;
    let before = host.resident_bytes();
    for announced in ANNOUNCED {
        let mut client = RawClient::connect(host.address(), "/observer").await;
        // A head and a mask, of whose payload nothing follows.
        let length = announced.to_be_bytes();
        client.write(&[&[0x82, 0xff], &length[..], &[1, 2, 3, 4]].concat()).await;
        assert_eq!(client.receive().await.payload[..2], 1009_u16.to_be_bytes());
        // While the connection is still there, and what was taken for it as well.
        let grown = host.resident_bytes().saturating_sub(before);
        assert!(grown < 64 << 20, "memory was taken for what was only announced: {grown} bytes");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operators_limit_holds_where_it_is_lower() {
    let host =
        TestHost::builder().guest("echo").config("[limits]\nmessage = \"1 KiB\"").start().await;
    let mut client = host.connect("/echo").await;
    client.send(vec![1; 1024]).await;
    assert_eq!(client.next().await.len(), 1024);
    client.send(vec![1; 1025]).await;
    assert_eq!(client.closed().await.code, 1009);
}
