//! What a handshake agrees on: extensions that a guest keeps or leaves out, and who the peer is.

use sockhop_tests::{RawClient, TestHost, http};

const OFFER: (&str, &str) = ("sec-websocket-extensions", "x-unknown; a=1, permessage-deflate");

async fn hosts() -> [TestHost; 2] {
    let shared = TestHost::builder().guest("configured").shared("configured").start().await;
    [TestHost::with_guests(["configured"]).await, shared]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_knows_what_was_agreed_on() {
    for host in hosts().await {
        for path in ["/configured", "/configured?do=same"] {
            let mut client = host.connect_with(path, &[OFFER]).await;
            let answer = client.response_header("sec-websocket-extensions").map(str::to_owned);
            assert!(answer.expect("agreed").starts_with("permessage-deflate"));
            let seen = client.ask("who").await;
            assert!(seen.starts_with(r#"["permessage-deflate; server_no_context_takeover=None"#));
            assert!(seen.ends_with("None admin=false"), "{seen}");
        }
        let mut client = host.connect("/configured").await;
        assert_eq!(client.ask("who").await, "[] None admin=false");
        let request = http::handshake("/configured?do=offered").with(OFFER.0, OFFER.1);
        let answer = request.send(host.address()).await;
        assert_eq!(answer.body, r#"x-unknown; a=Some("1") | permessage-deflate"#);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_guest_leaves_out_is_neither_answered_nor_used() {
    for host in hosts().await {
        let mut client = host.connect_with("/configured?do=plain", &[OFFER]).await;
        assert_eq!(client.response_header("sec-websocket-extensions"), None);
        assert_eq!(client.ask("who").await, "[] None admin=false");
        // A compressed message breaks the protocol now: RSV1 belongs to nobody.
        let field = format!("{}: {}\r\n", OFFER.0, OFFER.1);
        let path = "/configured?do=plain";
        let raw = RawClient::connect_with(host.address(), path, &field).await;
        let mut raw = raw.expect("accepted");
        raw.send(0xc1, &[0x00]).await;
        let close = raw.receive().await;
        assert_eq!((close.first, &close.payload[..2]), (0x88, &1002_u16.to_be_bytes()[..]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_agreed_on_or_is_required_is_500_and_in_the_log() {
    let config = "[deployment.configured.compression]\npermessage_deflate = \"required\"";
    let required = TestHost::builder().guest("configured").config(config).start().await;
    let host = TestHost::with_guests(["configured"]).await;
    for (host, what, told) in [
        (&host, "unknown", "\"x-mine\""),
        (&host, "big", "the principal takes 4097 bytes"),
        (&required, "plain", "is required by the operator"),
    ] {
        let request = http::handshake(&format!("/configured?do={what}")).with(OFFER.0, OFFER.1);
        let answer = request.send(host.address()).await;
        assert_eq!(answer.status, 500, "{what}: {answer:?}");
        host.log_line("configured", |line| line.contains("500") && line.contains(told)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_principal_is_known_to_every_handle_and_to_the_operator() {
    for host in hosts().await {
        let mut client = host.connect("/configured?do=principal").await;
        let seen = client.ask("who").await;
        assert_eq!(seen, r#"[] Some("ada [\"admin\", \"speaker\"]") admin=true"#);
        let sessions = host.sessions().await;
        let principal = sessions[0].principal.as_ref().expect("shown");
        let roles: Vec<_> = principal.roles.iter().map(String::as_str).collect();
        assert_eq!((principal.name.as_str(), &roles[..]), ("ada", &["admin", "speaker"][..]));
    }
}
