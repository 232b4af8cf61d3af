//! The times by which messages have to be sent.

use std::cell::Cell;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use super::*;
use crate::limits::Limits;

thread_local! {
    static PASSED: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

fn start() -> Instant {
    static START: OnceLock<Instant> = OnceLock::new();
    *START.get_or_init(Instant::now)
}

fn now() -> Instant {
    start() + PASSED.get()
}

fn at(seconds: u64) {
    PASSED.set(Duration::from_secs(seconds));
}

fn within(queue: &mut Outbound, seconds: Option<u64>) {
    let send = seconds.map(Duration::from_secs);
    queue.tune(Limits { message_bytes: 1, send, ..Limits::default() }, now);
    queue.take_tuned().expect("it was just set");
}

fn send_by(queue: &Outbound) -> Option<u64> {
    queue.send_by().map(|at| (at - start()).as_secs())
}

#[test]
fn the_time_of_each_message_runs_until_its_mark_is_passed() {
    let mut queue = queue(1000);
    queue.push(text("before")).expect("room");
    within(&mut queue, Some(10));
    assert_eq!(send_by(&queue), None, "what was queued before has no limit");
    queue.push(text("a")).expect("room");
    at(5);
    queue.push(text("b")).expect("room");
    assert_eq!(send_by(&queue), Some(10));
    assert_eq!(drain(&mut queue), ["before", "a", "Timed(1)", "b", "Timed(2)"]);
    assert_eq!(send_by(&queue), Some(10), "taken is not handed over");
    queue.kept_time(1);
    assert_eq!(send_by(&queue), Some(15));
    queue.kept_time(2);
    assert_eq!(send_by(&queue), None);
    within(&mut queue, None);
    queue.push(text("c")).expect("room");
    assert_eq!((send_by(&queue), drain(&mut queue)), (None, vec!["c".to_owned()]));
}

#[test]
fn a_shorter_time_behind_a_longer_one_is_the_first() {
    let mut queue = queue(1000);
    within(&mut queue, Some(60));
    queue.push(text("a")).expect("room");
    within(&mut queue, Some(2));
    queue.push(text("b")).expect("room");
    assert_eq!(send_by(&queue), Some(2));
    queue.kept_time(1);
    assert_eq!(send_by(&queue), Some(2));
    queue.kept_time(2);
    assert_eq!(send_by(&queue), None);
}

#[test]
fn what_is_held_back_has_its_time_from_when_it_is_let_go() {
    let mut queue = queue(1000);
    within(&mut queue, Some(10));
    queue.set_batching(true);
    queue.push(text("a")).expect("room");
    queue.push(text("b")).expect("room");
    assert_eq!(send_by(&queue), None);
    at(7);
    queue.flush();
    assert_eq!(send_by(&queue), Some(17));
    assert_eq!(drain(&mut queue), ["a", "b", "Timed(1)"]);
    queue.flush();
    assert_eq!(drain(&mut queue), [""; 0]);
}

#[test]
fn a_reply_has_its_time_as_well() {
    let mut queue = queue(1000);
    within(&mut queue, Some(10));
    assert_eq!(queue.offer(text("reply")), Ok(Offered::Taken), "it goes through the queue");
    assert_eq!(send_by(&queue), Some(10));
}
