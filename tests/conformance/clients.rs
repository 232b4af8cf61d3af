//! Clients that are not the host's own talk to the guest `echo`, above all with permessage-deflate
//! (RFC 7692): Python's `websockets` with each set of its parameters, and `ws` of Node.js.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};
use sockhop_tests::{Outcome, TestHost, artefacts};
use tokio::process::Command;
use tokio::time::timeout;

/// How long a client may take for all that it does. The longest takes a minute where nothing else
/// runs.
const DEADLINE: Duration = Duration::from_secs(15 * 60);

/// Sessions may keep what they have compressed, where the peer does not ask for the contrary, and
/// the shortest messages are compressed as well.
const TAKEOVER: &str = "[compression]\ncontext_takeover = true\nthreshold = \"0 B\"";

/// As it is configured by default, but for the shortest messages.
const NO_TAKEOVER: &str = "[compression]\nthreshold = \"0 B\"";

fn script(name: &str) -> PathBuf {
    artefacts::workspace().join("tests/conformance/clients").join(name)
}

/// What a client has printed about an echo with this configuration.
async fn talk(mut client: Command, config: &str, extent: &str) -> Value {
    let host = TestHost::builder().guest("echo").config(config).start().await;
    let uri = format!("ws://{}/echo", host.address());
    let output = client.args([&uri, extent]).kill_on_drop(true).output();
    let output = timeout(DEADLINE, output).await;
    let output = output.expect("the client ends in its time").expect("it is a program");
    let seen = Outcome::from(output).json();
    host.stop().await;
    seen
}

async fn python(config: &str, extent: &str) -> Value {
    let mut command = Command::new(artefacts::python());
    command.arg(script("deflate.py"));
    talk(command, config, extent).await
}

async fn node(config: &str, extent: &str) -> Value {
    let mut command = Command::new("node");
    command.arg(script("ws.cjs")).env("NODE_PATH", artefacts::node_modules());
    talk(command, config, extent).await
}

/// What Python says of so many sets of parameters, where so many of them left each side its
/// context.
fn sets(sets: u32, messages: u32, takeovers: u32) -> Value {
    json!({
        "sets": sets,
        "messages": messages,
        "server takes over": takeovers,
        "client takes over": takeovers,
        "a window of 256 bytes is declined": true,
    })
}

/// What Node.js says of its six ways to compress and not to.
fn ways(messages: u32) -> Value {
    let way = json!({
        "sizes": messages, "fragments": 1, "pipelined": 1000, "pings": 3, "closes": 6,
    });
    let names = [
        "off",
        "default",
        "no takeover",
        "server takes over",
        "client takes over",
        "small windows",
    ];
    names
        .iter()
        .map(|name| ((*name).to_owned(), way.clone()))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

#[tokio::test(flavor = "multi_thread")]
async fn quick_python_keeps_its_messages_by_default() {
    assert_eq!(python(NO_TAKEOVER, "quick").await, sets(24, 2280, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn quick_python_keeps_its_messages_under_takeover() {
    // Half of the sets forbid it to one side, and the other half to the other.
    assert_eq!(python(TAKEOVER, "quick").await, sets(24, 2280, 12));
}

#[tokio::test(flavor = "multi_thread")]
async fn quick_node_keeps_its_messages() {
    assert_eq!(node(TAKEOVER, "quick").await, ways(15));
}

#[tokio::test(flavor = "multi_thread")]
async fn full_python_keeps_its_messages_by_default() {
    assert_eq!(python(NO_TAKEOVER, "full").await, sets(288, 40032, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn full_python_keeps_its_messages_under_takeover() {
    assert_eq!(python(TAKEOVER, "full").await, sets(288, 40032, 144));
}

#[tokio::test(flavor = "multi_thread")]
async fn full_node_keeps_its_messages_by_default() {
    assert_eq!(node(NO_TAKEOVER, "full").await, ways(30));
}

#[tokio::test(flavor = "multi_thread")]
async fn full_node_keeps_its_messages_under_takeover() {
    assert_eq!(node(TAKEOVER, "full").await, ways(30));
}
