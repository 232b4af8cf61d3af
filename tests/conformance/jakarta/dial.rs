//! The client's role of guests: the connections that they open to servers that are not this
//! project's own. What holds for every session is asked of these by the scenarios of both roles.

use sockhop_tests::{Client, RawClient};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::time::{Duration, timeout};

use super::field::deflate;
use super::place::Place;
use super::runner::scenarios;
use super::server::{Server, field, frame};

/// How long a server waits to see that a client does not end the connection first.
const PATIENCE: Duration = Duration::from_millis(500);

/// A server's answer to the offer of compression, of which it compresses each message by itself.
const AGREED: &str = "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover\r\n";

scenarios! {
    "dial.connects" ("ee/websocketcontainer") connects client:
        "a guest connects, and messages of both kinds go both ways",
    "dial.subprotocol" ("ee/clientendpoint") subprotocol client:
        "subprotocols are offered in order, and the server's choice is the session's",
    "dial.own-subprotocol" ("getPreferredSubprotocols") own_subprotocol client:
        "where none is named those of the endpoint are offered",
    "dial.subprotocol-mismatch" ("ee/clientendpoint") subprotocol_mismatch client:
        "a server that chooses none has a session without one",
    "dial.subprotocol-unoffered" ("RFC 6455 4.1") subprotocol_unoffered client:
        "a subprotocol that was not offered opens nothing",
    "dial.extension" ("ClientEndpointConfig.getExtensions") extension client:
        "compression is offered, and what is compressed is understood",
    "dial.extension-unoffered" ("340") extension_unoffered client:
        "an extension that was not offered opens nothing",
    "dial.before-request" ("ee/clientendpoint") before_request client:
        "fields that a guest adds are sent, each of them",
    "dial.after-response" ("ee/handshakeresponse") after_response client:
        "what a server says in its answer is the guest's to read",
    "dial.refused" ("ee/handshakeresponse") refused client:
        "so are status, fields and body of a refusal",
    "dial.wrong-accept" ("RFC 6455 4.1") wrong_accept client:
        "an answer to another key opens nothing",
    "dial.redirected" ("5.1") redirected client: "a redirect is followed",
    "dial.not-redirected" ("5.1") not_redirected client:
        "where none is to be followed the redirect is the answer",
    "dial.timeout" ("234") times_out client: "a server that does not answer is given up in time",
    "dial.unreachable" ("IOException of connectToServer") unreachable client:
        "where nobody listens the guest is told so, and lives",
    "dial.invalid" ("DeploymentException of connectToServer") invalid client:
        "what is no URL, and what are no options, are refused before anything is opened",
    "dial.not-allowed" ("sandbox") not_allowed client:
        "where the operator does not allow it nothing is opened",
    "dial.masks" ("RFC 6455 5.3") masks client:
        "each frame of a guest is masked, with a key of its own",
    "dial.masked-server" ("Tomcat 69844") masked_server client:
        "a server that masks is closed with 1002, and the guest is told",
    "dial.limit" ("setDefaultMaxTextMessageBufferSize") limit client:
        "the guest's limit for what a server sends holds to the byte; beyond it is 1009",
    "dial.large" ("ee/websocketmessage") large client: "a mebibyte goes each way",
    "dial.closed-by-server" ("ee/session") closed_by_server client:
        "a server's code and phrase are told to the guest",
    "dial.closes" ("ee/session") closes client: "a guest that closes does so with 1000",
    "dial.lost" ("2.3") lost client: "a server that is gone without a Close frame is 1006",
    "dial.ends-second" ("Jetty 13346") ends_second client:
        "after both Close frames it is the server that ends the connection",
    "dial.apart" ("spec/application/lifecycle") apart client:
        "two connections have endpoints of their own, and hear nothing of each other",
    "dial.not-listed" ("getOpenSessions") not_listed client:
        "it is not among the open sessions of the endpoint that opened it",
    "dial.endpoint-path" ("ClientEndpointConfig") endpoint_path client:
        "the session says which client endpoint serves it",
}

/// Has a guest connect to a server that lets it in with these fields: what the guest says of it,
/// its own session, the server's side of the other one, and the head of the request.
async fn dial(place: &Place, options: &str, fields: &str) -> (String, Client, Client, String) {
    let (server, mut client) = (Server::new().await, place.host.connect("/dials").await);
    let line = format!("open {}{options}", server.url());
    let (told, (tcp, head)) = tokio::join!(client.ask(&line), server.accepted(fields));
    (told, client, Client::serving(tcp).await, head)
}

/// As [`dial`], where the server writes its frames by hand.
async fn dial_raw(place: &Place, options: &str, fields: &str) -> (Client, RawClient) {
    let (server, mut client) = (Server::new().await, place.host.connect("/dials").await);
    let line = format!("open {}{options}", server.url());
    let (told, (tcp, _)) = tokio::join!(client.ask(&line), server.accepted(fields));
    assert!(told.starts_with("open 101 "), "{told}");
    (client, RawClient::serving(tcp))
}

/// What a guest says that connects to a server with this answer, and the head of its request.
async fn answered(place: &Place, options: &str, answer: &str) -> (String, String) {
    let (server, mut client) = (Server::new().await, place.host.connect("/dials").await);
    let line = format!("open {}{options}", server.url());
    tokio::join!(client.ask(&line), server.answer(answer))
}

/// Has the guest send this to its server.
async fn sends(client: &mut Client, text: &str) {
    assert_eq!(client.ask(&format!("send {text}")).await, "sent");
}

async fn connects(place: &Place) {
    let (told, mut client, mut server, head) = dial(place, "", "").await;
    assert_eq!(told, "open 101 None None");
    assert!(head.starts_with("GET /there?x=y HTTP/1.1\r\n"), "{head}");
    assert_eq!(field(&head, "sec-websocket-version").as_deref(), Some("13"));
    sends(&mut client, "w\u{f6}rld").await;
    assert_eq!(server.text().await, "w\u{f6}rld");
    server.send("hello").await;
    assert_eq!(client.text().await, "server: hello");
    server.send(vec![1, 2, 3]).await;
    assert_eq!(client.text().await, "server: 3 bytes");
}

async fn subprotocol(place: &Place) {
    let options = " subprotocols=b.v1,a.v1";
    let chosen = "Sec-WebSocket-Protocol: a.v1\r\n";
    let (told, _client, _server, head) = dial(place, options, chosen).await;
    assert_eq!(field(&head, "sec-websocket-protocol").as_deref(), Some("b.v1, a.v1"));
    assert_eq!(told, "open 101 Some(\"a.v1\") None");
}

async fn own_subprotocol(place: &Place) {
    let chosen = "Sec-WebSocket-Protocol: own.v1\r\n";
    let (told, _client, _server, head) = dial(place, "", chosen).await;
    assert_eq!(field(&head, "sec-websocket-protocol").as_deref(), Some("own.v1"));
    assert_eq!(told, "open 101 Some(\"own.v1\") None");
}

async fn subprotocol_mismatch(place: &Place) {
    let (told, mut client, mut server, _) = dial(place, " subprotocols=a.v1", "").await;
    assert_eq!(told, "open 101 None None");
    sends(&mut client, "all the same").await;
    assert_eq!(server.text().await, "all the same");
}

/// Is let in with these fields, and does not go in.
async fn turns_away(place: &Place, options: &str, fields: &str) -> String {
    let (told, _client, mut server, head) = dial(place, options, fields).await;
    assert!(told.starts_with("refused 101 "), "{told}");
    let end = server.next_or_closed().await;
    assert!(end.is_err(), "the session is open: {end:?}");
    head
}

async fn subprotocol_unoffered(place: &Place) {
    let chosen = "Sec-WebSocket-Protocol: z\r\n";
    turns_away(place, " subprotocols=a.v1", chosen).await;
    turns_away(place, " subprotocols=a.v1", "Sec-WebSocket-Protocol: a.v1, b.v1\r\n").await;
}

async fn extension(place: &Place) {
    let (mut client, mut server) = dial_raw(place, "", AGREED).await;
    server.send(0xc1, &deflate(b"compressed")).await;
    assert_eq!(client.text().await, "server: compressed");
    server.send(0x81, b"and not").await;
    assert_eq!(client.text().await, "server: and not");
}

async fn extension_unoffered(place: &Place) {
    let head = turns_away(place, " plain", AGREED).await;
    assert_eq!(field(&head, "sec-websocket-extensions"), None);
    let (_, _client, _server, head) = dial(place, "", "").await;
    let offered = field(&head, "sec-websocket-extensions").unwrap_or_default();
    assert!(offered.starts_with("permessage-deflate"), "{offered}");
}

async fn before_request(place: &Place) {
    let (_, _client, _server, head) = dial(place, " header=one header=two", "").await;
    let head = head.to_lowercase();
    let sent: Vec<_> = head.lines().filter_map(|line| line.strip_prefix("x-word: ")).collect();
    assert_eq!(sent, ["one", "two"]);
}

async fn after_response(place: &Place) {
    let (told, _client, _server, _) = dial(place, "", "X-Answer: yes\r\n").await;
    assert_eq!(told, "open 101 None Some(\"yes\")");
}

async fn refused(place: &Place) {
    let answer = "HTTP/1.1 403 Forbidden\r\nX-Answer: no\r\nContent-Length: 9\r\n\r\nnot today";
    let (told, _) = answered(place, "", answer).await;
    assert!(told.starts_with("refused 403 Some(\"no\") \"not today\" "), "{told}");
}

async fn wrong_accept(place: &Place) {
    let answer = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\
                  Upgrade: websocket\r\nSec-WebSocket-Accept: AAAA\r\nX-Answer: other\r\n\r\n";
    let (told, _) = answered(place, "", answer).await;
    assert!(told.starts_with("refused 101 Some(\"other\") "), "{told}");
}

/// An answer that leads there.
fn found(location: &str) -> String {
    format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n")
}

async fn redirected(place: &Place) {
    let (first, second) = (Server::new().await, Server::new().await);
    let mut client = place.host.connect("/dials").await;
    let (line, answer) = (format!("open {}", first.url()), found(&second.url()));
    let (told, _, (tcp, _)) =
        tokio::join!(client.ask(&line), first.answer(&answer), second.accepted(""));
    assert_eq!(told, "open 101 None None");
    Client::serving(tcp).await.send("there").await;
    assert_eq!(client.text().await, "server: there");
}

async fn not_redirected(place: &Place) {
    let (told, _) = answered(place, " redirects=0", &found("ws://127.0.0.1:9/")).await;
    assert!(told.starts_with("refused 302 "), "{told}");
}

async fn times_out(place: &Place) {
    // It is let in by the system, and nobody answers.
    let (server, mut client) = (Server::new().await, place.host.connect("/dials").await);
    let told = client.ask(&format!("open {} timeout=50", server.url())).await;
    assert!(told.starts_with("TimedOut("), "{told}");
}

async fn unreachable(place: &Place) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("bound");
    drop(listener);
    let mut client = place.host.connect("/dials").await;
    let told = client.ask(&format!("open ws://{address}")).await;
    assert!(told.starts_with("Unreachable("), "{told}");
    assert!(client.ask("defaults").await.contains("permessage-deflate"));
}

async fn invalid(place: &Place) {
    let mut client = place.host.connect("/dials").await;
    for (line, error) in [
        ("http://127.0.0.1", "InvalidUrl("),
        ("ws://me:secret@127.0.0.1", "InvalidUrl("),
        ("ws://127.0.0.1/#part", "InvalidUrl("),
        ("ws://127.0.0.1 subprotocols=a,a", "InvalidOptions("),
        ("ws://127.0.0.1 subprotocols=", "InvalidOptions("),
    ] {
        let told = client.ask(&format!("open {line}")).await;
        assert!(told.starts_with(error), "{line}: {told}");
    }
}

async fn not_allowed(place: &Place) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("bound").port();
    let mut client = place.host.connect("/dials").await;
    for url in [format!("ws://localhost:{port}"), format!("wss://127.0.0.1:{port}")] {
        let told = client.ask(&format!("open {url}")).await;
        assert!(told.starts_with("NotAllowed("), "{url}: {told}");
    }
    // A redirect leads nowhere else.
    let (told, _) = answered(place, "", &found(&format!("ws://localhost:{port}/"))).await;
    assert!(told.starts_with("NotAllowed("), "{told}");
    let came = timeout(Duration::ZERO, listener.accept()).await;
    assert!(came.is_err(), "it has connected all the same: {came:?}");
}

async fn masks(place: &Place) {
    let (server, mut client) = (Server::new().await, place.host.connect("/dials").await);
    let line = format!("open {} plain", server.url());
    let (_, (mut tcp, _)) = tokio::join!(client.ask(&line), server.accepted(""));
    let mut keys = Vec::new();
    for text in ["one", "two", "three"] {
        sends(&mut client, text).await;
        let (first, mask, payload) = frame(&mut tcp).await;
        assert_eq!((first, payload), (0x81, text.as_bytes().to_vec()));
        assert!(!keys.contains(&mask), "{mask:?} is used twice");
        keys.push(mask);
    }
}

async fn masked_server(place: &Place) {
    let (mut client, mut server) = dial_raw(place, " plain", "").await;
    server.write(&[0x81, 0x81, 0, 0, 0, 0, b'x']).await;
    assert_eq!(server.closed().await.code, 1002);
    let told = client.text().await;
    assert!(told.starts_with("over: 1002 "), "{told}");
}

async fn limit(place: &Place) {
    let (_, mut client, mut server, _) = dial(place, " max=1000", "").await;
    server.send("x".repeat(1000)).await;
    assert_eq!(client.text().await.len(), "server: ".len() + 1000);
    server.send("x".repeat(1001)).await;
    assert_eq!(server.closed().await.code, 1009);
    assert_eq!(client.text().await, "over: 1009 \"message is too big\" false");
}

async fn large(place: &Place) {
    let (_, mut client, mut server, _) = dial(place, "", "").await;
    let text = "\u{e9}".repeat(1 << 19);
    sends(&mut client, &text).await;
    assert!(server.text().await == text, "it is another message");
    server.send(text.as_str()).await;
    assert!(client.text().await.strip_prefix("server: ") == Some(&text), "it is another message");
}

async fn closed_by_server(place: &Place) {
    let (_, mut client, mut server, _) = dial(place, "", "").await;
    assert_eq!(server.close(Some((4321, "so long"))).await.code, 4321);
    assert_eq!(client.text().await, "over: 4321 \"so long\" true");
}

async fn closes(place: &Place) {
    let (_, mut client, mut server, _) = dial(place, "", "").await;
    client.send("close").await;
    assert_eq!(server.closed().await.code, 1000);
    assert_eq!(client.text().await, "closing");
    assert_eq!(client.text().await, "over: 1000 \"\" true");
}

async fn lost(place: &Place) {
    let (mut client, server) = dial_raw(place, "", "").await;
    server.drop_connection();
    assert_eq!(client.text().await, "over: 1006 \"\" false");
}

async fn ends_second(place: &Place) {
    let (mut client, server) = dial_raw(place, " plain", "").await;
    let mut tcp = server.into_tcp();
    client.send("close").await;
    let (first, _, payload) = frame(&mut tcp).await;
    assert_eq!((first, payload), (0x88, 1000_u16.to_be_bytes().to_vec()));
    tcp.write_all(b"\x88\x02\x03\xe8").await.expect("it reads");
    let ended = timeout(PATIENCE, tcp.read_u8()).await;
    assert!(ended.is_err(), "the client ended the connection: {ended:?}");
}

async fn apart(place: &Place) {
    let (_, mut one, mut server, _) = dial(place, "", "").await;
    let (_, mut two, mut other, _) = dial(place, "", "").await;
    server.send("for one").await;
    other.send("for two").await;
    assert_eq!(one.text().await, "server: for one");
    assert_eq!(two.text().await, "server: for two");
    sends(&mut one, "from one").await;
    sends(&mut two, "from two").await;
    assert_eq!(server.text().await, "from one");
    assert_eq!(other.text().await, "from two");
    server.close(None).await;
    assert_eq!(one.text().await, "over: 1005 \"\" true");
    other.send("still here").await;
    assert_eq!(two.text().await, "server: still here");
}

async fn not_listed(place: &Place) {
    let (mut witness, mut server) = place.two().await;
    assert_eq!(witness.ask("tagged").await, "1");
    assert_eq!(server.ask("tagged").await, "1");
    let (id, own) = (witness.ask("id").await, server.ask("id").await);
    assert_eq!(server.ask("ids").await, id);
    assert_eq!(witness.ask(&format!("tell {own} anything")).await, "nobody");
}

async fn endpoint_path(place: &Place) {
    let (_witness, mut server) = place.two().await;
    assert_eq!(server.ask("path").await, "jakarta-dialled");
}
