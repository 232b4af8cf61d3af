//! Python's `websockets` as the client.

use serde_json::{Value, json};
use sockhop_tests::{Outcome, TestHost, artefacts, within};
use tokio::process::Command;

#[tokio::test(flavor = "multi_thread")]
async fn a_client_in_python_gets_what_it_expects() {
    let host = TestHost::with_guests(["echo", "observer", "configured", "broadcast"]).await;
    let script = artefacts::workspace().join("tests/it/python/client.py");
    let mut command = Command::new(artefacts::python());
    command.arg(script).arg(host.address().to_string()).kill_on_drop(true);
    let output = within("the script to end", command.output()).await.expect("Python runs");
    let seen: Value = Outcome::from(output).json();
    assert_eq!(
        seen,
        json!({
            "echo": ["text", "", "Grüße", 0, 1, 125, 126, 65535, 65536, 1_048_576],
            "fragments": "one two three",
            "ping": "pong",
            "close by client": [1000, "done", 1000],
            "close by guest": [4001, "go away", 4001],
            "close without code": 1005,
            "too big": 1009,
            "rejected": [403, "not tonight\n"],
            "subprotocol": "b",
            "broadcast": ["hello", "hello", "hello"],
            "pipelined": 1000,
            "clean ends": true,
        })
    );
}
