//! What a guest is given of the machine: nothing that its operator did not name.

use serde_json::{Value, json};
use sockhop_tests::TestHost;

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_gets_nothing_of_the_machine() {
    let host = TestHost::with_guests(["grabs"]).await;
    let mut client = host.connect("/grabs").await;
    // Its own host is a peer that would answer.
    let got = client.ask(&host.address().to_string()).await;
    let got: Value = serde_json::from_str(&got).expect("JSON");
    assert_eq!(
        got,
        json!({
            "environment": [],
            "arguments": [],
            "input": 0,
            "folder": "denied",
            "here": "denied",
            "file": "denied",
            "new file": "denied",
            "connection": "denied",
            "port": "denied",
            "datagrams": "denied",
            "lookup": "denied",
        })
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_gets_the_environment_that_its_deployment_names() {
    let host = TestHost::builder()
        .guest("grabs")
        .config("[deployment.grabs]\nenv = { GREETING = \"hello\", EMPTY = \"\" }")
        .start()
        .await;
    let mut client = host.connect("/grabs").await;
    let got: Value = serde_json::from_str(&client.ask("127.0.0.1:1").await).expect("JSON");
    assert_eq!(got["environment"], json!([["EMPTY", ""], ["GREETING", "hello"]]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_may_have_less_memory_than_others() {
    let host = TestHost::builder()
        .guest("echo")
        .config("[deployment.echo]\nmemory = \"4 MiB\"")
        .start()
        .await;
    let mut client = host.connect("/echo").await;
    client.send(vec![1; 64 * 1024]).await;
    assert_eq!(client.next().await.len(), 64 * 1024);
    client.send(vec![1; 8 << 20]).await;
    assert_eq!(client.closed().await.code, 1011);
    host.log_line("echo", |line| line.contains("ran out of memory")).await;
}
