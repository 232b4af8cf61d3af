//! A session in an instance of its own.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use sockhop_session::outbound::Outgoing;
use sockhop_session::port::{Endpoint, Fault, SessionError, TrapKind};
use sockhop_session::{CloseCause, CloseEvent, Handle, Initiator, Message};

use super::wat::{guest, guest_with};
use super::{asked, emptied, engine, guest_of, queued, seats, session, text, trap_kind};
use crate::{Engine, GuestSession, Instancing, SeatError};

async fn opened(engine: &Engine, session: &Arc<Handle>) -> GuestSession {
    let guest = guest_of(engine, &guest());
    let seat = seats(&guest, Instancing::Session).take(&asked()).await.expect("a seat");
    let mut guest = seat.session(Arc::clone(session));
    guest.open().await.expect("opens");
    guest
}

fn close_event(phrase: &str) -> CloseEvent {
    CloseEvent {
        initiator: Initiator::Peer,
        cause: CloseCause::Requested,
        code_sent: Some(1000),
        code_received: Some(1000),
        phrase: phrase.to_owned(),
        clean: true,
        code: 1000,
    }
}

#[tokio::test]
async fn messages_go_in_and_come_back_as_they_are() {
    let mut guest = opened(&engine(1), &session(1)).await;
    let binary = Message::Binary(vec![0, 0xff].into());
    for message in [text(""), text("a"), text(&"é".repeat(100_000)), binary] {
        assert_eq!(guest.on_message(message.clone()).await, Ok(Some(message)));
    }
}

#[tokio::test]
async fn what_a_guest_sends_is_queued_or_refused() {
    let session = session(1);
    let mut guest = opened(&engine(1), &session).await;
    assert_eq!(guest.on_message(text("s one")).await, Ok(None));
    assert_eq!(guest.on_message(text("s two")).await, Ok(None));
    let sent = ["s one", "s two"].map(|sent| Outgoing::Message(text(sent)));
    assert_eq!(queued(&session), sent);
    session.shut();
    assert_eq!(guest.on_message(text("s late")).await, Ok(None));
    assert_eq!(queued(&session), []);
}

#[tokio::test]
async fn an_error_is_the_guests_own_word_and_the_instance_lives() {
    let mut guest = opened(&engine(1), &session(1)).await;
    assert_eq!(guest.on_message(text("e why")).await, Err(Fault::Returned("e why".into())));
    assert_eq!(guest.on_error(&SessionError::Handler("e why".into())).await, Ok(()));
    assert_eq!(guest.on_message(text("a")).await, Ok(Some(text("a"))));
    let failed = guest.on_close(&close_event("cannot save")).await;
    assert_eq!(failed, Err(Fault::Returned("cannot save".into())));
    assert_eq!(guest.on_error(&SessionError::Handler("cannot save".into())).await, Ok(()));
    assert_eq!(guest.finish().await, Ok(()));
}

#[tokio::test]
async fn the_destructor_gives_the_sessions_handle_back() {
    let session = session(1);
    let mut guest = opened(&engine(1), &session).await;
    let held = Arc::strong_count(&session);
    guest.on_close(&close_event("")).await.expect("told");
    assert_eq!(Arc::strong_count(&session), held);
    guest.finish().await.expect("finished");
    assert_eq!(Arc::strong_count(&session), held - 1);
}

#[tokio::test]
async fn a_trap_in_open_and_in_on_error_is_the_end() {
    let engine = engine(1);
    let guest = guest_of(&engine, &guest_with(&[("OPEN", "unreachable")]));
    let seat = seats(&guest, Instancing::Session).take(&asked()).await.expect("a seat");
    let mut guest = seat.session(session(1));
    assert_eq!(trap_kind(guest.open().await), TrapKind::Trapped);
    assert_eq!(engine.instances(), 1, "whoever has it clears it up");
    drop(guest);
    assert_eq!(engine.instances(), 0);
    let mut guest = opened(&engine, &session(2)).await;
    let trap = guest.on_error(&SessionError::Handler("t".into())).await.expect_err("traps");
    assert_eq!((trap.kind, trap.call), (TrapKind::Trapped, "endpoint.on-error"));
    assert_eq!(trap_kind(guest.on_close(&close_event("")).await), TrapKind::InstanceGone);
}

#[tokio::test]
async fn a_session_that_is_not_open_is_not_called() {
    let engine = engine(1);
    let guest = guest_of(&engine, &guest());
    let seat = seats(&guest, Instancing::Session).take(&asked()).await.expect("a seat");
    let mut guest = seat.session(session(1));
    assert_eq!(trap_kind(guest.on_message(text("a")).await), TrapKind::InstanceGone);
    guest.open().await.expect("opens");
    guest.finish().await.expect("finished");
    assert_eq!(trap_kind(guest.on_message(text("a")).await), TrapKind::InstanceGone);
}

#[tokio::test]
async fn a_call_that_is_dropped_halfway_is_the_last() {
    let session = session(1);
    let engine = engine(1);
    let mut guest = opened(&engine, &session).await;
    {
        let call = pin!(guest.on_message(text("l")));
        // The guest is interrupted at a tick of the clock, and goes on in another thread.
        let polled = call.poll(&mut Context::from_waker(Waker::noop()));
        assert!(polled.is_pending());
    }
    assert_eq!(trap_kind(guest.on_message(text("a")).await), TrapKind::InstanceGone);
    assert_eq!(trap_kind(guest.on_close(&close_event("")).await), TrapKind::InstanceGone);
    drop(guest);
    emptied(&engine).await;
    assert_eq!(Arc::strong_count(&session), 1);
}

#[tokio::test]
async fn a_full_host_has_no_seat_until_one_is_given_back() {
    let engine = engine(2);
    let guest = guest_of(&engine, &guest());
    let seats = seats(&guest, Instancing::Session);
    let unused = seats.take(&asked()).await.expect("a seat");
    let mut used = seats.take(&asked()).await.expect("a seat").session(session(1));
    used.open().await.expect("opens");
    assert_eq!(engine.instances(), 2);
    assert!(matches!(seats.take(&asked()).await, Err(SeatError::AtCapacity)));
    drop(unused);
    let again = seats.take(&asked()).await.expect("the seat that was given back");
    used.finish().await.expect("finished");
    assert!(matches!(seats.take(&asked()).await, Err(SeatError::AtCapacity)), "still held");
    drop(used);
    seats.take(&asked()).await.expect("another one");
    drop(again);
    assert_eq!(engine.instances(), 0);
}

#[tokio::test]
async fn a_seat_that_could_not_be_made_is_not_held() {
    let engine = engine(1);
    let failing = guest_of(&engine, &guest_with(&[("BEGIN", "unreachable")]));
    let failing = seats(&failing, Instancing::Session);
    for _ in 0..3 {
        assert!(matches!(failing.take(&asked()).await, Err(SeatError::Trap(_))));
    }
    let request = asked();
    let making = failing.take(&request);
    drop(making);
    let endless = guest_of(&engine, &guest_with(&[("BEGIN", "(call $forever)")]));
    let endless = seats(&endless, Instancing::Session);
    {
        let making = pin!(endless.take(&request));
        let polled = making.poll(&mut Context::from_waker(Waker::noop()));
        assert!(matches!(polled, Poll::Pending));
        assert_eq!(engine.instances(), 1);
    }
    emptied(&engine).await;
    opened(&engine, &session(1)).await;
}

#[tokio::test]
async fn a_component_without_a_configurator_decides_nothing() {
    let engine = engine(1);
    let guest = guest_of(&engine, &guest());
    let mut seat = seats(&guest, Instancing::Session).take(&asked()).await.expect("a seat");
    let request = sockhop_session::handshake::HandshakeRequest::default();
    assert_eq!(seat.handshake(&request).await.expect("asked"), None);
}
