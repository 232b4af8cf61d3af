//! Unix sockets that connections are accepted at.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use rustix::process::Signal;
use sockhop_tests::{Client, TestHost, TestHostBuilder};
use tokio::net::UnixStream;

/// A host that listens at a socket in its folder besides.
fn listening(builder: TestHostBuilder) -> TestHostBuilder {
    let address = format!("unix:{}", builder.folder().join("ws.sock").display());
    builder.guest("echo").args(["--listen", &address])
}

async fn session(host: &TestHost, headers: &[(&'static str, &str)]) -> Client<UnixStream> {
    let socket = UnixStream::connect(host.listening("unix:").await).await.expect("it listens");
    Client::over(socket, "ws://a.example/echo", headers).await
}

fn mode(socket: &Path) -> u32 {
    fs::metadata(socket).expect("it is there").permissions().mode() & 0o777
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_goes_over_a_unix_socket() {
    let host = listening(TestHost::builder()).start().await;
    let socket = host.folder().join("ws.sock");
    let mut client = session(&host, &[]).await;
    assert_eq!(client.ask("hello").await, "hello");
    let large = "x".repeat(300 << 10);
    assert_eq!(client.ask(&large).await, large);
    let listed = &host.sessions().await[0];
    assert_eq!((listed.peer.as_str(), listed.uri.as_str()), ("unix", "ws://a.example/echo"));
    assert_eq!(mode(&socket), 0o600);
    host.signal(Signal::TERM);
    assert_eq!(client.closed().await.code, 1001);
    host.ended().await;
    assert!(!socket.exists(), "it goes with the host");
}

#[tokio::test(flavor = "multi_thread")]
async fn its_permissions_are_the_operators_and_a_proxy_behind_it_can_be_trusted() {
    let builder = TestHost::builder().config("socket_mode = 0o660");
    let host = listening(builder.config("[proxy]\nforwarded_from = \"unix\"")).start().await;
    assert_eq!(mode(&host.folder().join("ws.sock")), 0o660);
    let fields = [("x-forwarded-for", "192.0.2.7"), ("x-forwarded-proto", "https")];
    let mut client = session(&host, &fields).await;
    assert_eq!(client.ask("hello").await, "hello");
    let listed = &host.sessions().await[0];
    assert_eq!((listed.peer.as_str(), listed.uri.as_str()), ("192.0.2.7", "wss://a.example/echo"));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_nobody_answers_at_is_replaced() {
    let builder = TestHost::builder();
    let stale = builder.folder().join("ws.sock");
    drop(std::os::unix::net::UnixListener::bind(&stale).expect("our own folder"));
    assert!(stale.exists(), "as a host that was killed leaves it");
    let host = listening(builder).start().await;
    assert_eq!(session(&host, &[]).await.ask("hello").await, "hello");

    let taken = format!("unix:{}", stale.display());
    let second = TestHost::builder().args(["--listen", &taken]);
    let told = second.fail().await.failed_in_one_line(1);
    assert!(told.contains(&taken) && told.contains("is listening there"), "{told}");
    assert_eq!(session(&host, &[]).await.ask("still here").await, "still here");

    let file = host.folder().join("file");
    fs::write(&file, "kept").expect("our own folder");
    let third = TestHost::builder().args(["--listen", &format!("unix:{}", file.display())]);
    let told = third.fail().await.failed_in_one_line(1);
    assert!(told.contains("there is a file that is no socket"), "{told}");
    assert_eq!(fs::read_to_string(&file).expect("it is there"), "kept");
}
