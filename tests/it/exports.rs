//! Exports that a component may have: each is called for what it is for, and a component without
//! any has nothing but its sessions.

use sockhop_tests::{RawClient, TestHost, eventually};

const TEXT: u8 = 0x81;
const TEXT_BEGINS: u8 = 0x01;
const TEXT_ENDS: u8 = 0x80;
const BINARY: u8 = 0x82;
const PONG: u8 = 0x8a;

async fn frame(client: &mut RawClient) -> (u8, String) {
    let frame = client.receive().await;
    (frame.first, String::from_utf8_lossy(&frame.payload).into_owned())
}

fn told(first: u8, payload: &str) -> (u8, String) {
    (first, payload.to_owned())
}

async fn instances(host: &TestHost, wanted: usize) {
    eventually("the instances to be as many", async || {
        (host.instances().await == wanted).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_any_there_is_an_instance_for_each_session_and_no_other() {
    let host = TestHost::with_guests(["exports_nothing"]).await;
    instances(&host, 0).await;
    let client = host.connect("/exports-nothing").await;
    assert_eq!(client.response_header("x-export"), None);
    drop(client);
    let mut clients = Vec::new();
    for _ in 0..3 {
        let mut client = RawClient::connect(host.address(), "/exports-nothing").await;
        // A pong is for nobody, and what comes in pieces is one message.
        client.send(PONG, b"unasked").await;
        client.send(TEXT_BEGINS, b"one ").await;
        client.send(TEXT_ENDS, b"two").await;
        assert_eq!(frame(&mut client).await, told(TEXT, "one two"));
        clients.push(client);
    }
    instances(&host, 3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configurator_is_asked_at_each_handshake() {
    let host = TestHost::with_guests(["exports_configurator"]).await;
    for _ in 0..2 {
        let mut client = host.connect("/exports-configurator").await;
        assert_eq!(client.response_header("x-export"), Some("configurator"));
        assert_eq!(client.ask("hello").await, "hello");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_come_as_they_arrive() {
    let host = TestHost::with_guests(["exports_parts"]).await;
    let mut client = RawClient::connect(host.address(), "/exports-parts").await;
    client.send(TEXT, b"whole").await;
    assert_eq!(frame(&mut client).await, told(TEXT, "whole"));
    client.send(TEXT_BEGINS, b"one ").await;
    assert_eq!(frame(&mut client).await, told(TEXT_BEGINS, "one "));
    client.send(TEXT_ENDS, b"two").await;
    let (mut first, mut rest) = frame(&mut client).await;
    while first != TEXT_ENDS {
        let (next, more) = frame(&mut client).await;
        (first, rest) = (next, rest + &more);
    }
    assert_eq!(rest, "two");
    client.send(TEXT, b"count").await;
    assert_eq!(frame(&mut client).await, told(TEXT, "parts=4"));
}

#[tokio::test(flavor = "multi_thread")]
async fn pongs_are_heard_of() {
    let host = TestHost::with_guests(["exports_pongs"]).await;
    let mut client = RawClient::connect(host.address(), "/exports-pongs").await;
    client.send(PONG, b"unasked").await;
    assert_eq!(frame(&mut client).await, told(BINARY, "unasked"));
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_hold_every_message() {
    let host = TestHost::with_guests(["exports_batches"]).await;
    let mut client = host.connect("/exports-batches").await;
    for text in ["one", "two"] {
        assert_eq!(client.ask(text).await, text);
    }
    assert_eq!(client.ask("count").await, "messages=3");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_completion_comes_where_it_was_asked_for() {
    let host = TestHost::with_guests(["exports_completions"]).await;
    let mut client = host.connect("/exports-completions").await;
    assert_eq!(client.ask("one").await, "one");
    client.send("notify").await;
    let mut both = [client.text().await, client.text().await];
    both.sort();
    assert_eq!(both, ["notify", "sent 7"]);
    assert_eq!(client.ask("two").await, "two");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timer_comes_where_it_was_started() {
    let host = TestHost::with_guests(["exports_timers"]).await;
    let mut client = host.connect("/exports-timers").await;
    assert_eq!(client.ask("one").await, "one");
    assert_eq!(client.ask("start").await, "start");
    assert_eq!(client.text().await, "timer 7");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_asked_for_where_instances_have_them() {
    for (config, expected) in [
        // One for each session.
        ("", 4),
        // One for each key, and one that is asked for them.
        ("[deployment.exports_keys]\ninstancing = \"keyed\"", 3),
    ] {
        let host = TestHost::builder().guest("exports_keys").config(config).start().await;
        let mut clients = Vec::new();
        for key in ["x", "x", "x", "y"] {
            let mut client = host.connect(&format!("/exports-keys?key={key}")).await;
            assert_eq!(client.ask("hello").await, "hello");
            clients.push(client);
        }
        instances(&host, expected).await;
    }
}
