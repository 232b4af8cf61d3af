//! Limits that a guest sets.

use std::sync::Arc;
use std::time::Duration;

use sockhop_session::limits::Limits;
use sockhop_session::{CloseCause, Handle, Message};
use tokio::time::{Instant, sleep};

use super::fake::Fake;
use super::peer::{close_frame, frame, text_frame};
use super::{Setup, serve, settled};

fn tune(session: &Handle, change: impl FnOnce(&mut Limits)) {
    session.tune(|| Instant::now().into_std(), change);
}

#[tokio::test(start_paused = true)]
async fn a_size_that_is_set_in_an_event_holds_the_next_message() {
    let mut served = serve(|session| {
        let session = Arc::clone(session);
        Fake::silent().on_message(move |message| {
            tune(&session, |limits| limits.message_bytes = 4);
            async { Ok(Some(message)) }
        })
    });
    let both = [frame(1, b"larger"), frame(1, b"large")].concat();
    served.peer.bytes(&both).await;
    assert_eq!(served.peer.read().await, Some(text_frame("larger")));
    assert_eq!(served.peer.read().await, Some(close_frame(1009, "message is too big")));
}

#[tokio::test(start_paused = true)]
async fn a_silence_that_is_set_from_outside_is_counted_from_the_last_traffic() {
    let mut served = serve(|_session| Fake::silent());
    sleep(Duration::from_secs(5)).await;
    let begun = Instant::now();
    tune(&served.session, |limits| limits.idle = Some(Duration::from_secs(7)));
    assert_eq!(served.peer.read().await, Some(close_frame(1001, "idle for too long")));
    // What was written was not looked at before: it counts from then.
    assert!(begun.elapsed() <= Duration::from_secs(7), "{:?}", begun.elapsed());

    let mut served = serve(|_session| Fake::silent());
    sleep(Duration::from_secs(5)).await;
    let begun = Instant::now();
    tune(&served.session, |limits| limits.read_idle = Some(Duration::from_millis(1)));
    assert_eq!(served.peer.read().await, Some(close_frame(1001, "idle for too long")));
    assert!(begun.elapsed() < Duration::from_millis(5), "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_limit_that_is_taken_back_ends_nothing() {
    let served = serve(|_session| Fake::silent());
    tune(&served.session, |limits| limits.read_idle = Some(Duration::from_secs(1)));
    settled().await;
    tune(&served.session, |limits| limits.read_idle = None);
    sleep(Duration::from_secs(10)).await;
    assert!(served.session.is_open());
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_takes_nothing_is_held_to_what_is_set_meanwhile() {
    let changes: [fn(&mut Limits); 2] = [
        |limits| limits.write_idle = Some(Duration::from_secs(2)),
        // It is for what is queued afterwards.
        |limits| limits.send = Some(Duration::from_secs(2)),
    ];
    for change in changes {
        let setup = Setup { queue_bytes: 1 << 20, ..Setup::default() };
        let served = setup.serve(|_session| Fake::silent());
        let large = || Message::Binary(vec![7; 200 << 10].into());
        served.session.send(large()).expect("room");
        settled().await;
        sleep(Duration::from_secs(1)).await;
        let begun = Instant::now();
        tune(&served.session, change);
        served.session.send(large()).expect("room");
        let (event, ..) = served.ended().await;
        assert_eq!(event.cause, CloseCause::WriteTimeout);
        let waited = begun.elapsed();
        // The connection's end takes a second more: its peer reads nothing of that either. Clocks
        // of milliseconds end in the middle of one.
        assert!((1_990..=3_010).contains(&waited.as_millis()), "{waited:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_leaves_in_time_ends_nothing() {
    let mut served = serve(|session| {
        tune(session, |limits| limits.send = Some(Duration::from_secs(2)));
        Fake::echo()
    });
    for _ in 0..5 {
        served.peer.text("again").await;
        assert_eq!(served.peer.read().await, Some(text_frame("again")));
        sleep(Duration::from_secs(3)).await;
    }
    assert!(served.session.is_open());
}
