//! Timers: who may start one, and how the guest hears of it.

use std::num::NonZeroU16;
use std::sync::Arc;
use std::time::Duration;

use sockhop_session::outbound::Outgoing;
use sockhop_session::port::{Endpoint, Fault, NoSessions, TrapKind};
use tokio::time::Instant;
use wasmtime::component::ResourceTable;

use super::wat::{guest, guest_that_imports, guest_with_timers};
use super::{asked, engine, guest_of, queued, seats, session, text, trap_kind};
use crate::bindings::timers::{Host as _, TimerError};
use crate::ctx::{CtxView, SessionRef};
use crate::{Guest, Instancing, NoContainer, Surroundings};

const OWN: u64 = 7;

/// Starts a timer of a session that the instance `served_in` serves, as the guest's instance `OWN`.
fn started(guest: &Guest, served_in: u64, milliseconds: u64) -> Result<(), TimerError> {
    let (directory, container) = (Arc::new(NoSessions), Arc::new(NoContainer));
    let around = Surroundings { directory, container };
    let mut table = ResourceTable::new();
    let session = Arc::new(Arc::into_inner(session(1)).expect("nobody else's").with_timers(1));
    session.serve_in(served_in);
    let mut handle = || table.push(SessionRef(Arc::clone(&session))).expect("room");
    let (first, second, third) = (handle(), handle(), handle());
    let mut view = CtxView {
        id: OWN,
        table: &mut table,
        directory: &NoSessions,
        around: &around,
        guest,
        home: None,
    };
    let started = view.start(first, 1, milliseconds).expect("no trap");
    let repeating = view.start_repeating(second, 1, milliseconds).expect("no trap");
    let is_short = matches!(repeating, Err(TimerError::TooShort(10)));
    assert_eq!(is_short, started.is_ok() && milliseconds < 10);
    assert_eq!(view.cancel(third, 1).expect("no trap"), started.is_ok());
    started
}

#[test]
fn an_instance_starts_timers_of_its_own_sessions_and_must_hear_of_them() {
    let engine = engine(1);
    let hears = guest_of(&engine, &guest_with_timers());
    assert!(matches!(started(&hears, OWN, 1000), Ok(())));
    assert!(matches!(started(&hears, OWN, 0), Ok(())));
    assert!(matches!(started(&hears, OWN, u64::MAX), Err(TimerError::TooLong(31_536_000_000))));
    assert!(matches!(started(&hears, OWN + 1, 1000), Err(TimerError::NotOwn)));
    let deaf = guest_of(&engine, &guest());
    assert_eq!(deaf.program().world(), "sockhop:websocket/endpoints@0.1.0");
}

#[test]
fn who_exports_no_timer_events_starts_none_though_it_may_import_timers() {
    let import = r#"(import "sockhop:websocket/timers@0.1.0" (instance))"#;
    let deaf = guest_of(&engine(1), &guest_that_imports(import));
    let (directory, container) = (Arc::new(NoSessions), Arc::new(NoContainer));
    let around = Surroundings { directory, container };
    let mut table = ResourceTable::new();
    let session = session(1);
    session.serve_in(OWN);
    let handle = table.push(SessionRef(session)).expect("room");
    let mut view = CtxView {
        id: OWN,
        table: &mut table,
        directory: &NoSessions,
        around: &around,
        guest: &deaf,
        home: None,
    };
    let started = view.start(handle, 1, 1000).expect("no trap");
    assert!(matches!(started, Err(TimerError::NotExported)));
}

#[tokio::test]
async fn a_timer_reaches_the_guest_fails_and_traps_as_other_events_do() {
    for instancing in [Instancing::Session, Instancing::Shared(NonZeroU16::MIN)] {
        let engine = engine(1);
        let guest = guest_of(&engine, &guest_with_timers());
        assert_eq!(guest.program().world(), "sockhop:websocket/timer-hearing-endpoints@0.1.0");
        let session = Arc::into_inner(session(1)).expect("nobody else's").with_timers(9);
        let session = Arc::new(session);
        let seat = seats(&guest, instancing).take(&asked()).await.expect("a seat");
        let mut guest = seat.session(Arc::clone(&session));
        guest.open().await.expect("opens");
        let due = |token| {
            let (now, repeat) = (Instant::now().into_std(), sockhop_session::timers::Repeat::Never);
            session.start_timer(now, token, Duration::ZERO, repeat).expect("room");
            let later = now + Duration::from_secs(1);
            assert_eq!(session.take_due_timer(later), (Some(token), None));
        };
        due(1);
        assert_eq!(guest.on_timer(1).await, Ok(()));
        due(13);
        assert_eq!(guest.on_timer(13).await, Err(Fault::Returned("timer".into())));
        assert_eq!(queued(&session), [Outgoing::Message(text("timer"))]);
        due(66);
        assert_eq!(trap_kind(guest.on_timer(66).await), TrapKind::Trapped);
    }
}

#[tokio::test]
async fn what_another_session_cancels_meanwhile_is_not_delivered() {
    let engine = engine(1);
    let guest = guest_of(&engine, &guest_with_timers());
    let session = Arc::into_inner(session(1)).expect("nobody else's").with_timers(9);
    let session = Arc::new(session);
    let seats = seats(&guest, Instancing::Shared(NonZeroU16::MIN));
    let mut guest = seats.take(&asked()).await.expect("a seat").session(Arc::clone(&session));
    guest.open().await.expect("opens");
    let (now, repeat) = (Instant::now().into_std(), sockhop_session::timers::Repeat::Never);
    session.start_timer(now, 1, Duration::ZERO, repeat).expect("room");
    assert_eq!(session.take_due_timer(now + Duration::from_secs(1)), (Some(1), None));
    assert!(session.cancel_timer(1), "by an event that was before it in the mailbox");
    assert_eq!(guest.on_timer(1).await, Ok(()));
    assert_eq!(queued(&session), []);
}
