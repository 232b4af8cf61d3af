//! Fan-outs through real servers: plain ones that are right, and some with one fault each.

use sockhop_load::fan_out::{Crowd, Gathering};
use sockhop_load::load::{Outcome, Target, Timing};
use sockhop_load::serve::BROADCAST_PATH;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use crate::{LIMIT, fake, plain_servers, scratch, timing};

/// A publisher alone: whoever sends its messages back is a right server for it.
const ALONE: Gathering = Gathering { publishers: 1, subscribers: 0, payload_bytes: 64 };

fn run(target: &Target, gathering: &Gathering) -> (Crowd, Outcome) {
    let mut crowd = Crowd::gather(target, gathering).expect("members");
    let outcome = crowd.run(timing(200), None).expect("a run");
    (crowd, outcome)
}

#[test]
fn every_message_reaches_every_member() {
    let scratch = scratch();
    for server in plain_servers(&scratch) {
        for subscribers in [0, 20] {
            let gathering = Gathering { publishers: 3, subscribers, payload_bytes: 200 };
            let target = server.target_at(BROADCAST_PATH);
            let mut crowd = Crowd::gather(&target, &gathering).expect("members");
            let timing = Timing { drain_limit: LIMIT, ..timing(500) };
            let outcome = crowd.run(timing, Some(server.pid())).expect("a run");
            assert_eq!((outcome.lost, outcome.failures), (0, Vec::new()), "{gathering:?}");
            assert!(outcome.messages > 0 && outcome.server_cpu.is_some(), "{gathering:?}");
            crowd.close().expect("a clean end");
        }
        server.stop().expect("exit code 0");
    }
}

#[test]
fn a_member_that_gets_nothing_is_missed() {
    let fake = fake::start(|socket, _, message| message.is_ping() || fake::echo(socket, message));
    let (_, outcome) = run(&fake.target, &Gathering { subscribers: 1, ..ALONE });
    assert!(outcome.lost > 1, "{outcome:?}");
    assert_eq!(outcome.failures, ["deliveries that did not come within 1s"]);
}

#[test]
fn a_message_that_comes_twice_is_named() {
    let fake = fake::start(|socket, number, message| {
        // The Ping is the first, so this is the publisher's message 29.
        let twice = number != 31 || fake::echo(socket, message.clone());
        message.is_ping() || (twice && fake::echo(socket, message))
    });
    let (_, outcome) = run(&fake.target, &ALONE);
    let expected = "connection 0: message 29 of publisher 0 came where message 30 was due";
    assert_eq!(outcome.failures, [expected]);
}

#[test]
fn a_message_that_was_changed_is_a_failure() {
    let fake = fake::start(|socket, number, message| {
        let Ok(text) = message.to_text() else { return true };
        let text = if number == 30 { text.replace('c', "k") } else { text.to_owned() };
        message.is_ping() || message.is_close() || fake::echo(socket, Message::text(text))
    });
    let (_, outcome) = run(&fake.target, &ALONE);
    let expected = "connection 0: a message is none of those that were published";
    assert_eq!((outcome.lost, outcome.failures.as_slice()), (1, [expected.to_owned()].as_slice()));
}

#[test]
fn a_close_is_named_with_its_code() {
    let fake = fake::start(|socket, number, message| {
        if number < 30 {
            return message.is_ping() || fake::echo(socket, message);
        }
        let frame = CloseFrame { code: CloseCode::Again, reason: "too slow".into() };
        socket.close(Some(frame)).is_ok()
    });
    let (_, outcome) = run(&fake.target, &ALONE);
    assert_eq!(outcome.failures, ["connection 0: the server closed, close code 1013"]);
}
