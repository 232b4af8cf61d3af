//! Connections that guests open to other servers.

use futures_util::StreamExt as _;
use sockhop_tests::tls::Authority;
use sockhop_tests::{Client, Closed, RawClient, TestHost, TestHostBuilder, eventually, within};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;

/// Servers of this machine, by their address.
const LOCAL: &str = "connect.allow = \"ws://127.0.0.1:*\"";

/// A guest that may do so much, in both kinds of instances.
fn builders(guest: &str, keys: &str) -> [TestHostBuilder; 2] {
    ["session", "shared"].map(|instancing| {
        let table = format!("[deployment.{guest}]\ninstancing = \"{instancing}\"\n{keys}");
        TestHost::builder().guest(guest).config(&table)
    })
}

fn url(host: &TestHost, path: &str) -> String {
    format!("ws://{}{path}", host.address())
}

/// A server of one connection: what it is asked, and what it answers. It keeps the connection until
/// its peer ends it.
async fn answering(answer: &'static str) -> (String, impl Future<Output = (String, Vec<u8>)>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("ws://{}/there?a=b", listener.local_addr().expect("bound"));
    let asked = tokio::spawn(async move {
        let (mut tcp, _) = listener.accept().await.expect("a connection");
        let head = head(&mut tcp).await;
        tcp.write_all(answer.as_bytes()).await.expect("it is read");
        let mut rest = Vec::new();
        // A peer that drops the connection may reset it.
        let _ended = tcp.read_to_end(&mut rest).await;
        (head, rest)
    });
    (url, async { within("the end of a connection", asked).await.expect("no panic") })
}

async fn head(tcp: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(within("a request", tcp.read_u8()).await.expect("a byte"));
    }
    String::from_utf8(head).expect("ASCII")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_peer_sends_is_relayed_in_order_and_so_is_the_end() {
    let there = TestHost::with_guests(["echo"]).await;
    for builder in builders("relay", LOCAL) {
        let host = builder.start().await;
        let path = format!("/relay?to={}", url(&there, "/echo"));
        let mut client = host.connect(&path).await;
        for number in 0..200 {
            client.send(format!("{number}")).await;
        }
        for number in 0..200 {
            assert_eq!(client.text().await, format!("{number}"));
        }
        let large = "x".repeat(300 << 10);
        assert_eq!(client.ask(&large).await, large);
        let rows = host.sessions().await;
        let mut endpoints: Vec<_> = rows.iter().map(|row| row.endpoint.as_str()).collect();
        endpoints.sort_unstable();
        assert_eq!(endpoints, ["/relay", "upstream"]);
        assert_eq!(client.close(Some((4321, "so long"))).await, Closed::new(4321, "so long"));
        eventually("both sessions end", async || {
            (host.sessions().await.is_empty() && there.sessions().await.is_empty()).then_some(())
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_closes_closes_the_peer() {
    let there = TestHost::with_guests(["echo"]).await;
    for builder in builders("relay", LOCAL) {
        let host = builder.start().await;
        let mut client = host.connect(&format!("/relay?to={}", url(&there, "/echo"))).await;
        assert_eq!(client.ask("up").await, "up");
        let undeployed = there.cli(&["undeploy", "echo"]).await;
        undeployed.succeeded();
        assert_eq!(client.closed().await.code, 1001);
        there.deploy("echo", "echo", &[]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_connected_to_that_the_operator_does_not_allow() {
    let there = TestHost::with_guests(["echo"]).await;
    for keys in ["", "connect.allow = \"wss://127.0.0.1:*\"", "connect.allow = [\"ws://*:*\"]"] {
        for builder in builders("dials", keys) {
            let host = builder.start().await;
            let mut client = host.connect("/dials").await;
            let told = client.ask(&format!("open {}", url(&there, "/echo"))).await;
            assert!(told.starts_with("NotAllowed("), "{keys}: {told}");
            host.log_line("dials", |line| line.contains("a guest may not connect")).await;
        }
    }
    assert!(there.sessions().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_agreed_on_is_what_the_guest_offered() {
    for builder in builders("dials", LOCAL) {
        let host = builder.start().await;
        let mut client = host.connect("/dials").await;
        let (url, asked) = answering(
            "HTTP/1.1 101 x\r\nupgrade: websocket\r\nconnection: upgrade\r\n\
             sec-websocket-accept: wrong\r\nx-answer: yes\r\n\r\n",
        )
        .await;
        let line = format!("open {url} subprotocols=b.v1,a.v1 header=one header=two");
        let told = client.ask(&line).await;
        assert!(told.starts_with("refused 101 Some(\"yes\") \"\" the server's answer"), "{told}");
        let (head, rest) = asked.await;
        assert!(rest.is_empty());
        assert!(head.starts_with("GET /there?a=b HTTP/1.1\r\n"), "{head}");
        let head = head.to_lowercase();
        for line in [
            "sec-websocket-protocol: b.v1, a.v1",
            "x-word: one",
            "x-word: two",
            "sec-websocket-version: 13",
        ] {
            assert!(head.contains(&format!("\r\n{line}\r\n")), "{line}: {head}");
        }
        assert!(head.contains("sec-websocket-extensions: permessage-deflate"), "{head}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_opens_nothing_is_the_guests_to_read() {
    for builder in builders("dials", LOCAL) {
        let host = builder.start().await;
        let mut client = host.connect("/dials").await;
        let (url, asked) =
            answering("HTTP/1.1 403 x\r\nx-answer: no\r\ncontent-length: 9\r\n\r\nnot today").await;
        let told = client.ask(&format!("open {url} plain")).await;
        assert!(told.starts_with("refused 403 Some(\"no\") \"not today\""), "{told}");
        let (head, _rest) = asked.await;
        assert!(!head.to_lowercase().contains("sec-websocket-extensions"), "{head}");
        let (url, asked) =
            answering("HTTP/1.1 302 x\r\nlocation: ws://localhost:9/\r\ncontent-length: 0\r\n\r\n")
                .await;
        let told = client.ask(&format!("open {url}")).await;
        assert!(told.starts_with("NotAllowed("), "redirects are held to the same: {told}");
        drop(asked);
        let (url, asked) =
            answering("HTTP/1.1 302 x\r\nlocation: ws://localhost:9/\r\ncontent-length: 0\r\n\r\n")
                .await;
        let told = client.ask(&format!("open {url} redirects=0")).await;
        assert!(told.starts_with("refused 302"), "{told}");
        drop(asked);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let silent = listener.local_addr().expect("bound");
        let told = client.ask(&format!("open ws://{silent} timeout=50")).await;
        assert!(told.starts_with("TimedOut("), "{told}");
        drop(listener);
        let told = client.ask(&format!("open ws://{silent}")).await;
        assert!(told.starts_with("Unreachable("), "{told}");
        let told = client.ask("open http://127.0.0.1").await;
        assert!(told.starts_with("InvalidUrl("), "{told}");
        let told = client.ask("open ws://127.0.0.1 subprotocols=a,a").await;
        assert!(told.starts_with("InvalidOptions("), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_session_that_results_is_one_like_any_other() {
    let there = TestHost::with_guests(["echo"]).await;
    for builder in builders("dials", LOCAL) {
        let host = builder.start().await;
        let mut client = host.connect("/dials").await;
        let open = format!("open {}", url(&there, "/echo"));
        let refused = client.ask(&format!("{open} subprotocols=")).await;
        assert!(refused.starts_with("InvalidOptions("));
        assert_eq!(client.ask(&format!("{open} max=1000")).await, "open 101 None None");
        client.send("send hello").await;
        let mut told = [client.text().await, client.text().await];
        told.sort();
        assert_eq!(told, ["sent", "server: hello"]);
        client.send(format!("send {}", "x".repeat(1001))).await;
        let mut told = [client.text().await, client.text().await];
        told.sort();
        assert_eq!(told, ["over: 1009 \"message is too big\" false", "sent"]);
        assert_eq!(client.ask(&open).await, "open 101 None None");
        client.send("close").await;
        let mut told = [client.text().await, client.text().await];
        told.sort();
        assert_eq!(told, ["closing", "over: 1000 \"\" true"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_given_up_is_dropped() {
    for builder in builders("dials", LOCAL) {
        let host = builder.start().await;
        let mut client = host.connect("/dials").await;
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("bound");
        assert_eq!(client.ask(&format!("begin ws://{address}")).await, "begun");
        let (mut tcp, _) = within("a connection", listener.accept()).await.expect("one");
        head(&mut tcp).await;
        assert_eq!(client.ask("drop").await, "dropped");
        let mut rest = Vec::new();
        within("its end", tcp.read_to_end(&mut rest)).await.expect("an orderly one");
        // So is one whose session ends.
        assert_eq!(client.ask(&format!("begin ws://{address}")).await, "begun");
        let (mut tcp, _) = within("a connection", listener.accept()).await.expect("one");
        head(&mut tcp).await;
        client.close(None).await;
        within("its end", tcp.read_to_end(&mut rest)).await.expect("an orderly one");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_that_ends_waits_for_no_connection_on_its_way() {
    let keys = format!("{LOCAL}\nconnect.timeout = \"5m\"\nevent_wait = \"5m\"");
    for builder in builders("dials", &keys) {
        let host = builder.start().await;
        let mut client = host.connect("/dials").await;
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("bound");
        client.send(format!("open ws://{address}")).await;
        let (mut tcp, _) = within("a connection", listener.accept()).await.expect("one");
        head(&mut tcp).await;
        host.cli(&["undeploy", "dials"]).await.succeeded();
        let mut rest = Vec::new();
        within("its end", tcp.read_to_end(&mut rest)).await.expect("an orderly one");
        assert_eq!(client.closed().await.code, 1001);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_connection_too_many_is_refused_and_its_place_comes_back() {
    let there = TestHost::with_guests(["echo"]).await;
    for builder in builders("dials", &format!("{LOCAL}\nconnect.sessions = 1")) {
        let host = builder.start().await;
        let mut client = host.connect("/dials").await;
        let line = format!("open {}", url(&there, "/echo"));
        assert_eq!(client.ask(&line).await, "open 101 None None");
        let mut second = host.connect("/dials").await;
        let told = second.ask(&line).await;
        assert!(told.starts_with("NoRoom("), "{told}");
        client.send("close").await;
        let mut told = [client.text().await, client.text().await];
        told.sort();
        assert_eq!(told, ["closing", "over: 1000 \"\" true"]);
        let opened = async || (second.ask(&line).await == "open 101 None None").then_some(());
        eventually_mut("the place comes back", opened).await;
    }
}

/// Asks again until there is an answer.
async fn eventually_mut(what: &str, mut ask: impl AsyncFnMut() -> Option<()>) {
    within(what, async {
        while ask().await.is_none() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_end_with_their_revision() {
    let there = TestHost::with_guests(["echo"]).await;
    for builder in builders("dials", LOCAL) {
        let host = builder.start().await;
        let line = format!("open {}", url(&there, "/echo"));
        let mut client = host.connect("/dials").await;
        assert_eq!(client.ask(&line).await, "open 101 None None");
        host.deploy("dials", "dials", &["--strategy", "restart"]).await;
        assert_eq!(client.closed().await.code, 1012);
        eventually("the other session ends", async || {
            there.sessions().await.is_empty().then_some(())
        })
        .await;
        let mut client = host.connect("/dials").await;
        assert_eq!(client.ask(&line).await, "open 101 None None");
        host.signal(rustix::process::Signal::TERM);
        assert_eq!(client.closed().await.code, 1001);
        host.ended().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_are_trusted_by_the_profile_that_the_guest_names() {
    let there = TestHost::builder().guest("echo").tls().start().await;
    let encrypted = there.encrypted().await;
    for instancing in ["session", "shared"] {
        let builder = TestHost::builder().guest("dials");
        let folder = builder.folder().to_owned();
        std::fs::write(folder.join("ca.pem"), there.authority().pem()).expect("our own folder");
        std::fs::write(folder.join("other.pem"), Authority::new().pem()).expect("our own folder");
        let table = format!(
            "[deployment.dials]\ninstancing = \"{instancing}\"\n\
             connect.allow = \"wss://localhost:*\"\n\
             [deployment.dials.connect.tls.inner]\nauthorities = \"ca.pem\"\n\
             [deployment.dials.connect.tls.other]\nauthorities = \"other.pem\"\n"
        );
        let host = builder.config(&table).start().await;
        let mut client = host.connect("/dials").await;
        let to = format!("open wss://localhost:{}/echo", encrypted.port());
        assert_eq!(client.ask(&format!("{to} profile=inner")).await, "open 101 None None");
        client.send("send secret").await;
        let mut told = [client.text().await, client.text().await];
        told.sort();
        assert_eq!(told, ["sent", "server: secret"]);
        let told = client.ask(&format!("{to} profile=other")).await;
        assert!(told.starts_with("NotSecure("), "{told}");
        let told = client.ask(&format!("{to} profile=none")).await;
        assert!(told.starts_with("NotAllowed("), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_that_cannot_be_used_is_told_at_the_deploy() {
    let builder = TestHost::builder().guest("dials");
    let table = "[deployment.dials.connect.tls.inner]\nauthorities = \"missing.pem\"\n";
    let outcome = builder.config(table).fail().await;
    assert!(outcome.stderr.contains("the profile inner of its connect.tls"), "{outcome:?}");
    assert!(outcome.stderr.contains("missing.pem"), "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_reads_what_holds_for_it() {
    let table = "[deployment.dials]\nmessage = \"1 MiB\"\nidle_timeout = \"5s\"\n\
                 compression.permessage_deflate = \"forbidden\"";
    let host = TestHost::builder().guest("dials").config(table).start().await;
    let told = host.connect("/dials").await.ask("defaults").await;
    assert!(told.starts_with("[] SessionDefaults"), "{told}");
    assert!(told.contains("max-message-size: 1048576"), "{told}");
    assert!(told.contains("idle-timeout: Some(5000)"), "{told}");
    let host = TestHost::with_guests(["dials"]).await;
    let told = host.connect("/dials").await.ask("defaults").await;
    assert!(told.starts_with("[\"permessage-deflate\"]"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_relayed_sessions_leave_nothing_behind() {
    let there = TestHost::with_guests(["echo"]).await;
    let keys = format!("{LOCAL}\nconnect.sessions = 50");
    for builder in builders("relay", &keys) {
        let host = builder.start().await;
        let path = format!("/relay?to={}", url(&there, "/echo"));
        for _ in 0..20 {
            let mut clients = Vec::new();
            for _ in 0..25 {
                clients.push(host.connect(&path).await);
            }
            for (number, client) in clients.iter_mut().enumerate() {
                let text = number.to_string();
                assert_eq!(client.ask(&text).await, text);
            }
            // Half of them go without a word.
            for client in clients.drain(..12) {
                drop::<Client>(client);
            }
            for client in &mut clients {
                client.close(None).await;
            }
            eventually("all of them end", async || host.sessions().await.is_empty().then_some(()))
                .await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_an_extension_that_is_required_is_left_with_1010() {
    let keys = format!("{LOCAL}\ncompression.permessage_deflate = \"required\"");
    for builder in builders("dials", &keys) {
        let host = builder.start().await;
        let mut client = deflating(&host).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("bound");
        client.send(0x81, format!("open ws://{address} plain").as_bytes()).await;
        let (tcp, _) = within("a connection", listener.accept()).await.expect("one");
        let mut server =
            within("a handshake", tokio_tungstenite::accept_async(tcp)).await.expect("one");
        let close = within("a Close frame", server.next()).await.expect("one").expect("no error");
        let Message::Close(Some(frame)) = close else { panic!("{close:?}") };
        assert_eq!((u16::from(frame.code), frame.reason.as_str()), (1010, "permessage-deflate"));
        // The echo of the Close frame goes out with the end of the stream.
        assert!(within("the end", server.next()).await.is_none_or(|end| end.is_err()));
        drop(server);
        let told = client.receive().await;
        let told = String::from_utf8_lossy(&told.payload).into_owned();
        assert!(told.starts_with("refused 101"), "{told}");
    }
}

/// A client that has agreed to compress, and sends everything as it is.
async fn deflating(host: &TestHost) -> RawClient {
    let fields = "sec-websocket-extensions: permessage-deflate\r\n";
    RawClient::connect_with(host.address(), "/dials", fields).await.expect("it is accepted")
}
