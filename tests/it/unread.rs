//! Peers that ask over HTTP and do not read the answer: they are given up, and hold nobody up.

use std::fs;
use std::net::SocketAddr;

use hyper::Request;
use hyper::body::Bytes;
use sockhop_tests::{Http2, TestHost, TestHostBuilder, eventually, http, within};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

/// A file that no socket holds, in bytes.
const LARGE: usize = 64 << 20;

/// A host with a large file, that gives peers up soon.
fn host(config: &str) -> TestHostBuilder {
    let builder = TestHost::builder().guest("echo");
    let folder = builder.folder().join("web");
    fs::create_dir(&folder).expect("our own folder");
    fs::write(folder.join("large"), vec![b'x'; LARGE]).expect("our own folder");
    let limits = "[limits]\nanswer_timeout = \"200ms\"\n";
    builder.args(["--assets".into(), folder]).config(&format!("{limits}{config}"))
}

/// An HTTP/2 connection that has asked for something and leaves no room for the answer's body.
struct Unread {
    _sender: h2::client::SendRequest<Bytes>,
    connection: JoinHandle<Result<(), h2::Error>>,
    status: u16,
    body: h2::RecvStream,
}

async fn ask_without_room(address: SocketAddr, path: &str) -> Unread {
    let tcp = TcpStream::connect(address).await.expect("the host listens");
    let mut client = h2::client::Builder::new();
    client.initial_window_size(0);
    let (mut sender, connection) =
        client.handshake::<_, Bytes>(tcp).await.expect("nothing to fail yet");
    let connection = tokio::spawn(connection);
    let request = Request::get(format!("http://{address}{path}")).body(()).expect("a request");
    let (answer, _) = sender.send_request(request, true).expect("a request");
    let answer = within("the answer's head", answer).await.expect("an answer");
    let status = answer.status().as_u16();
    Unread { _sender: sender, connection, status, body: answer.into_body() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_never_reads_an_answer_is_given_up() {
    let host = host("connections = 1").start().await;
    let mut peer = TcpStream::connect(host.address()).await.expect("the host listens");
    let request = "GET /large HTTP/1.1\r\nhost: a.example\r\n\r\n";
    peer.write_all(request.as_bytes()).await.expect("the host reads");
    // The one place is taken, and free again though the peer is still there.
    eventually("room", async || {
        let answer = http::handshake("/echo").send(host.address()).await;
        (answer.status == 101).then_some(())
    })
    .await;
    drop(peer);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_over_http2_that_is_never_read_is_given_up_and_its_connection_goes() {
    let host = host("[http2]\nidle_timeout = \"200ms\"").start().await;
    let tcp = TcpStream::connect(host.address()).await.expect("the host listens");
    let other = Http2::over(tcp, &format!("http://{}", host.address())).await;
    let mut session = other.open("/echo").await;
    for path in ["/large", "/nothing"] {
        let mut unread = ask_without_room(host.address(), path).await;
        let given_up = within("the stream's end", unread.body.data()).await;
        let error = given_up.expect("no end in good order").expect_err("there is no room");
        assert!(error.is_reset(), "{path}: {error}");
        let _ended = within("the connection's end", unread.connection).await.expect("no panic");
    }
    // A session is no answer.
    assert_eq!(session.ask("still here").await, "still here");
}

#[tokio::test(flavor = "multi_thread")]
async fn those_that_do_not_read_a_refusal_keep_no_other_from_being_told() {
    let host = host("connections = 1").start().await;
    let mut only = host.connect("/echo").await;
    // As many as are told at a time.
    let mut unread = Vec::new();
    for _ in 0..64 {
        unread.push(ask_without_room(host.address(), "/echo").await);
    }
    assert!(unread.iter().all(|one| one.status == 503));
    eventually("an answer", async || {
        let request = "GET /echo HTTP/1.1\r\nhost: a.example\r\n\r\n";
        let answer = http::exchange_bytes(host.address(), request).await;
        answer.starts_with("HTTP/1.1 503 ").then_some(())
    })
    .await;
    assert_eq!(only.ask("still here").await, "still here");
}
