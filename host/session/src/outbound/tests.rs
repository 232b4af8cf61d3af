//! The queue, held to its order and its bounds.

use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::close::CloseReason;

mod control;
mod marks;
mod tuned;

fn text(text: &str) -> Message {
    Message::Text(text.into())
}

fn queue(bytes: usize) -> Outbound {
    queue_for(bytes, SlowReader::Wait)
}

fn queue_for(bytes: usize, slow_reader: SlowReader) -> Outbound {
    Outbound::new(QueueLimits { bytes, slow_reader })
}

/// What comes out, in words that can be compared.
fn drain(queue: &mut Outbound) -> Vec<String> {
    std::iter::from_fn(|| queue.pop(Waker::noop()).map(shown)).collect()
}

fn shown(outgoing: Outgoing) -> String {
    let payload = |message: &Message| match message {
        Message::Text(text) => text.to_string(),
        Message::Binary(data) => format!("{data:?}"),
    };
    match outgoing {
        Outgoing::Message(message) => payload(&message),
        Outgoing::Shared(shared) => format!("shared {}", payload(shared.message())),
        Outgoing::Piece { piece, first, last } => {
            let from = if first { "^" } else { "" };
            let to = if last { "$" } else { "" };
            format!("{from}{}{to}", payload(&piece))
        }
        Outgoing::Control(control) => {
            format!("{:?} {}", control.kind, String::from_utf8_lossy(&control.payload))
        }
        Outgoing::Mark(mark) => format!("{mark:?}"),
        Outgoing::Close(request) => format!("close {:?}", request.cause),
    }
}

#[test]
fn a_close_comes_once_and_behind_what_waits() {
    let mut queue = queue(1000);
    queue.push(text("a")).expect("room");
    queue.close(CloseRequest::by_guest(CloseReason::normal()));
    queue.close(CloseRequest::by_host(CloseCause::GoingAway));
    assert_eq!(queue.push(text("b")), Err(SendError::Closed));
    assert_eq!(drain(&mut queue), ["a", "close Requested"]);
}

#[test]
fn a_connection_that_is_open_hears_of_a_close_before_what_waits() {
    let mut queue = queue(1000);
    queue.push(text("a")).expect("room");
    queue.push(text("b")).expect("room");
    assert!(matches!(queue.take_next(), Next::Write(Outgoing::Message(_))));
    queue.close(CloseRequest::by_host(CloseCause::GoingAway));
    assert!(matches!(queue.take_next(), Next::Closing));
    assert_eq!(drain(&mut queue), ["b", "close GoingAway"]);
}

#[test]
fn the_limit_holds_at_it_and_one_past_it() {
    let mut queue = queue(2 * (MESSAGE_OVERHEAD_BYTES + 4));
    queue.push(text("1234")).expect("room");
    assert!(matches!(queue.push(text("12345")), Err(SendError::QueueFull(_))));
    queue.push(text("1234")).expect("exactly at the limit");
    assert!(matches!(queue.push(text("")), Err(SendError::QueueFull(_))));
}

#[test]
fn a_message_above_the_limit_is_taken_alone() {
    let mut queue = queue(10);
    queue.push(text("a message that is longer than ten bytes")).expect("nothing waits");
    assert!(matches!(queue.push(text("")), Err(SendError::QueueFull(_))));
    assert_eq!(drain(&mut queue).len(), 1);
    queue.push(text("")).expect("room again");
}

#[test]
fn a_reply_is_written_at_once_where_nothing_waits() {
    let mut queue = queue(MESSAGE_OVERHEAD_BYTES);
    assert!(matches!(queue.offer(text("a")), Ok(Offered::Now(_))));
    queue.push(text("")).expect("room");
    assert!(matches!(queue.offer(text("a")), Ok(Offered::Full(_))));
    queue.close(CloseRequest::by_host(CloseCause::GoingAway));
    assert!(matches!(queue.offer(text("a")), Err(SendError::Closed)));
}

#[test]
fn room_is_kept_for_a_reply_that_waits() {
    let mut queue = queue(3 * MESSAGE_OVERHEAD_BYTES);
    for _ in 0..3 {
        queue.push(text("")).expect("room");
    }
    let reply = text("longer than the others");
    assert!(matches!(queue.offer(reply.clone()), Ok(Offered::Full(_))));
    for _ in 0..2 {
        assert!(queue.pop(Waker::noop()).is_some());
        assert!(matches!(queue.push(text("")), Err(SendError::QueueFull(_))));
    }
    assert!(matches!(queue.offer(reply), Ok(Offered::Taken)));
    assert_eq!(drain(&mut queue), ["", "longer than the others"]);
    queue.push(text("")).expect("nobody waits any more");
    assert_eq!(queue.status().queued_bytes, MESSAGE_OVERHEAD_BYTES);
}

#[test]
fn messages_for_a_slow_reader_are_dropped_and_counted_where_the_operator_says_so() {
    let mut queue = queue_for(MESSAGE_OVERHEAD_BYTES + 1, SlowReader::Drop);
    queue.push(text("a")).expect("room");
    assert_eq!(queue.push(text("b")), Ok(()));
    assert!(matches!(queue.offer(text("c")), Ok(Offered::Taken)));
    assert_eq!(queue.status().dropped, 2);
    assert_eq!(drain(&mut queue), ["a"]);
}

#[test]
fn a_slow_reader_is_closed_where_the_operator_says_so() {
    let mut queue = queue_for(MESSAGE_OVERHEAD_BYTES + 1, SlowReader::Close);
    queue.push(text("a")).expect("room");
    assert_eq!(queue.push(text("b")), Err(SendError::Closed));
    assert_eq!(drain(&mut queue), ["a", "close SlowReader"]);
}

#[test]
fn a_batch_is_held_until_it_is_let_go_of() {
    let mut queue = queue(1000);
    queue.push(text("before")).expect("room");
    queue.set_batching(true);
    queue.push(text("a")).expect("room");
    assert!(matches!(queue.offer(text("b")), Ok(Offered::Taken)), "replies as well");
    assert_eq!(drain(&mut queue), ["before"]);
    queue.flush();
    queue.push(text("c")).expect("room");
    assert_eq!(drain(&mut queue), ["a", "b"]);
    queue.set_batching(false);
    assert_eq!(drain(&mut queue), ["c"]);
    assert!(!queue.batching());
}

#[test]
fn a_batch_is_let_go_of_by_its_size_and_by_a_close() {
    let mut queue = queue(1 << 20);
    queue.set_batching(true);
    queue.push(Message::Binary(vec![0; BATCH_BYTES_MAX].into())).expect("room");
    assert_eq!(drain(&mut queue).len(), 1);
    queue.push(text("a")).expect("room");
    queue.close(CloseRequest::by_host(CloseCause::GoingAway));
    assert_eq!(drain(&mut queue), ["a", "close GoingAway"]);
}

#[test]
fn what_is_held_back_does_not_make_a_reader_slow() {
    for slow_reader in [SlowReader::Wait, SlowReader::Drop, SlowReader::Close] {
        let mut queue = queue_for(1000, slow_reader);
        queue.set_batching(true);
        queue.push(text("held")).expect("room");
        queue.push(text(&"x".repeat(900))).expect("half of the limit is let go of");
        assert_eq!(drain(&mut queue).len(), 2, "{slow_reader:?}");
        let stream = queue.start_stream().expect("room");
        for _ in 0..20 {
            queue
                .write_piece(stream, text(&"y".repeat(400)))
                .expect("pieces are let go of as well");
            drain(&mut queue);
        }
        assert_eq!((queue.is_open(), queue.status().dropped), (true, 0));
    }
}

#[test]
fn a_close_does_not_wait_behind_a_message_that_has_not_begun() {
    let mut queue = queue(1000);
    queue.start_stream().expect("room");
    queue.push(text("bye")).expect("room");
    queue.close(CloseRequest::by_guest(CloseReason::normal()));
    assert_eq!(drain(&mut queue), ["bye", "close Requested"]);
}

#[test]
fn a_guest_that_is_gone_is_why_its_message_was_given_up() {
    let mut queue = queue(1000);
    let stream = queue.start_stream().expect("room");
    queue.write_piece(stream, text("a")).expect("room");
    queue.abandon_stream(stream);
    queue.close(CloseRequest::by_host(CloseCause::GuestFailed));
    queue.close(CloseRequest::by_host(CloseCause::GoingAway));
    assert_eq!(drain(&mut queue), ["^a", "close GuestFailed"]);
}

#[test]
fn a_piece_that_cannot_follow_closes_nobody() {
    let mut queue = queue_for(200, SlowReader::Close);
    let finished = queue.start_stream().expect("room");
    queue.write_piece(finished, text("a")).expect("room");
    queue.finish_stream(finished).expect("not finished");
    let big = text(&"x".repeat(1000));
    assert_eq!(queue.write_piece(finished, big.clone()), Err(WriteError::Closed));
    assert!(queue.is_open());
    let stream = queue.start_stream().expect("room");
    assert_eq!(queue.write_piece(stream, big), Err(WriteError::Closed), "too slow");
    assert!(!queue.is_open());
}

#[test]
fn pieces_stay_together_and_what_is_sent_meanwhile_waits() {
    let mut queue = queue(1 << 20);
    let stream = queue.start_stream().expect("room");
    queue.write_piece(stream, text("a")).expect("room");
    queue.push(text("whole")).expect("room");
    queue.write_piece(stream, text("b")).expect("room");
    assert_eq!(drain(&mut queue), ["^a", "b"]);
    queue.write_piece(stream, text("c")).expect("room");
    queue.finish_stream(stream).expect("not finished");
    assert_eq!(queue.finish_stream(stream), Err(WriteError::Closed));
    assert_eq!(queue.write_piece(stream, text("d")), Err(WriteError::Closed));
    assert_eq!(drain(&mut queue), ["c$", "whole"]);
    assert_eq!(queue.status().queued_bytes, 0);
}

#[test]
fn a_finish_after_the_last_piece_was_written_is_an_empty_piece() {
    let mut queue = queue(1000);
    let stream = queue.start_stream().expect("room");
    queue.write_piece(stream, text("a")).expect("room");
    assert_eq!(drain(&mut queue), ["^a"]);
    queue.finish_stream(stream).expect("not finished");
    assert_eq!(drain(&mut queue), ["$"]);
    assert_eq!(queue.status().queued_bytes, 0);
}

#[test]
fn a_message_without_a_piece_is_none() {
    let mut queue = queue(1000);
    let (finished, given_up) = (queue.start_stream(), queue.start_stream());
    queue.push(text("a")).expect("room");
    queue.finish_stream(finished.expect("room")).expect("not finished");
    queue.abandon_stream(given_up.expect("room"));
    assert_eq!(drain(&mut queue), ["a"]);
    assert!(queue.is_open());
    assert_eq!(queue.status().queued_bytes, 0);
}

#[test]
fn a_message_that_is_given_up_halfway_closes_the_session() {
    let mut queue = queue(1000);
    let stream = queue.start_stream().expect("room");
    queue.write_piece(stream, text("a")).expect("room");
    queue.push(text("behind it")).expect("room");
    queue.abandon_stream(stream);
    assert_eq!(drain(&mut queue), ["^a", "close MessageAbandoned"]);
}

#[test]
fn pieces_are_of_one_kind_and_bounded() {
    let mut queue = queue_for(4 * MESSAGE_OVERHEAD_BYTES, SlowReader::Drop);
    let stream = queue.start_stream().expect("room");
    queue.write_piece(stream, text("a")).expect("room");
    let binary = Message::Binary(Bytes::new());
    assert_eq!(queue.write_piece(stream, binary), Err(WriteError::WrongKind));
    let big = Message::Text("x".repeat(1000).into());
    assert!(matches!(queue.write_piece(stream, big.clone()), Err(WriteError::QueueFull(_))));
    assert_eq!(queue.status().dropped, 0, "a message with a hole is another message");
    assert_eq!(drain(&mut queue), ["^a"]);
    queue.write_piece(stream, big).expect("nothing waits");
}

#[test]
fn a_queue_that_is_shut_gives_back_the_close_that_it_did_not_reach() {
    let mut queue = queue(1000);
    queue.push(text("a")).expect("room");
    let request = CloseRequest::by_guest(CloseReason::normal());
    queue.close(request.clone());
    assert_eq!(queue.shut(), Some(request));
    assert_eq!(queue.shut(), None);
}

#[test]
fn a_shut_queue_holds_nothing() {
    let mut queue = queue(1000);
    queue.push(text("a")).expect("room");
    let stream = queue.start_stream().expect("room");
    assert_eq!(queue.shut(), None);
    assert_eq!(drain(&mut queue), [""; 0]);
    assert_eq!(queue.push(text("b")), Err(SendError::Closed));
    assert_eq!(queue.write_piece(stream, text("c")), Err(WriteError::Closed));
    assert_eq!(queue.status().queued_bytes, 0);
}

proptest! {
    /// What was taken comes out, whole, in order, once, whether it is held back meanwhile or not;
    /// and the count of bytes ends at nothing.
    #[test]
    fn taken_messages_come_out_in_order(
        steps in prop::collection::vec((0_usize..200, 0_u8..10), 0..200),
    ) {
        let mut queue = queue(1000);
        let (mut taken, mut given) = (Vec::new(), Vec::new());
        for (size, step) in steps {
            match step {
                0..5 => {
                    let message = Message::Text(format!("{}{size:0>size$}", taken.len()).into());
                    if queue.push(message.clone()).is_ok() {
                        taken.push(shown(Outgoing::Message(message)));
                    }
                    let status = queue.status();
                    prop_assert!(status.queued_bytes <= status.limit_bytes * 3 / 2);
                }
                5 => queue.set_batching(true),
                6 => queue.flush(),
                _ => given.extend(queue.pop(Waker::noop()).map(shown)),
            }
        }
        queue.set_batching(false);
        given.extend(drain(&mut queue));
        prop_assert_eq!(given, taken);
        prop_assert_eq!(queue.status().queued_bytes, 0);
    }

    /// The pieces of a message make it up, however the taking of them falls between.
    #[test]
    fn pieces_make_up_their_message(
        steps in prop::collection::vec(any::<bool>(), 0..40),
        finishes_late: bool,
    ) {
        let mut queue = queue(1 << 20);
        let stream = queue.start_stream().expect("room");
        let (mut written, mut given) = (0, Vec::new());
        for step in steps {
            if step {
                queue.write_piece(stream, text("x")).expect("room");
                written += 1;
            } else {
                given.extend(queue.pop(Waker::noop()).map(shown));
            }
        }
        if finishes_late {
            given.extend(drain(&mut queue));
        }
        queue.finish_stream(stream).expect("open");
        queue.push(text("next")).expect("room");
        given.extend(drain(&mut queue));
        let next = given.pop();
        prop_assert_eq!(next.as_deref(), Some("next"));
        let all = given.concat();
        let pieces = "x".repeat(written);
        let expected = if written == 0 { String::new() } else { format!("^{pieces}$") };
        prop_assert_eq!(all, expected);
        prop_assert_eq!(queue.status().queued_bytes, 0);
    }
}
