//! The contract is no one language's: the same echo, written in other languages and built from the
//! same WIT, serves what a Rust guest serves. `make conformance` builds the guests first.

use std::path::PathBuf;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use sockhop_tests::{TestHost, within};
use tokio_tungstenite::tungstenite::{Bytes, Message};

/// How many messages each guest serves in each instancing mode, over all its sessions.
const MESSAGES: usize = 10_000;

/// How many sessions they are spread over.
const SESSIONS: usize = 10;

/// How long a host may take to come up. These components bring their language's interpreter with
/// them, and CPython's 18 MB take more than half a minute to compile where the machine is busy.
const COMPILE_DEADLINE: Duration = Duration::from_secs(10 * 60);

/// The component of a guest that `tests/conformance/polyglot/build.sh` has built.
fn component(name: &str) -> PathBuf {
    let folder = std::env::var_os("SOCKHOP_POLYGLOT");
    let folder = folder.expect("`make conformance` says in SOCKHOP_POLYGLOT where the guests are");
    let file = PathBuf::from(folder).join(name).with_extension("wasm");
    assert!(file.is_file(), "{} is missing: run `make conformance`", file.display());
    file
}

/// A text or a binary message that tells itself from all others.
fn message(session: usize, number: usize) -> Message {
    if number.is_multiple_of(2) {
        Message::from(format!("{session}: {number} \u{1f57a}"))
    } else {
        Message::Binary(Bytes::from([session.to_be_bytes(), number.to_be_bytes()].concat()))
    }
}

async fn serves(name: &str, instancing: &str) {
    let file = component(name);
    let config = format!("[deployment.{name}]\nfile = {file:?}\ninstancing = \"{instancing}\"\n");
    let host = TestHost::builder().config(&config).start_within(COMPILE_DEADLINE).await;
    let path = format!("/{name}");
    let sessions = (0..SESSIONS).map(async |session| {
        let (mut sink, mut stream) = host.connect(&path).await.into_stream().split();
        let sent = async {
            for number in 0..MESSAGES / SESSIONS {
                sink.feed(message(session, number)).await.expect("the host reads");
            }
            sink.flush().await.expect("the host reads");
        };
        let received = async {
            for number in 0..MESSAGES / SESSIONS {
                let answer = within("an answer", stream.next()).await;
                let answer = answer.expect("the session is open").expect("a message");
                assert_eq!(answer, message(session, number));
            }
        };
        tokio::join!(sent, received);
    });
    futures_util::future::join_all(sessions).await;
    // A message as large as the endpoint takes, and the end of the session, are served as well.
    let mut client = host.connect(&path).await;
    let large = Message::from("a".repeat(1 << 20));
    client.send(large.clone()).await;
    assert!(client.next().await == large, "not what was sent");
    assert_eq!(client.close(Some((1000, "done"))).await.code, 1000);
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn python_serves_each_session_in_an_instance_of_its_own() {
    serves("echo-py", "session").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn python_serves_all_sessions_in_shared_instances() {
    serves("echo-py", "shared").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn javascript_serves_each_session_in_an_instance_of_its_own() {
    serves("echo-js", "session").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn javascript_serves_all_sessions_in_shared_instances() {
    serves("echo-js", "shared").await;
}
