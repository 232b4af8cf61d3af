//! Marks, in their places.

use std::pin::pin;
use std::task::{Context, Poll};

use super::*;
use crate::outbound::Completion;

fn poll(receipt: &mut Receipt) -> Poll<Result<(), Lost>> {
    pin!(receipt).poll(&mut Context::from_waker(Waker::noop()))
}

fn passed(outgoing: Option<Outgoing>) -> Completion {
    match outgoing {
        Some(Outgoing::Mark(Mark::Awaited(completion))) => completion,
        other => panic!("no mark: {other:?}"),
    }
}

#[test]
fn a_token_comes_in_its_place_and_takes_no_room() {
    let mut queue = queue(100);
    queue.push(text("a")).expect("room");
    queue.push_token(7).expect("few");
    assert!(matches!(queue.push(text(&"b".repeat(60))), Err(SendError::QueueFull(_))));
    let status = queue.status();
    queue.push_token(8).expect("there is always room for a token");
    assert_eq!(queue.status(), status);
    assert_eq!(drain(&mut queue), ["a", "Told(7)", "Told(8)"]);
}

#[test]
fn tokens_are_bounded_until_they_are_told() {
    let mut queue = queue(100);
    for token in 0..64 {
        queue.push_token(token).expect("few");
    }
    assert_eq!(queue.push_token(64), Err(NotifyError::TooMany(64)));
    drain(&mut queue);
    assert_eq!(queue.push_token(64), Err(NotifyError::TooMany(64)), "taken is not told");
    queue.token_told();
    queue.push_token(64).expect("one is told");
    queue.close(CloseRequest::by_guest(CloseReason::normal()));
    assert_eq!(queue.push_token(65), Err(NotifyError::Closed));
}

#[test]
fn a_token_waits_for_what_is_held_back() {
    let mut queue = queue(1000);
    queue.set_batching(true);
    queue.push_token(1).expect("few");
    assert_eq!(drain(&mut queue), ["Told(1)"], "nothing is before it");
    queue.push(text("held")).expect("room");
    queue.push_token(2).expect("few");
    assert_eq!(drain(&mut queue), [""; 0]);
    queue.flush();
    assert_eq!(drain(&mut queue), ["held", "Told(2)"]);
}

#[test]
fn a_message_that_is_waited_for_lets_go_of_what_is_held_back() {
    let mut queue = queue(1000);
    queue.set_batching(true);
    queue.push(text("held")).expect("room");
    let mut receipt = queue.push_awaited(text("last")).expect("room");
    assert!(queue.batching());
    for expected in ["held", "last"] {
        assert_eq!(queue.pop(Waker::noop()).map(shown).as_deref(), Some(expected));
    }
    let completion = passed(queue.pop(Waker::noop()));
    assert_eq!(poll(&mut receipt), Poll::Pending);
    completion.sent();
    assert_eq!(poll(&mut receipt), Poll::Ready(Ok(())));
}

#[test]
fn whoever_waits_hears_of_the_end() {
    let mut queue = queue(1000);
    let mut receipt = queue.push_awaited(text("a")).expect("room");
    queue.shut();
    assert_eq!(poll(&mut receipt), Poll::Ready(Err(Lost)));
    assert_eq!(queue.push_awaited(text("b")).expect_err("closed"), AwaitError::Closed);
}

#[test]
fn nobody_waits_for_a_message_that_cannot_be_sent() {
    let mut unfinished = queue(1000);
    let stream = unfinished.start_stream().expect("room");
    let refused = unfinished.push_awaited(text("a")).expect_err("it would wait for itself");
    assert_eq!(refused, AwaitError::Unfinished);
    unfinished.finish_stream(stream).expect("unfinished");
    unfinished.push_awaited(text("a")).expect("it is finished");
    for slow_reader in [SlowReader::Wait, SlowReader::Drop] {
        let mut full = queue_for(100, slow_reader);
        full.push(text(&"a".repeat(100))).expect("nothing waits");
        let refused = full.push_awaited(text("b")).expect_err("full");
        assert!(matches!(refused, AwaitError::QueueFull(_)), "{slow_reader:?}: {refused:?}");
        assert_eq!(full.status().dropped, 0);
    }
}
