//! The generator against real servers: one that is right, and some with one fault each.

mod churn;
mod fake;
mod fan_out;
mod runner;

use std::path::Path;
use std::thread;
use std::time::Duration;

use sockhop_load::fleet::Fleet;
use sockhop_load::frame::Kind;
use sockhop_load::hostile::{Mob, Provocation};
use sockhop_load::load::{Outcome, Pace, Target, Timing, Traffic};
use sockhop_load::pin::Pins;
use sockhop_load::rivals::Rivals;
use sockhop_load::server::{Scratch, Server};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

/// The longest that a test waits for an event.
const LIMIT: Duration = Duration::from_secs(20);

fn scratch() -> Scratch {
    Scratch::new(Path::new(env!("CARGO_TARGET_TMPDIR"))).expect("a folder")
}

fn reference(scratch: &Scratch) -> Server {
    plain_servers(scratch).swap_remove(0)
}

/// The plain servers of this package: tokio-tungstenite, then fastwebsockets.
fn plain_servers(scratch: &Scratch) -> Vec<Server> {
    let rivals = Rivals {
        reference: Some(env!("CARGO_BIN_EXE_reference").into()),
        fastwebsockets: Some(env!("CARGO_BIN_EXE_fastwebsockets").into()),
        bun: None,
    };
    let launches = rivals.launches(scratch.path()).expect("launches");
    let start = |launch| Server::start(launch, "/echo", Pins::none(), scratch.path());
    launches.iter().map(|launch| start(launch).expect("a plain server")).collect()
}

fn traffic(connections: usize, window: usize) -> Traffic {
    Traffic { kind: Kind::Text, payload_bytes: 128, connections, window }
}

fn timing(milliseconds: u64) -> Timing {
    let warm_up = Duration::from_millis(50);
    let measured = Duration::from_millis(milliseconds);
    Timing { warm_up, measured, drain_limit: Duration::from_secs(1) }
}

fn run(target: &Target, pace: Pace, traffic: &Traffic, milliseconds: u64) -> (Fleet, Outcome) {
    let mut fleet = Fleet::connect(target, traffic).expect("connections");
    let outcome = fleet.run(pace, timing(milliseconds), None).expect("a run");
    (fleet, outcome)
}

#[test]
fn every_message_of_a_closed_loop_comes_back() {
    let scratch = scratch();
    let loads = [
        traffic(8, 1),
        traffic(8, 16),
        // More than the socket takes at once.
        Traffic { kind: Kind::Binary, payload_bytes: 1_000_000, connections: 2, window: 8 },
        Traffic { kind: Kind::Binary, payload_bytes: 12_000_000, connections: 1, window: 1 },
    ];
    for server in plain_servers(&scratch) {
        for load in &loads {
            let mut fleet = Fleet::connect(server.target(), load).expect("connections");
            // Longer than a busy machine keeps a server waiting.
            let timing = Timing { drain_limit: LIMIT, ..timing(500) };
            let outcome = fleet.run(Pace::Closed, timing, Some(server.pid())).expect("a run");
            assert_eq!((outcome.lost, outcome.failures), (0, Vec::new()), "{load:?}");
            // A large message can take a busy machine longer than the measured time.
            assert!(outcome.messages > 0 || load.payload_bytes > 128, "{load:?}");
            assert!(outcome.server_cpu.is_some(), "{load:?}");
            assert!(outcome.server_resident_kib > Some(100), "{load:?}");
            fleet.close().expect("a clean end");
        }
        server.stop().expect("exit code 0");
    }
}

#[test]
fn an_open_loop_keeps_its_rate_and_a_fleet_can_run_again() {
    let scratch = scratch();
    let server = reference(&scratch);
    let mut fleet = Fleet::connect(server.target(), &traffic(10, 1)).expect("connections");
    for _ in 0..2 {
        let timing = Timing { drain_limit: LIMIT, ..timing(400) };
        let outcome = fleet.run(Pace::Open { per_second: 500 }, timing, None).expect("a run");
        assert_eq!((outcome.lost, outcome.failures), (0, Vec::new()));
        let due = (outcome.elapsed.as_secs_f64() * 500.0) as u64;
        assert!(outcome.messages.abs_diff(due) <= 1, "{} of {due}", outcome.messages);
    }
    fleet.close().expect("a clean end");
    server.stop().expect("exit code 0");
}

#[test]
fn a_stall_is_felt_by_all_messages_that_were_due_meanwhile() {
    let fake = fake::start(|socket, number, message| {
        if number == 20 {
            thread::sleep(Duration::from_millis(300));
        }
        fake::echo(socket, message)
    });
    let (_, outcome) = run(&fake.target, Pace::Open { per_second: 200 }, &traffic(1, 1), 600);
    assert_eq!(outcome.failures, Vec::<String>::new());
    let held_up = outcome.latency.iter_recorded();
    let held_up: u64 = held_up
        .filter(|value| value.value_iterated_to() > 100_000_000)
        .map(|value| value.count_since_last_iteration())
        .sum();
    // 40 of them were due in the first 200 ms of the stall.
    assert!(held_up >= 35, "{held_up}");
}

#[test]
fn a_reply_that_never_comes_is_a_lost_message() {
    let fake = fake::start(|socket, number, message| number == 30 || fake::echo(socket, message));
    let (_, outcome) = run(&fake.target, Pace::Closed, &traffic(1, 2), 200);
    assert_eq!(outcome.lost, 1);
    assert_eq!(outcome.failures, ["connection 0: replies that did not come within 1s: 1"]);
}

#[test]
fn a_close_is_named_and_what_was_in_flight_is_lost() {
    let fake = fake::start(|socket, number, message| {
        if number < 30 {
            return fake::echo(socket, message);
        }
        let frame = CloseFrame { code: CloseCode::Error, reason: "trap".into() };
        socket.close(Some(frame)).is_ok()
    });
    let (_, outcome) = run(&fake.target, Pace::Closed, &traffic(1, 1), 200);
    assert_eq!(outcome.lost, 1);
    let expected = "connection 0: the server closed instead of sending reply 30, close code 1011";
    assert_eq!(outcome.failures, [expected]);
}

#[test]
fn messages_due_on_a_connection_that_failed_are_lost() {
    let fake = fake::start(|socket, number, message| {
        let fails =
            number == 5 && message.to_text().is_ok_and(|text| text.contains("connection 1:"));
        !fails && fake::echo(socket, message)
    });
    let (_, outcome) = run(&fake.target, Pace::Open { per_second: 200 }, &traffic(2, 1), 400);
    assert_eq!(outcome.failures.len(), 1, "{:?}", outcome.failures);
    // 90 are due in all, warm-up included: half of them on the connection that answers 4.
    assert!(outcome.lost >= 30 && outcome.messages >= 30, "{outcome:?}");
}

#[test]
fn a_reply_too_many_is_a_failure() {
    let fake = fake::start(|socket, number, message| {
        (number != 30 || fake::echo(socket, message.clone())) && fake::echo(socket, message)
    });
    let (fleet, outcome) = run(&fake.target, Pace::Closed, &traffic(1, 1), 200);
    // Where it comes behind the next message it passes for that one's reply, and so on until the
    // last, behind which it is one too many.
    let at_once = outcome.failures == ["connection 0: a reply came to no message"];
    assert!(at_once || fleet.close().is_err(), "{outcome:?}");
}

#[test]
fn a_message_behind_the_last_reply_is_a_failure() {
    let fake = fake::start(|socket, _, message| {
        if message.is_close() {
            return false;
        }
        fake::echo(socket, message)
    });
    let (fleet, outcome) = run(&fake.target, Pace::Closed, &traffic(1, 1), 50);
    assert_eq!(outcome.failures, Vec::<String>::new());
    let error = format!("{:#}", fleet.close().expect_err("no Close frame came"));
    assert!(error.contains("something else than a Close frame"), "{error}");
}

#[test]
fn hostile_clients_come_back_whenever_they_are_closed() {
    let fake = fake::start(|socket, _, _| {
        let _ = socket.close(None);
        true
    });
    let mob = Mob::start(&fake.target, Provocation::Insist, "trap", 2);
    mob.wait_for_first(LIMIT).expect("a provocation");
    for _ in 0..20 {
        fake.connections.recv_timeout(LIMIT).expect("another visit");
    }
    let tally = mob.stop().expect("no failure");
    assert!(tally.visits >= 10 && tally.provocations >= 10, "{tally:?}");
}

#[test]
fn hostile_clients_insist_where_nothing_comes() {
    let (told, messages) = std::sync::mpsc::sync_channel(1024);
    let fake = fake::start(move |_, number, _| told.try_send(number).is_ok());
    let mob = Mob::start(&fake.target, Provocation::Insist, "trap", 1);
    while messages.recv_timeout(LIMIT).expect("another message") < 3 {}
    let tally = mob.stop().expect("no failure");
    assert_eq!(tally.visits, 1, "{tally:?}");
}

#[test]
fn hostile_clients_leave_with_a_close_frame() {
    let (told, closes) = std::sync::mpsc::sync_channel(1024);
    let fake = fake::start(move |_, _, message: Message| {
        let is_close = message.is_close();
        !is_close || told.try_send(()).is_ok()
    });
    let mob = Mob::start(&fake.target, Provocation::Leave, "trap", 1);
    for _ in 0..3 {
        closes.recv_timeout(LIMIT).expect("another Close frame");
    }
    let tally = mob.stop().expect("no failure");
    assert!(tally.visits >= 3, "{tally:?}");
}
