//! What a guest may use, and that nobody else pays for what it tries to.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sockhop_session::port::{Endpoint, TrapKind};

use super::wat::{guest, guest_with};
use super::{
    AMPLE, MEMORY_BYTES, SHORT, asked, engine, guest_of, guest_within, seats, session, settings,
    text, trap_kind,
};
use crate::{DescribeError, GuestSettings, Instancing, SeatError};

fn kind_of(error: &DescribeError) -> TrapKind {
    match error {
        DescribeError::Trap(trap) | DescribeError::Seat(SeatError::Trap(trap)) => trap.kind,
        DescribeError::Seat(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn computing_for_ever_ends_in_time_wherever_it_happens() {
    for place in ["BEGIN", "DESCRIBE"] {
        let engine = engine(1);
        let component = guest_with(&[(place, "(call $forever)")]);
        let guest = guest_within(&engine, &component, settings(SHORT, AMPLE));
        let error = guest.describe().await.expect_err("it never ends");
        assert_eq!(kind_of(&error), TrapKind::OutOfTime, "{place}: {error:?}");
        assert_eq!(engine.instances(), 0);
    }
}

#[tokio::test]
async fn hoarding_memory_ends_wherever_it_happens() {
    for place in ["BEGIN", "DESCRIBE"] {
        let engine = engine(1);
        let guest = guest_of(&engine, &guest_with(&[(place, "(call $hoard)")]));
        let error = guest.describe().await.expect_err("there is no end to it");
        assert_eq!(kind_of(&error), TrapKind::OutOfMemory, "{place}: {error:?}");
        assert_eq!(engine.instances(), 0);
    }
}

#[tokio::test]
async fn a_guest_that_begins_with_more_memory_than_it_may_have_is_out_of_memory() {
    let engine = engine(1);
    let settings = GuestSettings { memory_bytes: 65535, ..settings(AMPLE, AMPLE) };
    let error = guest_within(&engine, &guest(), settings).describe().await.expect_err("too much");
    assert_eq!(kind_of(&error), TrapKind::OutOfMemory, "{error:?}");
}

#[tokio::test]
async fn each_event_has_its_time_anew() {
    let engine = engine(1);
    // A call computes for some hundredths of what it may; all together take more than that.
    let work = "(local $i i32) (local.set $i (i32.const 20000000))
        (loop $again
          (local.set $i (i32.sub (local.get $i) (i32.const 1)))
          (br_if $again (local.get $i)))";
    let component = guest_with(&[("WORK", work)]);
    let event_cpu = Duration::from_millis(80);
    let guest = guest_within(&engine, &component, settings(event_cpu, AMPLE));
    let seat = seats(&guest, Instancing::Session).take(&asked()).await.expect("a seat");
    let mut guest = seat.session(session(1));
    guest.open().await.expect("opens");
    for _ in 0..60 {
        assert_eq!(guest.on_message(text("w")).await, Ok(Some(text("w"))));
    }
}

#[tokio::test]
async fn each_way_to_fail_in_a_message_has_its_name_and_is_the_end() {
    let engine = engine(1);
    let guest = guest_within(&engine, &guest(), settings(SHORT, AMPLE));
    let seats = seats(&guest, Instancing::Session);
    for (message, kind) in
        [("t", TrapKind::Trapped), ("l", TrapKind::OutOfTime), ("m", TrapKind::OutOfMemory)]
    {
        let mut guest = seats.take(&asked()).await.expect("a seat").session(session(1));
        guest.open().await.expect("opens");
        assert_eq!(trap_kind(guest.on_message(text(message)).await), kind);
        assert_eq!(trap_kind(guest.on_message(text("a")).await), TrapKind::InstanceGone);
        assert_eq!(guest.finish().await.expect_err("gone").kind, TrapKind::InstanceGone);
    }
}

#[tokio::test]
async fn a_message_that_does_not_fit_the_guests_memory_is_out_of_memory() {
    let engine = engine(1);
    let guest = guest_of(&engine, &guest());
    let seat = seats(&guest, Instancing::Session).take(&asked()).await.expect("a seat");
    let mut guest = seat.session(session(1));
    guest.open().await.expect("opens");
    let fits = text(&"x".repeat(MEMORY_BYTES / 2));
    assert_eq!(guest.on_message(fits.clone()).await, Ok(Some(fits)));
    let too_big = text(&"x".repeat(MEMORY_BYTES));
    assert_eq!(trap_kind(guest.on_message(too_big).await), TrapKind::OutOfMemory);
}

/// One worker, and a guest that would keep it: the other is served meanwhile.
#[tokio::test]
async fn a_guest_that_computes_does_not_hold_up_another() {
    let engine = engine(2);
    let guest = guest_within(&engine, &guest(), settings(Duration::from_millis(500), AMPLE));
    let seats = seats(&guest, Instancing::Session);
    let mut busy = seats.take(&asked()).await.expect("a seat").session(session(1));
    let mut quick = seats.take(&asked()).await.expect("a seat").session(session(2));
    busy.open().await.expect("opens");
    quick.open().await.expect("opens");
    let is_busy = Arc::new(AtomicBool::new(true));
    let computing = async {
        let ended = busy.on_message(text("l")).await;
        is_busy.store(false, Ordering::Relaxed);
        ended
    };
    let serving = async {
        tokio::task::yield_now().await;
        for _ in 0..20 {
            assert_eq!(quick.on_message(text("a")).await, Ok(Some(text("a"))));
            tokio::task::yield_now().await;
        }
        is_busy.load(Ordering::Relaxed)
    };
    let (ended, was_busy) = tokio::join!(computing, serving);
    assert_eq!(trap_kind(ended), TrapKind::OutOfTime);
    assert!(was_busy, "the other was served only when this one had ended");
}
