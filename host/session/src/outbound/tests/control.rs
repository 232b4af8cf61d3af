//! Control frames among messages, and a connection that is to be dropped.

use super::{drain, queue, text};
use crate::close::{CloseCause, CloseRequest};
use crate::outbound::{
    CONTROL_BYTES_MAX, Control, ControlError, ControlKind, Next, Outbound, SendError,
};

fn ping(payload: &str) -> Control {
    Control { kind: ControlKind::Ping, payload: payload.to_owned().into() }
}

fn fill(queue: &mut Outbound) {
    while queue.push_control(ping("full")).is_ok() {}
}

#[test]
fn a_control_frame_takes_its_place_among_messages() {
    let mut queue = queue(1000);
    queue.push(text("a")).expect("room");
    queue.push_control(ping("b")).expect("room");
    let pong = Control { kind: ControlKind::Pong, payload: "c".into() };
    queue.push_control(pong).expect("room");
    queue.push(text("d")).expect("room");
    assert_eq!(drain(&mut queue), ["a", "Ping b", "Pong c", "d"]);
    assert_eq!(queue.status().queued_bytes, 0);
}

#[test]
fn a_message_that_is_not_finished_holds_up_messages_alone() {
    let mut queue = queue(1000);
    let stream = queue.start_stream().expect("room");
    queue.write_piece(stream, text("1")).expect("room");
    queue.push(text("later")).expect("room");
    queue.push_control(ping("a")).expect("room");
    queue.push_control(ping("b")).expect("room");
    assert_eq!(drain(&mut queue), ["^1", "Ping a", "Ping b"]);
    queue.finish_stream(stream).expect("it is open");
    assert_eq!(drain(&mut queue), ["$", "later"]);
    assert_eq!(queue.status().queued_bytes, 0);
}

#[test]
fn what_is_held_back_is_held_back_with_its_control_frames() {
    let mut queue = queue(1000);
    let stream = queue.start_stream().expect("room");
    queue.set_batching(true);
    queue.push_control(ping("held")).expect("room");
    assert!(drain(&mut queue).is_empty());
    queue.flush();
    assert_eq!(drain(&mut queue), ["Ping held"]);
    queue.finish_stream(stream).expect("it is open");
    assert!(drain(&mut queue).is_empty());
}

#[test]
fn control_frames_are_bounded_one_by_one_and_together() {
    let mut queue = queue(1000);
    let long = Control { kind: ControlKind::Ping, payload: vec![0; CONTROL_BYTES_MAX + 1].into() };
    assert_eq!(queue.push_control(long), Err(ControlError::TooLong(CONTROL_BYTES_MAX + 1)));
    let most = Control { kind: ControlKind::Ping, payload: vec![0; CONTROL_BYTES_MAX].into() };
    queue.push_control(most).expect("it fits");
    fill(&mut queue);
    let full = queue.push_control(ping("x"));
    assert!(matches!(full, Err(ControlError::Send(SendError::QueueFull(_)))), "{full:?}");
    assert!(queue.status().queued_bytes <= 1000);
    queue.close(CloseRequest::by_host(CloseCause::GoingAway));
    assert_eq!(queue.push_control(ping("x")), Err(ControlError::Send(SendError::Closed)));
}

#[test]
fn an_abort_drops_what_waits_and_the_close_as_well() {
    for closes_before in [false, true] {
        let mut queue = queue(1000);
        queue.push(text("lost")).expect("room");
        if closes_before {
            queue.close(CloseRequest::by_host(CloseCause::GoingAway));
        }
        queue.abort();
        assert!(queue.is_aborted());
        assert!(matches!(queue.take_next(), Next::Closing));
        assert!(drain(&mut queue).is_empty());
        assert_eq!(queue.push(text("x")), Err(SendError::Closed));
    }
}
