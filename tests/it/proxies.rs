//! Who is behind a proxy: PROXY headers and forwarded fields, from those that are named and from
//! others.

use sockhop_tests::tls::{Authority, TlsClient};
use sockhop_tests::{Client, TestHost, eventually, http, within};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const V1: &[u8] = b"PROXY TCP4 192.0.2.7 198.51.100.1 4711 443\r\n";

/// The same in version 2, from a proxy that has ended TLS.
const V2: &[u8] =
    b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x14\xc0\0\x02\x07\xc6\x33\x64\x01\x12\x67\x01\xbb\
                    \x20\0\x05\x01\0\0\0\0";

/// A connection that begins with these bytes.
async fn begin(host: &TestHost, bytes: &[u8]) -> TcpStream {
    let mut tcp = TcpStream::connect(host.address()).await.expect("the host listens");
    tcp.write_all(bytes).await.expect("the host reads");
    tcp
}

/// A session over a connection; its peer and its URI as the operator sees them.
async fn session_over(host: &TestHost, tcp: TcpStream) -> (String, String) {
    let mut client = Client::over(tcp, "ws://a.example/echo", &[]).await;
    assert_eq!(client.ask("hello").await, "hello");
    let mut sessions = host.sessions().await;
    client.close(None).await;
    eventually("the session's end", async || host.sessions().await.is_empty().then_some(())).await;
    let session = sessions.pop().expect("a session");
    (session.peer, session.uri)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_header_says_whose_the_connection_is() {
    let builder = TestHost::builder().guest("echo");
    let host = builder.config("[proxy]\nprotocol_from = \"127.0.0.0/8\"").start().await;
    let plain = ("192.0.2.7:4711".to_owned(), "ws://a.example/echo".to_owned());
    let secure = ("192.0.2.7:4711".to_owned(), "wss://a.example/echo".to_owned());
    assert_eq!(session_over(&host, begin(&host, V1).await).await, plain);
    assert_eq!(session_over(&host, begin(&host, V2).await).await, secure);
    // A proxy that speaks for itself is the peer itself.
    let local = b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0";
    let (peer, _) = session_over(&host, begin(&host, local).await).await;
    assert!(peer.starts_with("127.0.0.1:"), "{peer}");
    // In pieces.
    let tcp = begin(&host, &V1[..9]).await;
    let mut tcp = tcp;
    for byte in &V1[9..] {
        tcp.write_all(&[*byte]).await.expect("the host reads");
    }
    assert_eq!(session_over(&host, tcp).await, plain);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_counts_for_the_address_that_its_header_tells() {
    let builder =
        TestHost::builder().guest("echo").config("[proxy]\nprotocol_from = \"127.0.0.1\"");
    let host = builder.config("[limits]\nconnections_per_address = 1").start().await;
    // It has asked for nothing, and no handshake has counted it.
    let mut first =
        begin(&host, &[V1, b"GET / HTTP/1.1\r\nhost: a.example\r\n\r\n"].concat()).await;
    assert_eq!(within("an answer", first.read_u8()).await.expect("an answer"), b'H');
    let request = "GET / HTTP/1.1\r\nhost: a.example\r\n\r\n";
    let told = String::from_utf8_lossy(V1) + request;
    let refused = http::exchange_bytes(host.address(), &told).await;
    assert!(refused.starts_with("HTTP/1.1 429 "), "{refused:?}");
    let reached = "limits.connections_per_address is reached";
    eventually("a line about it", async || host.stderr().contains(reached).then_some(())).await;
    let other = told.replace("192.0.2.7", "192.0.2.8");
    let mut other = begin(&host, other.as_bytes()).await;
    let mut answer = [0; 12];
    within("an answer", other.read_exact(&mut answer)).await.expect("an answer");
    assert_eq!(&answer, b"HTTP/1.1 404");
    drop(first);
    eventually("room for the address", async || {
        let mut again = begin(&host, told.as_bytes()).await;
        within("an answer", again.read_exact(&mut answer)).await.expect("an answer");
        (&answer == b"HTTP/1.1 404").then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_named_proxy_without_a_header_is_turned_away() {
    let proxy = "[proxy]\nprotocol_from = \"127.0.0.1\"";
    let host = TestHost::builder().guest("echo").config(proxy).start().await;
    // One for those who do not end what they have begun: it would be too hasty for honest peers.
    let hasty = "[limits]\nheader_timeout = \"200ms\"";
    let hasty = TestHost::builder().guest("echo").config(proxy).config(hasty).start().await;
    let request = "GET / HTTP/1.1\r\nhost: a.example\r\n\r\n";
    for (host, begun) in [
        (&host, request),
        (&host, "PROXY TCP4 nobody\r\n"),
        (&hasty, "PROXY TCP4 192.0.2.7"),
        (&hasty, ""),
    ] {
        let answer = http::exchange_bytes(host.address(), begun).await;
        assert_eq!(answer, "", "{begun:?}");
    }
    let told = "proxy.protocol_from names a peer that sends no PROXY header";
    for host in [&host, &hasty] {
        eventually("a line for the operator", async || host.stderr().contains(told).then_some(()))
            .await;
    }
    assert_eq!(session_over(&host, begin(&host, V1).await).await.0, "192.0.2.7:4711");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_header_of_somebody_else_is_no_header() {
    let builder = TestHost::builder().guest("echo");
    let host = builder.config("[proxy]\nprotocol_from = \"10.0.0.0/8\"").start().await;
    let mut tcp = begin(&host, V1).await;
    let mut answer = Vec::new();
    let _reset = within("the connection's end", tcp.read_to_end(&mut answer)).await;
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400 "), "{answer}");
    let (peer, _) = session_over(&host, begin(&host, b"").await).await;
    assert!(peer.starts_with("127.0.0.1:"), "{peer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_header_comes_before_tls() {
    let authority = Authority::new();
    let builder = TestHost::builder().guest("echo").args(["--listen", "wss://127.0.0.1:0"]);
    authority.sign().write(builder.folder());
    let tls = "[tls]\ncertificate = \"host.crt\"\nkey = \"host.key\"";
    let proxy = "[proxy]\nprotocol_from = \"127.0.0.1\"";
    let host = builder.config(tls).config(proxy).start().await;
    let mut tcp = TcpStream::connect(host.encrypted().await).await.expect("the host listens");
    tcp.write_all(V1).await.expect("the host reads");
    let stream = TlsClient::trusting(&authority).over(tcp).await.expect("trusted");
    let mut client = Client::over(stream, "wss://localhost/echo", &[]).await;
    assert_eq!(client.ask("hello").await, "hello");
    assert_eq!(host.sessions().await[0].peer, "192.0.2.7:4711");
}

/// What a proxy that ends TLS adds, behind what its own peer has made up.
const FIELDS: [(&str, &str); 5] = [
    ("x-forwarded-for", "6.6.6.6, 192.0.2.7"),
    ("x-forwarded-proto", "https"),
    ("x-forwarded-host", "app.example"),
    ("forwarded", "for=7.7.7.7;host=evil.example;proto=http"),
    ("origin", "https://app.example"),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_trusted_proxys_fields_say_whose_a_request_is() {
    let builder = TestHost::builder().guest("handshaker");
    let host = builder.config("[proxy]\nforwarded_from = \"127.0.0.1\"").start().await;
    let mut client = host.connect_with("/handshaker/a/b", &FIELDS).await;
    let seen: serde_json::Value = serde_json::from_str(&client.ask("what").await).expect("JSON");
    let uri = "wss://app.example/handshaker/a/b";
    assert_eq!(seen["request"]["uri"], serde_json::json!(uri));
    let session = &host.sessions().await[0];
    assert_eq!((session.peer.as_str(), session.uri.as_str()), ("192.0.2.7", uri));
    // The host that pages come from is the one that the proxy tells.
    let request = http::handshake("/handshaker/a/b").with("x-forwarded-host", "app.example");
    let answer = request.with("origin", &format!("http://{}", host.address()));
    assert_eq!(answer.send(host.address()).await.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_standard_field_is_read_where_the_operator_says_so() {
    let proxy = "[proxy]\nforwarded_from = \"127.0.0.1\"\nforwarded_fields = \"forwarded\"";
    let host = TestHost::builder().guest("echo").config(proxy).start().await;
    let fields = [
        ("forwarded", "for=\"[2001:db8::7]:4711\";proto=https;host=app.example"),
        ("x-forwarded-for", "6.6.6.6"),
    ];
    let mut client = host.connect_with("/echo", &fields).await;
    assert_eq!(client.ask("hello").await, "hello");
    let session = &host.sessions().await[0];
    assert_eq!(session.peer, "[2001:db8::7]:4711");
    assert_eq!(session.uri, "wss://app.example/echo");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_behind_a_proxy_is_not_taken_for_it() {
    let builder =
        TestHost::builder().guest("echo").config("[proxy]\nforwarded_from = \"127.0.0.1\"");
    let host = builder.config("[limits]\nconnections_per_address = 1").start().await;
    let ask = |way: &str| http::handshake("/echo").with("x-forwarded-for", way);
    for broken in ["192.0.2.7, somebody", "192.0.2.7 192.0.2.8"] {
        let answer = ask(broken).send(host.address()).await;
        assert_eq!(answer.status, 400, "{broken}: {answer:?}");
        assert!(answer.body.contains("cannot be read"), "{answer:?}");
    }
    // The proxy is exempt from limits by address, being this machine. Whom it hides is not, and
    // counts with all others that it hides.
    let mut hidden = host.connect_with("/echo", &[("x-forwarded-for", "unknown")]).await;
    assert_eq!(hidden.ask("hello").await, "hello");
    assert_eq!(host.sessions().await[0].peer, "unknown");
    assert_eq!(ask("192.0.2.7, _hidden").send(host.address()).await.status, 429);
    for _ in 0..3 {
        let mut named = host.connect("/echo").await;
        assert_eq!(named.ask("the proxy itself").await, "the proxy itself");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_elses_fields_are_believed() {
    let builder = TestHost::builder().guest("echo");
    let host = builder.config("[proxy]\nforwarded_from = [\"10.0.0.0/8\", \"unix\"]").start().await;
    let mut client = host.connect_with("/echo", &FIELDS[..4]).await;
    assert_eq!(client.ask("hello").await, "hello");
    let session = &host.sessions().await[0];
    assert!(session.peer.starts_with("127.0.0.1:"), "{session:?}");
    assert_eq!(session.uri, format!("ws://{}/echo", host.address()));
    let mut request = http::handshake("/echo");
    for (name, value) in FIELDS {
        request = request.with(name, value);
    }
    assert_eq!(request.send(host.address()).await.status, 403, "app.example is not this host");
}
