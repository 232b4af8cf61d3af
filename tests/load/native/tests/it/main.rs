//! The native server under each kind of load: nothing is lost, and it ends as it should.

use std::path::Path;
use std::time::Duration;

use sockhop_load::churn::{self, Coming};
use sockhop_load::fan_out::{Crowd, Gathering};
use sockhop_load::fleet::Fleet;
use sockhop_load::frame::Kind;
use sockhop_load::idle;
use sockhop_load::load::{Outcome, Pace, Timing, Traffic};
use sockhop_load::pin::Pins;
use sockhop_load::rivals::{self, NATIVE};
use sockhop_load::serve::{BROADCAST_PATH, ECHO_PATH};
use sockhop_load::server::{Scratch, Server};

const TIMING: Timing = Timing {
    warm_up: Duration::from_millis(20),
    measured: Duration::from_millis(200),
    drain_limit: Duration::from_secs(20),
};

/// Starts the server, runs a load on it, and stops it.
fn with_native(load: impl FnOnce(&Server)) {
    let scratch = Scratch::new(Path::new(env!("CARGO_TARGET_TMPDIR"))).expect("a folder");
    let launch = rivals::native(Path::new(env!("CARGO_BIN_EXE_native")));
    let server = Server::start(&launch, ECHO_PATH, Pins::none(), scratch.path());
    let server = server.expect("the native server");
    load(&server);
    server.stop().expect("exit code 0");
}

fn assert_nothing_lost(outcome: &Outcome) {
    assert_eq!((outcome.lost, outcome.failures.as_slice()), (0, [].as_slice()));
}

#[test]
fn every_message_of_an_echo_comes_back() {
    with_native(|server| {
        for (payload_bytes, window) in [(128, 1), (128, 16), (16 << 10, 1), (1_000_000, 4)] {
            let traffic = Traffic { kind: Kind::Binary, payload_bytes, connections: 4, window };
            let mut fleet = Fleet::connect(server.target(), &traffic).expect("connections");
            let outcome = fleet.run(Pace::Closed, TIMING, Some(server.pid())).expect("a run");
            assert_nothing_lost(&outcome);
            fleet.close().expect("a clean end");
        }
    });
}

#[test]
fn every_published_message_reaches_every_member_once() {
    with_native(|server| {
        let gathering = Gathering { publishers: 2, subscribers: 10, payload_bytes: 64 };
        let target = server.target_at(BROADCAST_PATH);
        let mut crowd = Crowd::gather(&target, &gathering).expect("members");
        let outcome = crowd.run(TIMING, Some(server.pid())).expect("a run");
        assert_nothing_lost(&outcome);
        assert!(outcome.messages > 0);
        crowd.close().expect("a clean end");
    });
}

#[test]
fn connections_come_and_go() {
    with_native(|server| {
        let coming = Coming { at_once: 4, payload_bytes: 128 };
        let outcome = churn::run(server.target(), &coming, TIMING, Some(server.pid()));
        let outcome = outcome.expect("a run");
        assert_nothing_lost(&outcome);
        assert!(outcome.messages > 0);
    });
}

#[test]
fn idle_connections_can_be_weighed() {
    with_native(|server| {
        let idle = idle::measure(NATIVE, server, 50, TIMING).expect("a measurement");
        assert_eq!((idle.server.as_str(), idle.connections), (NATIVE, 50));
        assert!(idle.before_kib > 100 && idle.kib_per_connection() < 1000.0, "{idle:?}");
    });
}
