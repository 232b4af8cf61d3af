//! Timers of the guest's: when they come, and among what.

use std::sync::Arc;
use std::time::Duration;

use sockhop_session::outbound::CloseRequest;
use sockhop_session::timers::Repeat;
use sockhop_session::{CloseCause, Handle};
use tokio::time::{Instant, sleep};

use super::fake::{Call, Calls, Fake, returned, trapped};
use super::peer::{TEXT, close_frame, frame, text_frame};
use super::{Served, Setup, serve, settled, text};

const SECOND: Duration = Duration::from_secs(1);

fn start(session: &Handle, token: u64, delay: Duration, repeat: Repeat) {
    let now = Instant::now().into_std();
    session.start_timer(now, token, delay, repeat).expect("within limits");
}

fn once(session: &Handle, token: u64, delay: Duration) {
    start(session, token, delay, Repeat::Never);
}

fn timers(calls: &Calls) -> Vec<u64> {
    let token = |call| if let Call::Timer(token) = call { Some(token) } else { None };
    calls.all().into_iter().filter_map(token).collect()
}

#[tokio::test(start_paused = true)]
async fn a_timer_comes_at_its_time_while_nobody_says_anything() {
    let begun = Instant::now();
    let served = serve(|_session| Fake::silent());
    settled().await;
    once(&served.session, 1, 5 * SECOND);
    once(&served.session, 2, 2 * SECOND);
    start(&served.session, 3, 2 * SECOND, Repeat::EachPeriod);
    served.calls.reached(2).await;
    let late = begun.elapsed().saturating_sub(2 * SECOND);
    assert!(late < Duration::from_millis(3), "{late:?}");
    sleep(4 * SECOND + SECOND / 2).await;
    assert_eq!(timers(&served.calls), [2, 3, 3, 1, 3]);
    assert!(served.session.cancel_timer(3));
    sleep(10 * SECOND).await;
    assert_eq!(timers(&served.calls).len(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_timer_that_is_put_off_comes_once_and_one_that_is_drawn_near_comes_earlier() {
    let served = serve(|_session| Fake::silent());
    for _ in 0..3 {
        once(&served.session, 1, 2 * SECOND);
        sleep(SECOND).await;
    }
    assert_eq!(timers(&served.calls), [0; 0]);
    sleep(SECOND + SECOND / 2).await;
    assert_eq!(timers(&served.calls), [1]);
    once(&served.session, 2, 100 * SECOND);
    settled().await;
    once(&served.session, 2, SECOND);
    sleep(2 * SECOND).await;
    assert_eq!(timers(&served.calls), [1, 2]);
}

#[tokio::test(start_paused = true)]
async fn a_timer_waits_while_the_guest_is_busy_and_comes_once_for_all_its_periods() {
    let mut served = serve(|session| {
        start(session, 1, SECOND, Repeat::EachPeriod);
        Fake::silent()
            .on_open(async {
                sleep(3 * SECOND + SECOND / 2).await;
                Ok(())
            })
            .on_message(|message| async {
                sleep(5 * SECOND).await;
                Ok(Some(message))
            })
    });
    served.calls.reached(2).await;
    assert_eq!(served.calls.all(), [Call::Open, Call::Timer(1)], "none before open returned");
    served.peer.text("busy").await;
    assert_eq!(served.peer.read().await, Some(text_frame("busy")));
    settled().await;
    let tokens = timers(&served.calls).len();
    assert_eq!(tokens, 2, "3.5: the first; 8.5: one for five periods");
    sleep(SECOND).await;
    assert_eq!(timers(&served.calls).len(), 3, "the beat is kept");
}

#[tokio::test(start_paused = true)]
async fn messages_and_timers_that_are_always_there_take_turns() {
    let mut served = serve(|session| {
        start(session, 1, SECOND, Repeat::EachPeriod);
        let on_timer = || sleep(2 * SECOND);
        Fake::silent()
            .on_timer(move |_token| async move {
                on_timer().await;
                Ok(())
            })
            .on_message(|_message| async {
                sleep(2 * SECOND).await;
                Ok(None)
            })
    });
    let many: Vec<u8> = (0..5).flat_map(|_| frame(TEXT, b"m")).collect();
    served.peer.bytes(&many).await;
    served.calls.reached(11).await;
    let message = Call::Message(text("m"));
    let calls = served.calls.all();
    assert_eq!(calls[0..2], [Call::Open, message.clone()]);
    for pair in calls[2..10].chunks(2) {
        assert_eq!(pair, [Call::Timer(1), message.clone()], "{calls:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_comes_once_the_session_is_not_open() {
    let served = serve(|session| {
        once(session, 1, SECOND);
        Fake::silent()
    });
    settled().await;
    served.session.close(CloseRequest::by_host(CloseCause::GoingAway));
    let Served { session, end, calls, peer, .. } = served;
    let event = end.await.expect("no panic");
    assert_eq!(event.cause, CloseCause::GoingAway);
    assert_eq!(timers(&calls), [0; 0]);
    assert!(!session.cancel_timer(1));
    drop(peer);
}

#[tokio::test(start_paused = true)]
async fn a_timer_is_no_activity_and_comes_to_a_session_whose_peer_takes_nothing() {
    let mut setup = Setup::default();
    setup.settings.idle_timeout = Some(3 * SECOND);
    let mut served = setup.serve(|session| {
        start(session, 1, SECOND, Repeat::EachPeriod);
        Fake::silent()
    });
    assert_eq!(served.peer.read().await, Some(close_frame(1001, "idle for too long")));

    let served = serve(|_session| Fake::silent());
    served.session.send(text(&"x".repeat(200 << 10))).expect("room");
    settled().await;
    once(&served.session, 1, SECOND);
    sleep(2 * SECOND).await;
    assert_eq!(timers(&served.calls), [1]);
}

#[tokio::test(start_paused = true)]
async fn what_a_timers_event_sends_goes_out_and_its_failures_are_told() {
    let mut served = serve(|session| {
        start(session, 1, SECOND, Repeat::EachPeriod);
        let (sender, mut failed) = (Arc::clone(session), false);
        Fake::silent().on_timer(move |token| {
            sender.send(text("tick")).expect("room");
            let fails = std::mem::replace(&mut failed, true);
            async move {
                if !fails {
                    return Err(returned("not yet"));
                }
                Err(trapped(if token == 1 { "timer-events.on-timer" } else { "" }).into())
            }
        })
    });
    for _ in 0..2 {
        assert_eq!(served.peer.read().await, Some(text_frame("tick")));
    }
    assert_eq!(served.peer.read().await, Some(close_frame(1011, "endpoint failed")));
    served.peer.close(1011, "").await;
    let (_event, calls, notes) = served.ended().await;
    assert_eq!(timers(&calls), [1, 1]);
    assert!(calls.all().iter().any(|call| matches!(call, Call::Error(_))));
    assert!(notes.all()[0].contains("on-timer failed: not yet"), "{:?}", notes.all());
    assert!(notes.all()[1].contains("trapped in timer-events.on-timer"), "{:?}", notes.all());
}
