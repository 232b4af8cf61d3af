//! Sessions that share an instance by key: who meets whom, and what is left when they have gone.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use sockhop_session::handshake::HandshakeRequest;
use sockhop_session::outbound::{CloseRequest, Outgoing};
use sockhop_session::port::{Endpoint, TrapKind};
use sockhop_session::{CloseCause, Handle};
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

use super::wat::{guest, guest_with, guest_with_keys};
use super::{
    AMPLE, SHORT, emptied, engine, guest_of, guest_within, queued, seats, session, settings, text,
    trap_kind,
};
use crate::{
    Engine, GuestSession, Instancing, KEY_BYTES_MAX, KeyError, KeySource, SeatError, Seats,
};

fn by_room() -> Instancing {
    Instancing::Keyed(KeySource::Parameter("room".into()))
}

fn by_guest() -> Instancing {
    Instancing::Keyed(KeySource::Guest)
}

/// A handshake to a room.
fn to_room(room: &str) -> HandshakeRequest {
    let others = [("hall", "one"), ("room", room)];
    let path_parameters = others.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    HandshakeRequest { path_parameters, ..HandshakeRequest::default() }
}

/// A handshake with a query, which `keys.wat` has for the key.
fn with_query(query: &str) -> HandshakeRequest {
    HandshakeRequest { query: Some(query.to_owned()), ..HandshakeRequest::default() }
}

async fn opened(
    seats: &Seats,
    request: &HandshakeRequest,
    number: u64,
) -> (Arc<Handle>, GuestSession) {
    let session = session(number);
    let mut guest = seats.take(request).await.expect("a seat").session(Arc::clone(&session));
    guest.open().await.expect("opens");
    (session, guest)
}

async fn key_error(seats: &Seats, request: &HandshakeRequest) -> KeyError {
    match seats.take(request).await {
        Err(SeatError::Key(error)) => error,
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("there is a seat"),
    }
}

/// Returns when as many instances live as keys are listed, and these are so many.
async fn settled(engine: &Engine, seats: &Seats, rooms: usize) {
    let settled = async {
        while (engine.instances(), seats.keys_listed()) != (rooms, rooms) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(AMPLE, settled).await.expect("the instances end");
}

#[tokio::test]
async fn the_sessions_with_one_key_share_an_instance_and_others_do_not() {
    let engine = engine(3);
    let seats = seats(&guest_of(&engine, &guest()), by_room());
    let mut guests = Vec::new();
    // Compared byte for byte: neither case nor what it looks like makes one of two.
    for (number, room) in ["a", "b", "A", "b", "a", "A"].into_iter().enumerate() {
        guests.push(opened(&seats, &to_room(room), number as u64).await);
    }
    assert_eq!((engine.instances(), seats.keys_listed()), (3, 3));
    assert!(matches!(seats.take(&to_room("a ")).await, Err(SeatError::AtCapacity)));
    for (_session, guest) in &mut guests {
        assert_eq!(guest.on_message(text("x")).await, Ok(Some(text("x"))));
    }
}

#[tokio::test]
async fn an_instance_ends_with_its_last_session_or_seat() {
    let engine = engine(2);
    let seats = seats(&guest_of(&engine, &guest()), by_room());
    let (_one, mut one) = opened(&seats, &to_room("a"), 1).await;
    let (_two, two) = opened(&seats, &to_room("a"), 2).await;
    let seat = seats.take(&to_room("a")).await.expect("a seat");
    one.finish().await.expect("finished");
    drop((one, two));
    assert_eq!((engine.instances(), seats.keys_listed()), (1, 1), "a seat is left");
    drop(seat);
    settled(&engine, &seats, 0).await;
    let (_again, _guest) = opened(&seats, &to_room("a"), 3).await;
    assert_eq!((engine.instances(), seats.keys_listed()), (1, 1));
}

/// On a full host, whoever comes back to a key that was just left finds its place, and no other.
#[tokio::test]
async fn the_place_of_a_key_that_was_just_left_is_waited_for() {
    let engine = engine(1);
    let seats = seats(&guest_of(&engine, &guest()), by_room());
    for number in 0..3 {
        let (session, guest) = opened(&seats, &to_room("a"), number).await;
        assert!(matches!(seats.take(&to_room("b")).await, Err(SeatError::AtCapacity)));
        // The instance's task has no turn before the next one comes.
        drop((session, guest));
    }
    settled(&engine, &seats, 0).await;
}

#[tokio::test]
async fn all_who_come_back_to_a_key_at_once_share_its_place() {
    let engine = engine(1);
    let seats = seats(&guest_of(&engine, &guest()), by_room());
    drop(opened(&seats, &to_room("a"), 1).await);
    let back = to_room("a");
    // None waits for a place that only one of them can get.
    let all = async { tokio::join!(seats.take(&back), seats.take(&back), seats.take(&back)) };
    let (one, two, three) = all.await;
    assert!([one, two, three].iter().all(Result::is_ok));
    assert_eq!(engine.instances(), 1);
}

#[tokio::test]
async fn a_trap_ends_the_sessions_of_its_key_and_the_next_gets_a_fresh_instance() {
    let engine = engine(2);
    let seats = seats(&guest_of(&engine, &guest()), by_room());
    let (_one, mut one) = opened(&seats, &to_room("a"), 1).await;
    let (two, mut two_guest) = opened(&seats, &to_room("a"), 2).await;
    let (other, mut other_guest) = opened(&seats, &to_room("b"), 3).await;
    let seated = seats.take(&to_room("a")).await.expect("a seat");
    assert_eq!(trap_kind(one.on_message(text("t")).await), TrapKind::Trapped);
    assert_eq!(trap_kind(two_guest.on_message(text("x")).await), TrapKind::InstanceGone);
    assert_eq!(queued(&two), [Outgoing::Close(CloseRequest::by_host(CloseCause::GuestFailed))]);
    assert_eq!(other_guest.on_message(text("x")).await, Ok(Some(text("x"))));
    assert!(other.is_open());
    // Those who were there before keep the instance that is gone, and not the next one from coming.
    let (fresh, mut fresh_guest) = opened(&seats, &to_room("a"), 4).await;
    let (_beside, _beside_guest) = opened(&seats, &to_room("a"), 5).await;
    assert_eq!(fresh_guest.on_message(text("x")).await, Ok(Some(text("x"))));
    assert!(fresh.is_open());
    let mut unopened = seated.session(session(6));
    assert_eq!(trap_kind(unopened.open().await), TrapKind::InstanceGone);
    drop((one, two_guest, unopened));
    settled(&engine, &seats, 2).await;
    let (_still, _still_guest) = opened(&seats, &to_room("a"), 7).await;
    assert_eq!((engine.instances(), seats.keys_listed()), (2, 2), "it joined the fresh one");
}

#[tokio::test]
async fn an_instance_that_cannot_be_made_leaves_no_key_behind() {
    let engine = engine(1);
    let guest = guest_of(&engine, &guest_with(&[("BEGIN", "unreachable")]));
    let seats = seats(&guest, by_room());
    for number in 0..3 {
        let mut unmade = seats.take(&to_room("a")).await.expect("a seat").session(session(number));
        assert_eq!(trap_kind(unmade.open().await), TrapKind::Trapped);
    }
    settled(&engine, &seats, 0).await;
}

/// Seats are taken while the last session leaves, by many at once, some of whom trap: whoever has a
/// seat is served, nobody by an instance that has trapped, and nothing is left in the end.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_is_left_of_keys_whose_sessions_come_and_go_at_once() {
    const TASKS: u64 = 8;
    const ROUNDS: u64 = 60;
    let engine = engine(64);
    let seats = Arc::new(seats(&guest_of(&engine, &guest()), by_room()));
    let served = Arc::new(AtomicUsize::new(0));
    let tracker = TaskTracker::new();
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let (seats, served) = (Arc::clone(&seats), Arc::clone(&served));
            tracker.spawn(async move {
                for round in 0..ROUNDS {
                    // Two rooms, so that each is entered and left by several at a time.
                    let room = to_room(&format!("{}", (task + round) % 2));
                    let seat = seats.take(&room).await.expect("there is room");
                    if round % 7 == 3 {
                        continue;
                    }
                    let mut guest = seat.session(session(task * ROUNDS + round));
                    // Another may have trapped meanwhile: that is told, and nothing else is.
                    let Ok(()) = guest.open().await else { continue };
                    let word = if round % 11 == 5 { "t" } else { "x" };
                    if guest.on_message(text(word)).await == Ok(Some(text("x"))) {
                        served.fetch_add(1, Ordering::Relaxed);
                    }
                    if round % 2 == 0 {
                        let _gone = guest.finish().await;
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("no task fails");
    }
    assert!(served.load(Ordering::Relaxed) > 0);
    settled(&engine, &seats, 0).await;
}

#[tokio::test]
async fn two_hundred_keys_that_come_and_go_leave_the_capacity_as_it_was() {
    let engine = engine(3);
    let seats = seats(&guest_of(&engine, &guest()), by_room());
    for number in 0..200 {
        let room = to_room(&format!("room {number}"));
        let (_one, mut one) = opened(&seats, &room, number).await;
        let (_two, two) = opened(&seats, &room, number + 1000).await;
        assert_eq!(one.on_message(text("x")).await, Ok(Some(text("x"))));
        assert!(seats.keys_listed() <= 3);
        drop((one, two));
        settled(&engine, &seats, 0).await;
    }
}

#[tokio::test]
async fn a_path_without_the_variable_and_a_value_that_is_too_long_are_no_keys() {
    let engine = engine(1);
    let seats = seats(&guest_of(&engine, &guest()), by_room());
    let absent = key_error(&seats, &HandshakeRequest::default()).await;
    assert_eq!(absent, KeyError::NoParameter("room".into()));
    let long = to_room(&"r".repeat(KEY_BYTES_MAX + 1));
    assert_eq!(key_error(&seats, &long).await, KeyError::ParameterTooLong(KEY_BYTES_MAX + 1));
    assert_eq!((engine.instances(), seats.keys_listed()), (0, 0));
    opened(&seats, &to_room(&"r".repeat(KEY_BYTES_MAX)), 1).await;
}

#[tokio::test]
async fn the_guest_says_the_key_in_an_instance_that_serves_nobody() {
    let engine = engine(4);
    let guest = guest_of(&engine, &guest_with_keys());
    assert!(guest.program().names_keys());
    assert_eq!(guest.program().world(), "sockhop:websocket/keyed-endpoints@0.1.0");
    let seats = seats(&guest, by_guest());
    assert_eq!(engine.instances(), 0, "none before it is needed");
    let mut guests = Vec::new();
    for (number, query) in ["a", "", "a", ""].into_iter().enumerate() {
        guests.push(opened(&seats, &with_query(query), number as u64).await);
    }
    assert_eq!((engine.instances(), seats.keys_listed()), (3, 2), "two keys, and who is asked");
    for (_session, guest) in &mut guests {
        assert_eq!(guest.on_message(text("x")).await, Ok(Some(text("x"))));
    }
    drop(guests);
    // Whoever is asked stays, to be asked again, until nobody can.
    let other = with_query("b");
    let left = async {
        while seats.keys_listed() > 0 || engine.instances() > 1 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(AMPLE, left).await.expect("the instances of both keys end");
    drop(seats.take(&other).await.expect("a seat"));
    drop(seats);
    emptied(&engine).await;
}

#[tokio::test]
async fn a_guest_that_says_no_key_gives_no_seat() {
    let engine = engine(2);
    let seats = seats(&guest_of(&engine, &guest_with_keys()), by_guest());
    let uri = "ws://a/e".to_owned();
    let refused = key_error(&seats, &HandshakeRequest { uri, ..HandshakeRequest::default() }).await;
    assert_eq!(refused, KeyError::Refused("ws://a/e".into()));
    let long = with_query(&"k".repeat(KEY_BYTES_MAX + 1));
    assert_eq!(key_error(&seats, &long).await, KeyError::TooLong(KEY_BYTES_MAX + 1));
    opened(&seats, &with_query(&"k".repeat(KEY_BYTES_MAX)), 1).await;
}

#[tokio::test]
async fn a_trap_where_the_key_is_asked_hurts_no_session_and_not_the_next_handshake() {
    let engine = engine(2);
    let guest = guest_within(&engine, &guest_with_keys(), settings(SHORT, AMPLE));
    let seats = seats(&guest, by_guest());
    let (session, mut seated) = opened(&seats, &with_query("a"), 1).await;
    for (query, kind) in [("t", TrapKind::Trapped), ("l", TrapKind::OutOfTime)] {
        let (trapping, fine) = (with_query(query), with_query("a"));
        // The second is asked behind the first, whose trap takes what it waits for.
        let (trapped, behind) = tokio::join!(seats.take(&trapping), seats.decide(&fine));
        let Err(SeatError::Trap(trap)) = trapped else { panic!("{query}: a seat") };
        assert_eq!((trap.kind, trap.call), (kind, "keys.instance-key"));
        behind.expect("a seat, by a fresh one");
        assert_eq!(seated.on_message(text("x")).await, Ok(Some(text("x"))));
    }
    assert!(session.is_open());
    assert_eq!(engine.instances(), 2);
}
