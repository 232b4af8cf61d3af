//! Connections that come to real servers and go: plain ones that are right, and some with one fault
//! each.

use std::io::Write;
use std::net::TcpListener;
use std::thread;

use sockhop_load::churn::{self, Coming};
use sockhop_load::load::{Outcome, Target, Timing};
use tokio_tungstenite::tungstenite::Message;

use crate::{LIMIT, fake, plain_servers, scratch, timing};

fn run(target: &Target) -> Outcome {
    let coming = Coming { at_once: 1, payload_bytes: 128 };
    churn::run(target, &coming, timing(200), None).expect("a run")
}

#[test]
fn connections_come_and_go() {
    let scratch = scratch();
    for server in plain_servers(&scratch) {
        let coming = Coming { at_once: 8, payload_bytes: 128 };
        let timing = Timing { drain_limit: LIMIT, ..timing(500) };
        let outcome = churn::run(server.target(), &coming, timing, Some(server.pid()));
        let outcome = outcome.expect("a run");
        assert_eq!((outcome.lost, &outcome.failures), (0, &Vec::new()));
        assert!(outcome.messages > 0 && outcome.latency.len() <= outcome.messages, "{outcome:?}");
        server.stop().expect("exit code 0");
    }
}

#[test]
fn a_server_that_leaves_early_is_named() {
    let fake = fake::start(|_, _, _| false);
    let outcome = run(&fake.target);
    assert_eq!(outcome.lost, 1);
    assert_eq!(outcome.failures, ["the server ended a connection that waited for Echo"]);
}

#[test]
fn a_wrong_echo_is_a_failure() {
    let fake = fake::start(|socket, _, message| {
        let text = message.to_text().map(str::to_uppercase).unwrap_or_default();
        fake::echo(socket, Message::text(text))
    });
    assert_eq!(run(&fake.target).failures, ["the echo is not what was sent"]);
}

#[test]
fn an_end_without_a_close_frame_is_a_failure() {
    let fake = fake::start(|socket, _, message| !message.is_close() && fake::echo(socket, message));
    let expected = "something else than a Close frame came after the echo: []";
    assert_eq!(run(&fake.target).failures, [expected]);
}

#[test]
fn a_connection_that_never_ends_is_a_failure() {
    let fake = fake::start(|_, _, _| true);
    let outcome = run(&fake.target);
    assert_eq!(outcome.messages, 0);
    let expected = "a connection did not end within 1s: it waited for Echo";
    assert_eq!(outcome.failures, [expected]);
}

#[test]
fn a_refused_handshake_is_named() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let address = listener.local_addr().expect("an address");
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        stream.write_all(b"HTTP/1.1 503 Busy\r\nRetry-After: 5\r\n\r\n").expect("taken");
        stream
    });
    let failures = run(&Target { address, path: "/".to_owned() }).failures;
    assert_eq!(failures, ["a handshake was refused: HTTP/1.1 503 Busy"]);
    server.join().expect("no panic");
}
