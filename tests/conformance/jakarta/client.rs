//! The client's role: `sockhop connect` with servers that are not this project's own.

use std::process::Stdio;

use futures_util::{SinkExt as _, StreamExt as _};
use sockhop_tests::{Outcome, within};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Duration, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::place::Place;
use super::runner::scenarios;
use super::server::{Server, field, frame};

/// How long a server waits to see that a client does not end the connection first.
const PATIENCE: Duration = Duration::from_millis(500);

scenarios! {
    "client.connects" ("ee/websocketcontainer") connects once:
        "a client connects, sends, and is answered",
    "client.subprotocol" ("ee/clientendpoint") subprotocol once:
        "subprotocols are offered in order, and the server's choice is taken",
    "client.subprotocol-mismatch" ("ee/clientendpoint") subprotocol_mismatch once:
        "a server that chooses none has a client without one",
    "client.subprotocol-unoffered" ("RFC 6455 4.1") subprotocol_unoffered once:
        "a subprotocol that was not offered fails the handshake",
    "client.before-request" ("ee/clientendpoint") before_request once:
        "fields that are added are sent",
    "client.after-response" ("ee/handshakeresponse") after_response once:
        "what a server says in its answer is there for who asked",
    "client.refused" ("417") refused once:
        "a refusal is told with its status, its fields and its body",
    "client.wrong-accept" ("RFC 6455 4.1") wrong_accept once:
        "an answer to another key opens nothing",
    "client.extension-unoffered" ("340") extension_unoffered once:
        "an extension that was not offered fails the handshake",
    "client.closed-by-server" ("ee/session") closed_by_server once:
        "a server's code and phrase are told",
    "client.close" ("ee/session") close once: "a client that is done closes with 1000",
    "client.pings" ("2.2.5-1") pings once: "a server's ping is answered with its own payload",
    "client.fragments" ("ee/session11") fragments once: "a server's fragments are one message",
    "client.masks" ("RFC 6455 5.3") masks once: "each frame is masked, with a key of its own",
    "client.timeout" ("234") times_out once: "a server that does not answer is given up in time",
    "client.redirected" ("5.1") redirected once: "a redirect is followed",
    "client.proxy" ("202") proxy once: "a proxy is asked for a tunnel",
    "client.trust" ("getSSLContext") trust once:
        "a server is trusted by the authority that is named, or not at all",
    "field.masked-frames" ("Tomcat 69844") masked_frames once:
        "a server that masks is closed with 1002",
    "field.server-ends-first" ("Jetty 13346") server_ends_first once:
        "after both Close frames a client leaves the end to the server",
}

/// Runs the client with these arguments and this input, to its end.
async fn run<const N: usize>(place: &Place, arguments: [&str; N], input: &str) -> Outcome {
    let mut command = place.host.command();
    command.arg("connect").args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary runs");
    let mut stdin = child.stdin.take().expect("piped");
    let fed = async move {
        // A client that has failed reads nothing.
        let _written = stdin.write_all(input.as_bytes()).await;
    };
    let ended = async { tokio::join!(fed, child.wait_with_output()).1 };
    within("the client to end", ended).await.expect("it was started").into()
}

/// Answers each message with itself, to the end.
async fn echo(mut session: WebSocketStream<TcpStream>) {
    while let Some(Ok(message)) = within("a message", session.next()).await {
        if message.is_text() || message.is_binary() {
            session.send(message).await.expect("it reads");
        }
    }
}

async fn connects(place: &Place) {
    let server = Server::new().await;
    let url = server.url();
    let serving = async {
        let (session, head) = server.session("").await;
        assert!(head.starts_with("GET /there?x=y HTTP/1.1\r\n"), "{head}");
        assert_eq!(field(&head, "sec-websocket-version").as_deref(), Some("13"));
        echo(session).await;
    };
    let (outcome, ()) = tokio::join!(run(place, [&url], "hello\nw\u{f6}rld\n"), serving);
    assert_eq!(outcome.succeeded(), "hello\nw\u{f6}rld\n");
}

/// Runs a client that offers two subprotocols against a server that answers with these fields.
async fn offering(place: &Place, fields: &str) -> (Outcome, String) {
    let server = Server::new().await;
    let url = server.url();
    let serving = async {
        let (session, head) = server.session(fields).await;
        echo(session).await;
        head
    };
    let arguments = [&*url, "--subprotocol=b.v1", "--subprotocol=a.v1", "--no-compression"];
    tokio::join!(run(place, arguments, "hello\n"), serving)
}

async fn subprotocol(place: &Place) {
    let (outcome, head) = offering(place, "Sec-WebSocket-Protocol: a.v1\r\n").await;
    assert_eq!(field(&head, "sec-websocket-protocol").as_deref(), Some("b.v1, a.v1"));
    assert!(outcome.stderr.contains("subprotocol a.v1"), "{}", outcome.stderr);
    assert_eq!(outcome.succeeded(), "hello\n");
}

async fn subprotocol_mismatch(place: &Place) {
    let (outcome, _) = offering(place, "").await;
    assert!(!outcome.stderr.contains("subprotocol"), "{}", outcome.stderr);
    assert_eq!(outcome.succeeded(), "hello\n");
}

async fn subprotocol_unoffered(place: &Place) {
    let (outcome, _) = offering(place, "Sec-WebSocket-Protocol: z\r\n").await;
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(1), ""));
}

async fn extension_unoffered(place: &Place) {
    let (outcome, head) = offering(place, "Sec-WebSocket-Extensions: permessage-deflate\r\n").await;
    assert_eq!(field(&head, "sec-websocket-extensions"), None);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(1), ""));
}

async fn before_request(place: &Place) {
    let server = Server::new().await;
    let url = server.url();
    let serving = async {
        let (session, head) = server.session("").await;
        echo(session).await;
        head
    };
    let arguments = [&*url, "--header=X-Word: one", "--header=X-Other: two"];
    let (outcome, head) = tokio::join!(run(place, arguments, ""), serving);
    outcome.succeeded();
    assert_eq!(field(&head, "x-word").as_deref(), Some("one"));
    assert_eq!(field(&head, "x-other").as_deref(), Some("two"));
}

async fn after_response(place: &Place) {
    let server = Server::new().await;
    let url = server.url();
    let serving = async { echo(server.session("X-Answer: yes\r\n").await.0).await };
    let (outcome, ()) = tokio::join!(run(place, [&url, "--verbose"], ""), serving);
    assert!(outcome.stderr.contains("< x-answer: yes\n"), "{}", outcome.stderr);
    outcome.succeeded();
}

async fn refused(place: &Place) {
    let server = Server::new().await;
    let url = server.url();
    let answer = "HTTP/1.1 403 Forbidden\r\nX-Reason: mood\r\nContent-Length: 9\r\n\r\nnot today";
    let (outcome, _) = tokio::join!(run(place, [&url, "--verbose"], "x\n"), server.answer(answer));
    let told = outcome.failed(1);
    for part in ["403 Forbidden", "< x-reason: mood", "not today"] {
        assert!(told.contains(part), "{part}: {told}");
    }
}

async fn wrong_accept(place: &Place) {
    let server = Server::new().await;
    let url = server.url();
    let answer = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\
                  Upgrade: websocket\r\nSec-WebSocket-Accept: AAAA\r\n\r\n";
    let (outcome, _) = tokio::join!(run(place, [&url], "x\n"), server.answer(answer));
    let told = outcome.failed(1);
    assert!(told.contains("does not answer the key that was sent"), "{told}");
}

async fn closed_by_server(place: &Place) {
    let server = Server::new().await;
    let url = server.url();
    let serving = async {
        let (mut session, _) = server.session("").await;
        let frame = CloseFrame { code: CloseCode::from(1009), reason: "too much".into() };
        session.close(Some(frame)).await.expect("it reads");
        within("the answer", session.next()).await
    };
    let (outcome, answer) = tokio::join!(run(place, [&url], "x\n"), serving);
    let told = "closed by the server with 1009 too much";
    assert!(outcome.stderr.contains(told), "{}", outcome.stderr);
    assert!(answer.is_some(), "the client has not answered");
}

async fn close(place: &Place) {
    let server = Server::new().await;
    let url = server.url();
    let serving = async {
        let (mut session, _) = server.session("").await;
        let first = within("a message", session.next()).await;
        let last = within("its Close", session.next()).await;
        // Which writes the answer.
        within("the end", async { while session.next().await.is_some() {} }).await;
        (first, last)
    };
    let (outcome, (first, last)) = tokio::join!(run(place, [&url, "--wait=0s"], "x\n"), serving);
    outcome.succeeded();
    assert_eq!(first.expect("a message").expect("no error"), Message::from("x"));
    let Some(Ok(Message::Close(Some(frame)))) = last else { panic!("no Close: {last:?}") };
    assert_eq!((u16::from(frame.code), frame.reason.as_str()), (1000, ""));
}

async fn pings(place: &Place) {
    let server = Server::new().await;
    let url = server.url();
    let serving = async {
        let (mut session, _) = server.session("").await;
        session.send(Message::Ping(b"here?".as_slice().into())).await.expect("it reads");
        loop {
            let next = within("a pong", session.next()).await;
            match next.expect("a message").expect("no error") {
                Message::Pong(data) => break assert_eq!(data.as_ref(), b"here?"),
                other => assert!(other.is_text(), "{other:?}"),
            }
        }
        session.close(None).await.expect("it reads");
        while let Some(Ok(_)) = within("the end", session.next()).await {}
    };
    tokio::join!(run(place, [&url], "x\n"), serving);
}

async fn fragments(place: &Place) {
    let server = Server::new().await;
    let url = server.url();
    let serving = async {
        let (mut tcp, _) = server.accepted("").await;
        // A text in three frames, and a Close frame with 1000.
        let frames = b"\x01\x02to\x00\x00\x80\x06gether\x88\x02\x03\xe8";
        tcp.write_all(frames).await.expect("it reads");
        // The end of the connection is the server's.
        while frame(&mut tcp).await.0 != 0x88 {}
    };
    let (outcome, ()) = tokio::join!(run(place, [&url], "x\n"), serving);
    assert_eq!(outcome.succeeded(), "together\n");
}

async fn masks(place: &Place) {
    let server = Server::new().await;
    let url = server.url();
    let serving = async {
        let (mut tcp, _) = server.accepted("").await;
        let mut keys = Vec::new();
        for expected in ["one", "two", "three"] {
            let (first, mask, payload) = frame(&mut tcp).await;
            assert_eq!((first, payload), (0x81, expected.as_bytes().to_vec()));
            assert!(!keys.contains(&mask), "{mask:?} is used twice");
            keys.push(mask);
        }
    };
    let _lost = tokio::join!(run(place, [&url, "--no-compression"], "one\ntwo\nthree\n"), serving);
}

async fn times_out(place: &Place) {
    let server = Server::new().await;
    let url = server.url();
    // It is let in by the system, and nobody answers.
    let told = run(place, [&url, "--timeout=200ms"], "").await.failed(1);
    assert!(told.contains("there was no connection in 200 ms"), "{told}");
}

async fn redirected(place: &Place) {
    let (first, second) = (Server::new().await, Server::new().await);
    let (url, location) = (first.url(), second.url());
    let answer = format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n");
    let serving = async { echo(second.session("").await.0).await };
    let (outcome, _, ()) =
        tokio::join!(run(place, [&url], "hello\n"), first.answer(&answer), serving);
    assert_eq!(outcome.succeeded(), "hello\n");
}

async fn proxy(place: &Place) {
    let server = Server::new().await;
    let address = server.listener.local_addr().expect("bound").to_string();
    let tunnelling = async {
        let (mut tcp, head) = server.asked().await;
        assert!(head.starts_with("CONNECT a.example:80 HTTP/1.1\r\n"), "{head}");
        let credentials = field(&head, "proxy-authorization");
        assert_eq!(credentials.as_deref(), Some("Basic bWU6c2VjcmV0"));
        tcp.write_all(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n").await.expect("reads");
    };
    let by = format!("--proxy=http://me:secret@{address}");
    let (outcome, ()) = tokio::join!(run(place, ["ws://a.example/", &by], ""), tunnelling);
    let told = outcome.failed(1);
    assert!(told.contains("403") && !told.contains("secret"), "{told}");
}

async fn trust(place: &Place) {
    let url = format!("wss://{}/echo", place.host.encrypted().await);
    let ca = place.host.folder().join("clients.crt");
    let ca = format!("--ca={}", ca.display());
    assert_eq!(run(place, [&url, &ca], "secret\n").await.succeeded(), "secret\n");
    let told = run(place, [&url], "secret\n").await.failed(1);
    assert!(told.contains("no trusted TLS connection to"), "{told}");
}

async fn masked_frames(place: &Place) {
    let server = Server::new().await;
    let url = server.url();
    let serving = async {
        let (mut tcp, _) = server.accepted("").await;
        tcp.write_all(&[0x81, 0x81, 0, 0, 0, 0, b'x']).await.expect("it reads");
        loop {
            let (first, _, payload) = frame(&mut tcp).await;
            if first == 0x88 {
                break assert_eq!(payload[..2], 1002_u16.to_be_bytes());
            }
        }
    };
    let (outcome, ()) = tokio::join!(run(place, [&url, "--no-compression"], "y\n"), serving);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(1), ""));
}

async fn server_ends_first(place: &Place) {
    let server = Server::new().await;
    let url = server.url();
    let serving = async {
        let (mut tcp, _) = server.accepted("").await;
        let (first, _, payload) = frame(&mut tcp).await;
        assert_eq!((first, payload), (0x88, 1000_u16.to_be_bytes().to_vec()));
        tcp.write_all(b"\x88\x02\x03\xe8").await.expect("it reads");
        let ended = timeout(PATIENCE, tcp.read_u8()).await;
        assert!(ended.is_err(), "the client ended the connection: {ended:?}");
    };
    let arguments = [&*url, "--no-compression", "--wait=0s"];
    let (outcome, ()) = tokio::join!(run(place, arguments, ""), serving);
    outcome.succeeded();
}
