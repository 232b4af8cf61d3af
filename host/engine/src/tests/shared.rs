//! Sessions that share an instance: what they have together, and what one does to the others.

use std::future::Future;
use std::num::NonZeroU16;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::Duration;

use sockhop_session::handshake::HandshakeRequest;
use sockhop_session::outbound::{CloseRequest, Outgoing};
use sockhop_session::port::{Endpoint, TrapKind};
use sockhop_session::{CloseCause, Handle};
use tokio::time::timeout;

use super::wat::{guest, guest_with};
use super::{
    AMPLE, asked, engine, guest_of, guest_within, queued, seats, session, settings, text, trap_kind,
};
use crate::{Engine, GuestSession, Instancing, SeatError, Seats};

fn shared(engine: &Engine, shards: u16) -> Seats {
    let shards = NonZeroU16::new(shards).expect("some");
    seats(&guest_of(engine, &guest()), Instancing::Shared(shards))
}

async fn opened(seats: &Seats, number: u64) -> (Arc<Handle>, GuestSession) {
    let session = session(number);
    let mut guest = seats.take(&asked()).await.expect("a seat").session(Arc::clone(&session));
    guest.open().await.expect("opens");
    (session, guest)
}

#[tokio::test]
async fn sessions_share_as_many_instances_as_there_are_shards() {
    let engine = engine(3);
    let seats = shared(&engine, 2);
    assert_eq!(engine.instances(), 0, "none before it is needed");
    let mut opened_ones = Vec::new();
    for number in 0..6 {
        opened_ones.push(opened(&seats, number).await);
    }
    assert_eq!(engine.instances(), 2);
    for (session, guest) in &mut opened_ones {
        let name = format!("s {}", session.id());
        assert_eq!(guest.on_message(text("a")).await, Ok(Some(text("a"))));
        assert_eq!(guest.on_message(text(&name)).await, Ok(None));
        assert_eq!(queued(session), [Outgoing::Message(text(&name))]);
    }
}

#[tokio::test]
async fn a_session_that_is_finished_leaves_nothing_behind() {
    let engine = engine(1);
    let seats = shared(&engine, 1);
    let (first, mut first_guest) = opened(&seats, 1).await;
    let (_second, mut second_guest) = opened(&seats, 2).await;
    first_guest.finish().await.expect("finished");
    assert_eq!(trap_kind(first_guest.on_message(text("a")).await), TrapKind::InstanceGone);
    drop(first_guest);
    assert_eq!(Arc::strong_count(&first), 1);
    assert_eq!(second_guest.on_message(text("a")).await, Ok(Some(text("a"))));
}

/// The host holds one instance, so the fresh one shows that the old one is gone.
#[tokio::test]
async fn a_trap_ends_all_sessions_of_the_instance_and_the_next_gets_a_fresh_one() {
    let engine = engine(1);
    let seats = shared(&engine, 1);
    let mut others = Vec::new();
    for number in 0..5 {
        others.push(opened(&seats, number).await);
    }
    let (_session, mut poisoned) = opened(&seats, 9).await;
    assert_eq!(trap_kind(poisoned.on_message(text("t")).await), TrapKind::Trapped);
    let failed = CloseRequest::by_host(CloseCause::GuestFailed);
    for (session, guest) in &mut others {
        assert_eq!(trap_kind(guest.on_message(text("a")).await), TrapKind::InstanceGone);
        assert_eq!(queued(session), [Outgoing::Close(failed.clone())]);
    }
    // The old one is still there when they come.
    let (fresh, other) = tokio::join!(opened(&seats, 10), opened(&seats, 11));
    for (session, mut guest) in [fresh, other] {
        assert_eq!(guest.on_message(text("a")).await, Ok(Some(text("a"))));
        assert!(session.is_open());
    }
    assert_eq!(engine.instances(), 1);
}

#[tokio::test]
async fn a_handshake_behind_another_peers_trap_is_decided_in_the_next_instance() {
    let engine = engine(1);
    let seats = shared(&engine, 1);
    let (_session, mut poisoned) = opened(&seats, 1).await;
    let request = asked();
    let (trapped, decided) = tokio::join!(poisoned.on_message(text("t")), seats.decide(&request));
    assert_eq!(trap_kind(trapped), TrapKind::Trapped);
    let (seat, decision) = decided.expect("a seat");
    assert_eq!(decision, None);
    let mut guest = seat.session(session(2));
    guest.open().await.expect("opens");
    assert_eq!(guest.on_message(text("a")).await, Ok(Some(text("a"))));
}

#[tokio::test]
async fn a_trap_in_one_shard_is_none_of_the_others() {
    let engine = engine(2);
    let seats = shared(&engine, 2);
    let (_first, mut first) = opened(&seats, 1).await;
    let (second, mut second_guest) = opened(&seats, 2).await;
    assert_eq!(trap_kind(first.on_message(text("t")).await), TrapKind::Trapped);
    assert_eq!(second_guest.on_message(text("a")).await, Ok(Some(text("a"))));
    assert!(second.is_open());
}

#[tokio::test]
async fn a_trap_ends_those_that_wait_for_their_turn() {
    let engine = engine(1);
    let component = guest();
    let settings = settings(Duration::from_millis(30), AMPLE);
    let guest = guest_within(&engine, &component, settings);
    let seats = seats(&guest, Instancing::Shared(NonZeroU16::MIN));
    let (_first, mut first) = opened(&seats, 1).await;
    let (_second, mut second) = opened(&seats, 2).await;
    let mut unopened = seats.take(&asked()).await.expect("a seat").session(session(3));
    let (looped, waited, not_opened) =
        tokio::join!(first.on_message(text("l")), second.on_message(text("a")), unopened.open(),);
    assert_eq!(trap_kind(looped), TrapKind::OutOfTime);
    assert_eq!(trap_kind(waited), TrapKind::InstanceGone);
    assert_eq!(trap_kind(not_opened), TrapKind::InstanceGone);
}

#[tokio::test]
async fn a_call_that_nobody_waits_for_any_more_costs_the_others_nothing() {
    let engine = engine(1);
    let seats = shared(&engine, 1);
    let (_first, mut first) = opened(&seats, 1).await;
    let (_second, mut second) = opened(&seats, 2).await;
    {
        let call = pin!(first.on_message(text("a")));
        assert!(call.poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    assert_eq!(second.on_message(text("b")).await, Ok(Some(text("b"))));
    assert_eq!(first.on_message(text("c")).await, Ok(Some(text("c"))));
}

#[tokio::test]
async fn a_full_host_has_no_room_for_a_shard() {
    let engine = engine(1);
    let own = seats(&guest_of(&engine, &guest()), Instancing::Session);
    let held = own.take(&asked()).await.expect("a seat");
    let seats = shared(&engine, 1);
    assert!(matches!(seats.take(&asked()).await, Err(SeatError::AtCapacity)));
    drop(held);
    let (_session, mut guest) = opened(&seats, 1).await;
    assert_eq!(guest.on_message(text("a")).await, Ok(Some(text("a"))));
    assert!(matches!(own.take(&asked()).await, Err(SeatError::AtCapacity)));
}

#[tokio::test]
async fn an_instance_that_cannot_be_made_is_tried_again_for_the_next() {
    let engine = engine(1);
    let guest = guest_of(&engine, &guest_with(&[("BEGIN", "unreachable")]));
    let seats = seats(&guest, Instancing::Shared(NonZeroU16::MIN));
    for number in 0..3 {
        let mut shard = seats.take(&asked()).await.expect("nothing is known yet");
        let answer = shard.handshake(&HandshakeRequest::default()).await;
        let Err(SeatError::Trap(trap)) = answer else { panic!("{answer:?}") };
        assert_eq!((trap.kind, trap.call), (TrapKind::Trapped, "instantiation"));
        let mut opened = seats.take(&asked()).await.expect("a seat").session(session(number));
        assert_eq!(trap_kind(opened.open().await), TrapKind::Trapped);
    }
    assert_eq!(engine.instances(), 0);
}

#[tokio::test]
async fn an_instance_ends_when_nothing_can_reach_it_any_more() {
    let engine = engine(1);
    let seats = shared(&engine, 1);
    let (_session, guest) = opened(&seats, 1).await;
    drop(seats);
    assert!(
        timeout(Duration::from_millis(20), engine.stopped()).await.is_err(),
        "a session is left"
    );
    assert_eq!(engine.instances(), 1);
    drop(guest);
    timeout(AMPLE, engine.stopped()).await.expect("nothing is left");
    assert_eq!(engine.instances(), 0);
}
