//! Encrypted connections: certificates, those of clients, and what replaces them.

use std::fs;

use rustix::process::Signal;
use serde_json::{Value, json};
use sockhop_tests::tls::{Authority, TlsClient, shown, spoken};
use sockhop_tests::{Client, Http2, TestHost, TestHostBuilder, eventually, within};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A host that listens over TLS besides, with a pair of this authority.
fn encrypting(authority: &Authority) -> TestHostBuilder {
    let builder = TestHost::builder().guest("echo").args(["--listen", "wss://127.0.0.1:0"]);
    authority.sign().write(builder.folder());
    builder.config("[tls]\ncertificate = \"host.crt\"\nkey = \"host.key\"")
}

async fn session(
    client: &TlsClient,
    host: &TestHost,
) -> Client<impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + use<>> {
    let stream = client.connect(host.encrypted().await).await.expect("trusted");
    Client::over(stream, "wss://localhost/echo", &[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_encrypted_and_its_uri_says_so() {
    let authority = Authority::new();
    let host = encrypting(&authority).start().await;
    let client = TlsClient::trusting(&authority);
    let mut encrypted = session(&client, &host).await;
    assert_eq!(encrypted.ask("secret").await, "secret");
    let large = "x".repeat(300 << 10);
    assert_eq!(encrypted.ask(&large).await, large);
    // Beside it the other listener goes on without.
    let mut plain = host.connect("/echo").await;
    assert_eq!(plain.ask("open").await, "open");
    let mut uris: Vec<_> = host.sessions().await.into_iter().map(|row| row.uri).collect();
    uris.sort();
    assert_eq!(uris, [format!("ws://{}/echo", host.address()), "wss://localhost/echo".to_owned()]);
    host.signal(Signal::TERM);
    assert_eq!(encrypted.closed().await.code, 1001);
    host.ended().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_origin_of_a_page_is_https() {
    let authority = Authority::new();
    let host = encrypting(&authority).start().await;
    for (origin, status) in [("https://localhost", "101"), ("http://localhost", "403")] {
        let client = TlsClient::trusting(&authority);
        let mut stream = client.connect(host.encrypted().await).await.expect("trusted");
        let request = format!(
            "GET /echo HTTP/1.1\r\nhost: localhost\r\norigin: {origin}\r\nconnection: upgrade\r\n\
             upgrade: websocket\r\nsec-websocket-version: 13\r\n\
             sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.expect("the host reads");
        let mut answer = [0; 12];
        within("an answer", stream.read_exact(&mut answer)).await.expect("enough");
        assert_eq!(&answer, format!("HTTP/1.1 {status}").as_bytes(), "{origin}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_protocol_is_agreed_upon_by_name() {
    let authority = Authority::new();
    let host = encrypting(&authority).start().await;
    let address = host.encrypted().await;
    let client = TlsClient::trusting(&authority);
    for (offered, agreed) in [
        (&["h2", "http/1.1"][..], Some("h2")),
        (&["http/1.1", "h2"], Some("h2")),
        (&["http/1.1"], Some("http/1.1")),
        (&[], None),
    ] {
        let stream = client.clone().speaking(offered).connect(address).await.expect("trusted");
        assert_eq!(spoken(&stream), agreed, "{offered:?}");
    }
    let stream = client.speaking(&["h2"]).connect(address).await.expect("trusted");
    let http2 = Http2::over(stream, "https://localhost").await;
    let mut session = http2.open("/echo").await;
    assert_eq!(session.ask("over one stream").await, "over one stream");
    assert_eq!(host.sessions().await[0].uri, "wss://localhost/echo");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pair_is_followed_when_its_folder_is_replaced() {
    let authorities = [(); 4].map(|()| Authority::new());
    let builder = TestHost::builder().guest("echo").args(["--listen", "wss://127.0.0.1:0"]);
    let folder = builder.folder().to_owned();
    let write = |authority: &Authority, name: &str| {
        fs::create_dir_all(folder.join(name)).expect("our own folder");
        authority.sign().write(&folder.join(name));
    };
    let rename = |from: &str, to: &str| {
        fs::rename(folder.join(from), folder.join(to)).expect("our own folder");
    };
    write(&authorities[0], "pair");
    let tls = "[tls]\ncertificate = \"pair/host.crt\"\nkey = \"pair/host.key\"";
    let host = builder.config(tls).start().await;
    let address = host.encrypted().await;
    for (number, authority) in authorities.iter().enumerate().skip(1) {
        if number < 3 {
            write(authority, "new");
            rename("pair", &format!("old-{number}"));
            rename("new", "pair");
        } else {
            // What is in the new folder is watched as well.
            write(authority, "pair");
        }
        let client = TlsClient::trusting(authority);
        eventually("the new pair", async || client.connect(address).await.ok()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_pair_is_used_and_open_sessions_notice_nothing() {
    let (first, second) = (Authority::new(), Authority::new());
    let host = encrypting(&first).start().await;
    let mut before = session(&TlsClient::trusting(&first), &host).await;
    let pair = second.sign();
    pair.write(host.folder());
    let address = host.encrypted().await;
    let client = TlsClient::trusting(&second);
    // By the change of the files alone.
    let stream = eventually("the new pair", async || client.connect(address).await.ok()).await;
    assert_eq!(shown(&stream), pair.der());
    assert!(TlsClient::trusting(&first).connect(address).await.is_err(), "the old one is gone");
    assert_eq!(before.ask("still here").await, "still here");
    assert_eq!(session(&client, &host).await.ask("new").await, "new");
    host.signal(Signal::HUP);
    eventually("an answer to the signal", async || {
        host.stderr().contains("the certificate's files are as they were").then_some(())
    })
    .await;
    assert_eq!(before.ask("and still").await, "and still");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_pair_is_logged_and_the_old_one_stays() {
    let authority = Authority::new();
    let host = encrypting(&authority).start().await;
    let mut before = session(&TlsClient::trusting(&authority), &host).await;
    fs::write(host.folder().join("host.key"), "no key").expect("our own folder");
    let told = "the certificate is not replaced, and the old one stays";
    eventually("the reason in the log", async || host.stderr().contains(told).then_some(())).await;
    let log = host.stderr();
    assert!(log.contains("host.key holds no private key; name a PEM file in tls.key"), "{log}");
    assert_eq!(before.ask("still here").await, "still here");
    let mut after = session(&TlsClient::trusting(&authority), &host).await;
    assert_eq!(after.ask("the old pair").await, "the old pair");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_sees_who_its_peer_has_proved_to_be() {
    let authority = Authority::new();
    let builder = encrypting(&authority).guest("handshaker");
    fs::write(builder.folder().join("clients.crt"), authority.pem()).expect("our own folder");
    let asked = "client_ca = \"clients.crt\"\nclient_auth = \"optional\"";
    let host = builder.config(asked).start().await;
    let own = authority.sign();
    let known = TlsClient::trusting(&authority).showing(&own);
    let stream = known.connect(host.encrypted().await).await.expect("trusted");
    let peer = stream.get_ref().0.local_addr().expect("an address").to_string();
    let mut client = Client::over(stream, "wss://localhost/handshaker/a/b", &[]).await;
    let seen: Value = serde_json::from_str(&client.ask("what").await).expect("JSON");
    let request = &seen["request"];
    assert_eq!(request["secure"], json!(true));
    assert_eq!(request["peer"], json!(peer));
    assert_eq!(request["local"], json!(host.encrypted().await.to_string()));
    assert_eq!(request["client_certificates"][0], json!(own.der()));
    let mut plain = host.connect("/handshaker/a/b").await;
    let seen: Value = serde_json::from_str(&plain.ask("what").await).expect("JSON");
    assert_eq!(seen["request"]["secure"], json!(false));
    assert_eq!(seen["request"]["client_certificates"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_show_certificates_where_they_have_to() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    for (word, without) in [("optional", true), ("required", false)] {
        let builder = encrypting(&authority);
        fs::write(builder.folder().join("clients.crt"), authority.pem()).expect("our own folder");
        let asked = format!("client_ca = \"clients.crt\"\nclient_auth = \"{word}\"");
        let host = builder.config(&asked).start().await;
        let client = TlsClient::trusting(&authority);
        let known = client.clone().showing(&authority.sign());
        assert_eq!(session(&known, &host).await.ask("known").await, "known");
        assert_eq!(is_let_in(&client, &host).await, without, "{word}");
        let unknown = client.showing(&stranger.sign());
        assert!(!is_let_in(&unknown, &host).await, "{word}");
    }
}

/// In TLS 1.3 the client's handshake is done before the host has judged its certificate.
async fn is_let_in(client: &TlsClient, host: &TestHost) -> bool {
    let Ok(mut stream) = client.connect(host.encrypted().await).await else {
        return false;
    };
    let request = "GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    let mut answer = Vec::new();
    let written = stream.write_all(request.as_bytes()).await;
    let read = within("an answer", stream.read_to_end(&mut answer)).await;
    written.is_ok() && read.is_ok() && answer.starts_with(b"HTTP/1.1 404 ")
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_encrypt_is_not_waited_for() {
    let authority = Authority::new();
    let host = encrypting(&authority).config("handshake_timeout = \"100ms\"").start().await;
    for begun in ["", "GET / HTTP/1.1\r\nhost: a.example\r\n\r\n", "\x16\x03\x01\x02\0\x01"] {
        let mut tcp = TcpStream::connect(host.encrypted().await).await.expect("it listens");
        tcp.write_all(begun.as_bytes()).await.expect("the host reads");
        let mut answer = Vec::new();
        let _reset = within("the connection's end", tcp.read_to_end(&mut answer)).await;
        assert!(!answer.starts_with(b"HTTP/"), "{begun:?}: {}", answer.escape_ascii());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_encrypt_is_told_before_anything_is_bound() {
    let encrypted = ["--listen", "wss://127.0.0.1:0"];
    let told = TestHost::builder().args(encrypted).fail().await.failed_in_one_line(78);
    assert!(told.contains("wss://127.0.0.1:0 needs a certificate; set tls.certificate"), "{told}");

    let tls = "[tls]\ncertificate = \"host.crt\"\nkey = \"host.key\"";
    let host = TestHost::builder().args(encrypted).config(tls);
    let told = host.fail().await.failed_in_one_line(78);
    assert!(told.contains("host.crt, which tls.certificate names"), "{told}");

    let builder = TestHost::builder().args(encrypted).config(tls);
    Authority::new().sign().write(builder.folder());
    let other = Authority::new().sign();
    let folder = builder.folder().join("other");
    fs::create_dir(&folder).expect("our own folder");
    other.write(&folder);
    fs::copy(folder.join("host.key"), builder.folder().join("host.key")).expect("written");
    let told = builder.fail().await.failed_in_one_line(78);
    assert!(told.contains("name the files of one pair"), "{told}");
}
