//! Messages that are waited for, and tokens of what has left.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use sockhop_session::outbound::{CloseRequest, Lost};
use sockhop_session::{CloseCause, CloseEvent, Handle, Message};
use tokio::task::yield_now;
use tokio::time::Instant;

use super::fake::{Call, Fake};
use super::peer::{Frame, TEXT, close_frame, frame, text_frame};
use super::{Served, Setup, serve, settled, text};

/// What became of the waits.
type Outcomes = Arc<Mutex<Vec<Result<(), Lost>>>>;

/// Waits for `message` at each message, and answers with what it got.
fn waits_for(session: &Arc<Handle>, message: Message, outcomes: &Outcomes) -> Fake {
    let (session, outcomes) = (Arc::clone(session), Arc::clone(outcomes));
    Fake::silent().on_message(move |reply| {
        let receipt = session.send_awaited(message.clone()).expect("taken");
        let outcomes = Arc::clone(&outcomes);
        async move {
            let outcome = receipt.await;
            outcomes.lock().expect("not poisoned").push(outcome);
            Ok(Some(reply))
        }
    })
}

/// A session with a message that its connection cannot hold, which is waited for.
async fn waits_in_vain(setup: Setup, outcomes: &Outcomes) -> Served {
    let large = Message::Binary(vec![7; 200 << 10].into());
    let mut served = setup.serve(|session| waits_for(session, large, outcomes));
    served.peer.text("reply").await;
    served.calls.reached(2).await;
    settled().await;
    assert_eq!(*outcomes.lock().expect("not poisoned"), []);
    served
}

fn outcomes(outcomes: &Outcomes) -> Vec<Result<(), Lost>> {
    outcomes.lock().expect("not poisoned").clone()
}

#[tokio::test(start_paused = true)]
async fn a_message_leaves_while_the_guest_waits_for_it() {
    let outcome = Outcomes::default();
    let mut served = serve(|session| waits_for(session, text("first"), &outcome));
    served.peer.text("reply").await;
    assert_eq!(served.peer.read().await, Some(text_frame("first")));
    assert_eq!(served.peer.read().await, Some(text_frame("reply")));
    assert_eq!(outcomes(&outcome), [Ok(())]);
}

#[tokio::test(start_paused = true)]
async fn it_is_waited_for_to_its_last_byte_also_where_the_session_is_to_close() {
    for closes in [false, true] {
        let outcome = Outcomes::default();
        let mut served = waits_in_vain(Setup::default(), &outcome).await;
        if closes {
            served.session.close(CloseRequest::by_host(CloseCause::GoingAway));
        }
        assert_eq!(served.peer.read().await.map(|frame| frame.payload.len()), Some(200 << 10));
        settled().await;
        assert_eq!(outcomes(&outcome), [Ok(())]);
        let next = if closes { close_frame(1001, "going away") } else { text_frame("reply") };
        assert_eq!(served.peer.read().await, Some(next));
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_hears_that_the_connection_is_lost() {
    let outcome = Outcomes::default();
    let Served { peer, session, end, .. } = waits_in_vain(Setup::default(), &outcome).await;
    drop(peer);
    let event = end.await.expect("no panic");
    assert_eq!(event.cause, CloseCause::ConnectionLost);
    assert_eq!(outcomes(&outcome), [Err(Lost)]);
    assert!(!session.is_open());
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_hears_that_the_session_is_aborted() {
    let outcome = Outcomes::default();
    let served = waits_in_vain(Setup::default(), &outcome).await;
    served.session.abort();
    let (event, calls, _notes) = served.ended().await;
    assert_eq!(event.cause, CloseCause::Aborted);
    assert_eq!(outcomes(&outcome), [Err(Lost)]);
    assert_eq!(calls.close_and_finish(), event);
}

/// What a peer has said is delivered, though its connection is lost while the guest is busy.
#[tokio::test(start_paused = true)]
async fn what_came_before_the_connection_was_lost_is_delivered() {
    let large = || Message::Binary(vec![7; 200 << 10].into());
    let outcome = Outcomes::default();
    for waits in [true, false] {
        let setup = Setup { queue_bytes: 4 << 20, ..Setup::default() };
        let mut served = setup.serve(|session| {
            if waits {
                return waits_for(session, large(), &outcome);
            }
            // It waits for nothing, and has much to say.
            let session = Arc::clone(session);
            Fake::silent().on_message(move |_message| {
                session.send(large()).expect("room");
                async { Ok(None) }
            })
        });
        let all = ["one", "two", "three", "four"];
        let frames = all.map(|word| frame(TEXT, word.as_bytes())).concat();
        served.peer.bytes(&frames).await;
        served.calls.reached(2).await;
        let Served { peer, calls, end, .. } = served;
        drop(peer);
        let event = end.await.expect("no panic");
        assert_eq!(event.cause, CloseCause::ConnectionLost);
        let messages: Vec<_> =
            calls.all().into_iter().filter(|call| matches!(call, Call::Message(_))).collect();
        assert_eq!(messages, all.map(|word| Call::Message(text(word))));
    }
    assert_eq!(outcomes(&outcome), [Err(Lost); 4]);
}

async fn ends_by_write_timeout(setup: Setup, seconds: u64, tune: impl FnOnce(&Handle)) {
    let outcome = Outcomes::default();
    let large = Message::Binary(vec![7; 200 << 10].into());
    let mut served = setup.serve(|session| {
        tune(session);
        waits_for(session, large, &outcome)
    });
    let begun = Instant::now();
    served.peer.text("reply").await;
    let (event, calls, _notes) = served.ended().await;
    // The connection's end takes a second more: its peer reads nothing of that either.
    assert_eq!(begun.elapsed().as_secs(), seconds + 1);
    let CloseEvent { cause, code, .. } = event.clone();
    assert_eq!((cause, code), (CloseCause::WriteTimeout, 1006));
    assert_eq!(outcomes(&outcome), [Err(Lost)]);
    assert_eq!(calls.close_and_finish(), event);
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_longer_for_a_peer_than_the_limits_say() {
    let mut setup = Setup::default();
    setup.settings.write_idle_timeout = Some(Duration::from_secs(3));
    ends_by_write_timeout(setup, 3, |_session| {}).await;
    let send = Some(Duration::from_secs(2));
    ends_by_write_timeout(Setup::default(), 2, |session| {
        session.tune(|| Instant::now().into_std(), |limits| limits.send = send);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_token_comes_behind_what_was_before_it() {
    let mut served = serve(|session| {
        let session = Arc::clone(session);
        Fake::silent().hears_completions().on_message(move |reply| {
            session.send(text("before")).expect("room");
            session.notify_sent(7).expect("few");
            async { Ok(Some(reply)) }
        })
    });
    served.peer.text("one").await;
    assert_eq!(served.peer.read().await, Some(text_frame("before")));
    assert_eq!(served.peer.read().await, Some(text_frame("one")));
    settled().await;
    assert_eq!(served.calls.all(), [Call::Open, Call::Message(text("one")), Call::Sent(7)]);
    // From outside, while nothing else happens.
    served.session.notify_sent(8).expect("few");
    settled().await;
    assert_eq!(served.calls.all().last(), Some(&Call::Sent(8)));
}

#[tokio::test(start_paused = true)]
async fn a_token_waits_for_a_peer_that_does_not_read() {
    let setup = Setup { wire_bytes: 1 << 10, queue_bytes: 300 << 10, ..Setup::default() };
    let mut served = setup.serve(|_session| Fake::silent().hears_completions());
    for _ in 0..2 {
        served.session.send(Message::Binary(vec![7; 100 << 10].into())).expect("room");
    }
    served.session.notify_sent(1).expect("few");
    settled().await;
    assert_eq!(served.calls.all(), [Call::Open]);
    let large = Frame { opcode: 2, payload: vec![7; 100 << 10] };
    assert_eq!(served.peer.read().await.as_ref(), Some(&large));
    settled().await;
    assert_eq!(served.calls.all(), [Call::Open], "the second is not all gone");
    assert_eq!(served.peer.read().await.as_ref(), Some(&large));
    settled().await;
    assert_eq!(served.calls.all(), [Call::Open, Call::Sent(1)]);
}

#[tokio::test(start_paused = true)]
async fn no_token_comes_to_a_session_that_has_ended_or_to_whom_hears_of_none() {
    let mut served = serve(|_session| Fake::silent().hears_completions());
    settled().await;
    served.session.send(text("last")).expect("room");
    served.session.notify_sent(1).expect("few");
    served.session.close(CloseRequest::by_host(CloseCause::GoingAway));
    assert_eq!(served.peer.read().await, Some(text_frame("last")));
    served.peer.close(1001, "").await;
    let (_event, calls, _notes) = served.ended().await;
    assert!(!calls.all().contains(&Call::Sent(1)), "{:?}", calls.all());

    // The connection has taken the token, and lets others go first.
    let served = serve(|_session| Fake::silent().hears_completions());
    settled().await;
    served.session.notify_sent(1).expect("few");
    yield_now().await;
    served.session.close(CloseRequest::by_host(CloseCause::GoingAway));
    settled().await;
    assert_eq!(served.calls.all(), [Call::Open]);

    let served = serve(|_session| Fake::silent());
    for token in 0..1000 {
        served.session.notify_sent(token).expect("those before are forgotten");
        settled().await;
    }
    assert_eq!(served.calls.all(), [Call::Open]);
}

fn tokens(calls: &[Call]) -> usize {
    calls.iter().filter(|call| matches!(call, Call::Sent(_))).count()
}

#[tokio::test(start_paused = true)]
async fn others_go_first_before_each_token() {
    const TOKENS: u64 = 100;
    let served = serve(|session| {
        let session = Arc::clone(session);
        Fake::silent().during_sent(move |token| {
            if token < TOKENS {
                session.notify_sent(token + 1).expect("one at a time");
            }
        })
    });
    served.session.notify_sent(1).expect("few");
    let mut told = 0;
    while told < 100 {
        yield_now().await;
        let now = tokens(&served.calls.all());
        assert!(now - told <= 1, "{} tokens in one turn", now - told);
        told = now;
    }
}

/// A guest that asks for the next token at each one goes on for as long as it likes, and is no
/// reason to leave its peer unheard.
#[tokio::test(start_paused = true)]
async fn a_peer_is_heard_between_tokens() {
    const TOKENS: u64 = 10_000;
    let mut served = serve(|session| {
        let session = Arc::clone(session);
        Fake::silent().during_sent(move |token| {
            if token < TOKENS {
                // It is refused once the session closes.
                let _asked = session.notify_sent(token + 1);
            }
        })
    });
    served.session.notify_sent(0).expect("few");
    served.peer.text("one").await;
    served.peer.close(1000, "").await;
    let (event, calls, _notes) = served.ended().await;
    assert_eq!((event.code, calls.messages()), (1000, vec![text("one")]));
    let tokens = tokens(&calls.all());
    assert!(tokens < 1000, "{tokens} tokens came before the peer's Close");
}
