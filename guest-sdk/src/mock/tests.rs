//! Tests of the host's part, at its limits and one past each.

use super::*;
use crate::bindings::sockhop::websocket::session::{
    CloseError, PropertyError, QueueStatus, SendError, WriteError,
};
use crate::bindings::sockhop::websocket::types::{CloseCause, CloseReason, Initiator, Message};
use crate::mock::queue::Queue;

/// What an empty message takes.
const EMPTY: u64 = 64;

fn queue(bytes: u64, slow_reader: SlowReader) -> Queue {
    Queue::new(QueueLimits { bytes, slow_reader })
}

fn text(text: &str) -> Message {
    Message::from(text)
}

fn full(queued_bytes: u64, limit_bytes: u64) -> QueueStatus {
    QueueStatus { queued_bytes, limit_bytes, dropped: 0 }
}

#[test]
fn a_queue_takes_what_fits_and_reading_makes_room() {
    let mut queue = queue(2 * EMPTY + 3, SlowReader::Wait);
    queue.push(text("abc")).unwrap();
    queue.push(text("")).unwrap();
    let refused = queue.push(text("")).unwrap_err();
    assert!(matches!(refused, SendError::QueueFull(status) if status == full(131, 131)));
    assert_eq!(queue.read(), Some(text("abc")));
    queue.push(text("def")).unwrap();
    assert_eq!([queue.read(), queue.read()], [Some(text("")), Some(text("def"))]);
    assert_eq!(queue.read(), None);
    assert_eq!(queue.status(), full(0, 131));
}

#[test]
fn a_message_above_the_limit_is_taken_where_nothing_waits() {
    let mut queue = queue(EMPTY, SlowReader::Wait);
    queue.push(text("abc")).unwrap();
    assert!(queue.push(text("")).is_err());
}

#[test]
fn an_operator_may_drop_or_close_instead() {
    let mut dropping = queue(EMPTY, SlowReader::Drop);
    dropping.push(text("a")).unwrap();
    dropping.push(text("b")).unwrap();
    assert_eq!((dropping.status().dropped, dropping.read()), (1, Some(text("a"))));
    let mut closing = queue(EMPTY, SlowReader::Close);
    closing.push(text("a")).unwrap();
    assert!(matches!(closing.push(text("b")), Err(SendError::Closed)));
    let event = closing.ended().unwrap();
    assert_eq!((event.cause, event.code), (CloseCause::SlowReader, 1013));
    assert_eq!(closing.read(), Some(text("a")), "what is queued is written first");
}

#[test]
fn an_answer_waits_for_room_and_keeps_it() {
    let mut queue = queue(2 * EMPTY, SlowReader::Wait);
    queue.push(text("a")).unwrap();
    assert_eq!(queue.offer(text("b")).unwrap(), Offered::Waits(text("b")));
    assert_eq!(queue.status().queued_bytes, 2 * (EMPTY + 1));
    assert_eq!(queue.read(), Some(text("a")));
    assert_eq!(queue.offer(text("b")).unwrap(), Offered::Taken);
    queue.end(by_peer(1000, ""));
    assert!(matches!(queue.offer(text("c")), Err(SendError::Closed)));
}

#[test]
fn an_answer_behind_a_message_that_is_not_finished_does_not_wait() {
    let mut queue = queue(2 * EMPTY, SlowReader::Wait);
    let stream = queue.start_stream().unwrap();
    queue.write_piece(stream, text("a")).unwrap();
    assert!(matches!(queue.offer(text("b")), Err(SendError::QueueFull(_))));
}

#[test]
fn what_is_held_back_is_let_go_of() {
    let mut queue = queue(1 << 20, SlowReader::Wait);
    queue.push(text("before")).unwrap();
    queue.set_batching(true);
    queue.push(text("a")).unwrap();
    assert_eq!([queue.read(), queue.read()], [Some(text("before")), None]);
    queue.flush();
    assert_eq!(queue.read(), Some(text("a")));
    queue.push(text("b")).unwrap();
    queue.set_batching(false);
    assert_eq!(queue.read(), Some(text("b")));
    queue.set_batching(true);
    queue.push(text("c")).unwrap();
    queue.end(by_peer(1000, ""));
    assert!(!queue.batching());
    assert_eq!(queue.read(), Some(text("c")), "a close lets go of it");
}

#[test]
fn no_more_is_held_back_than_16_kib_or_half_of_the_limit() {
    for (limit, held) in [(1 << 20, 16 << 10), (4 << 10, 2 << 10)] {
        let mut queue = queue(limit, SlowReader::Wait);
        queue.set_batching(true);
        let almost = text(&"x".repeat(held - 64 - 1));
        queue.push(almost.clone()).unwrap();
        assert_eq!(queue.read(), None, "one byte below {held}");
        queue.flush();
        assert_eq!(queue.read(), Some(almost));
        queue.push(text(&"x".repeat(held - 64))).unwrap();
        assert!(queue.read().is_some(), "{held} are let go of");
    }
}

#[test]
fn a_message_in_pieces_keeps_its_place_and_is_whole_when_it_is_read() {
    let mut queue = queue(1 << 20, SlowReader::Wait);
    let stream = queue.start_stream().unwrap();
    queue.push(text("behind")).unwrap();
    queue.write_piece(stream, text("a")).unwrap();
    assert_eq!(queue.read(), None);
    assert_eq!(queue.status().queued_bytes, EMPTY + EMPTY + 6, "the piece has been read");
    assert!(matches!(queue.write_piece(stream, vec![1].into()), Err(WriteError::WrongKind)));
    queue.write_piece(stream, text("b")).unwrap();
    queue.finish_stream(stream).unwrap();
    assert!(matches!(queue.finish_stream(stream), Err(WriteError::Closed)));
    assert_eq!([queue.read(), queue.read()], [Some(text("ab")), Some(text("behind"))]);
    assert_eq!(queue.status().queued_bytes, 0);
}

#[test]
fn a_message_without_a_piece_is_none() {
    let mut queue = queue(1 << 20, SlowReader::Wait);
    let finished = queue.start_stream().unwrap();
    queue.finish_stream(finished).unwrap();
    let given_up = queue.start_stream().unwrap();
    queue.abandon_stream(given_up);
    assert_eq!(queue.status().queued_bytes, 0, "nothing waits for the peer");
    let behind_it = queue.start_stream().unwrap();
    queue.push_token(7).unwrap();
    assert!(!queue.has_token());
    queue.finish_stream(behind_it).unwrap();
    assert!(queue.has_token(), "nothing is before it");
    queue.push(text("behind")).unwrap();
    assert_eq!(queue.read(), Some(text("behind")));
    assert!(queue.is_open());
}

#[test]
fn an_answer_that_is_refused_lets_go_of_nothing() {
    let mut queue = queue(4 << 10, SlowReader::Wait);
    let stream = queue.start_stream().unwrap();
    queue.write_piece(stream, text("a")).unwrap();
    queue.set_batching(true);
    queue.push_control(Control::Ping(Vec::new())).unwrap();
    let large = text(&"x".repeat(4 << 10));
    assert!(matches!(queue.offer(large), Err(SendError::QueueFull(_))));
    assert_eq!(queue.read(), None);
    assert_eq!(queue.take_controls(), [], "the ping is held back still");
}

#[test]
fn a_message_that_is_given_up_closes_the_session() {
    let mut queue = queue(1 << 20, SlowReader::Wait);
    let stream = queue.start_stream().unwrap();
    queue.write_piece(stream, text("")).unwrap();
    queue.push(text("behind")).unwrap();
    queue.abandon_stream(stream);
    let event = queue.ended().unwrap();
    assert_eq!((event.cause, event.code), (CloseCause::MessageAbandoned, 1011));
    assert_eq!(queue.read(), None, "nothing passes the message that has no end");
}

#[test]
fn properties_are_bounded_with_64_bytes_for_each() {
    let mut properties = Properties::new(2 * (64 + 10));
    properties.set("a", Some(&[0; 9])).unwrap();
    properties.set("b", Some(&[0; 9])).unwrap();
    let refused = properties.set("b", Some(&[0; 10]));
    assert!(matches!(refused, Err(PropertyError::TooBig((149, 148)))), "{refused:?}");
    assert_eq!(properties.get("b").map(|value| value.len()), Some(9), "as it was");
    properties.set("a", None).unwrap();
    properties.set("b", Some(&[0; 83])).unwrap();
    properties.forget();
    assert!(properties.all().is_empty());
    assert!(matches!(properties.set("a", None), Err(PropertyError::Closed)));
}

#[test]
fn codes_and_phrases_are_those_that_may_be_sent() {
    let by = |code, phrase: &str| by_guest(Some(&CloseReason::new(code, phrase)));
    for code in [0, 999, 1004, 1006, 1015, 1016, 2999, 5000, u16::MAX] {
        assert!(matches!(by(code, ""), Err(CloseError::InvalidCode(told)) if told == code));
    }
    for code in [1000, 1003, 1007, 1014, 3000, 4999] {
        assert_eq!(by(code, "").unwrap().code_sent, Some(code));
    }
    let longest = "ü".repeat(61) + "x";
    assert_eq!(by(1000, &longest).unwrap().phrase, longest);
    let told = by(1000, &(longest + "x"));
    assert!(matches!(told, Err(CloseError::PhraseTooLong(124))), "{told:?}");
    let none = by(1005, "not sent").unwrap();
    assert_eq!((none.code_sent, none.phrase.as_str(), none.code), (None, "", 1005));
    let normal = by_guest(None).unwrap();
    assert_eq!((normal.code, normal.initiator, normal.clean), (1000, Initiator::Guest, true));
}

#[test]
fn a_cause_is_told_by_the_code_that_jakarta_would_report() {
    for (cause, sent, code, initiator) in [
        (CloseCause::Requested, Some(1000), 1000, Initiator::Peer),
        (CloseCause::ProtocolError, Some(1002), 1002, Initiator::Peer),
        (CloseCause::InvalidPayload, Some(1007), 1007, Initiator::Peer),
        (CloseCause::MessageTooBig, Some(1009), 1009, Initiator::Peer),
        (CloseCause::GoingAway, Some(1001), 1001, Initiator::Host),
        (CloseCause::ServiceRestart, Some(1012), 1012, Initiator::Host),
        (CloseCause::ConnectionLost, None, 1006, Initiator::Transport),
        (CloseCause::IdleTimeout, Some(1001), 1006, Initiator::Host),
        (CloseCause::PongTimeout, Some(1001), 1006, Initiator::Host),
        (CloseCause::WriteTimeout, None, 1006, Initiator::Host),
        (CloseCause::SlowReader, Some(1013), 1013, Initiator::Host),
        (CloseCause::MessageAbandoned, Some(1011), 1011, Initiator::Host),
    ] {
        let event = by_cause(cause);
        assert_eq!((event.code_sent, event.code, event.initiator), (sent, code, initiator));
        assert_eq!(event.cause, cause);
    }
}
