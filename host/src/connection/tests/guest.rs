//! What becomes of a session when its guest returns errors, and when it traps.

use std::sync::Arc;

use sockhop_session::port::SessionError;
use sockhop_session::{CloseCause, Handle, Message};

use super::close::by_guest;
use super::fake::{Call, Fake, gone, returned, trapped};
use super::peer::{close_frame, text_frame};
use super::{serve, text};

#[tokio::test(start_paused = true)]
async fn an_error_goes_to_on_error_once_and_the_session_lives() {
    let mut served = serve(|_session| {
        Fake::silent().on_message(|message| async move {
            match message {
                Message::Text(text) if &*text == "bad" => Err(returned("do not like it")),
                good => Ok(Some(good)),
            }
        })
    });
    served.peer.text("bad").await;
    served.peer.text("good").await;
    assert_eq!(served.peer.read().await, Some(text_frame("good")));
    let error = SessionError::Handler("do not like it".into());
    assert_eq!(
        served.calls.all(),
        [Call::Open, Call::Message(text("bad")), Call::Error(error), Call::Message(text("good")),]
    );
    assert_eq!(served.notes.all(), ["on-message failed: do not like it"]);
}

#[tokio::test(start_paused = true)]
async fn a_trap_is_1011_and_the_guest_hears_nothing_more() {
    let mut served = serve(|_session| {
        Fake::silent().on_message(|_message| async { Err(trapped("endpoint.on-message").into()) })
    });
    served.peer.text("poison").await;
    served.peer.text("never seen").await;
    assert_eq!(served.peer.read().await, Some(close_frame(1011, "endpoint failed")));
    served.peer.close(1011, "").await;
    let (event, calls, notes) = served.ended().await;
    assert_eq!(calls.all(), [Call::Open, Call::Message(text("poison"))]);
    assert_eq!((event.cause, event.code), (CloseCause::GuestFailed, 1011));
    assert_eq!(notes.all(), [trapped("endpoint.on-message").to_string()]);
}

#[tokio::test(start_paused = true)]
async fn a_guest_that_closes_and_then_fails_hears_nothing_more() {
    let close = |session: &Arc<Handle>| session.close(by_guest(4000, "bye"));
    let mut served = serve(|session| {
        let session = Arc::clone(session);
        Fake::silent().on_message(move |_message| {
            close(&session);
            async { Err(trapped("endpoint.on-message").into()) }
        })
    });
    served.peer.text("poison").await;
    assert_eq!(served.peer.read().await, Some(close_frame(4000, "bye")));
    served.peer.close(4000, "bye").await;
    let (event, calls, _notes) = served.ended().await;
    assert_eq!((event.cause, event.clean), (CloseCause::Requested, true));
    assert_eq!(calls.all(), [Call::Open, Call::Message(text("poison"))]);

    let mut served = serve(|session| {
        close(session);
        Fake::silent().on_open(async { Err(returned("no seat")) })
    });
    assert_eq!(served.peer.read().await, Some(close_frame(4000, "bye")));
    served.peer.close(4000, "bye").await;
    assert_eq!(served.ended().await.1.all(), [Call::Open]);
}

#[tokio::test(start_paused = true)]
async fn another_sessions_trap_is_1011_and_is_not_noted_again() {
    let mut served = serve(|_session| {
        Fake::silent().on_message(|_message| async { Err(gone("endpoint.on-message").into()) })
    });
    served.peer.text("a").await;
    assert_eq!(served.peer.read().await, Some(close_frame(1011, "endpoint failed")));
    served.peer.close(1011, "").await;
    let (_event, calls, notes) = served.ended().await;
    assert_eq!(calls.all(), [Call::Open, Call::Message(text("a"))]);
    assert_eq!(notes.all(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_trap_in_on_error_is_1011() {
    let mut served = serve(|_session| {
        Fake::silent().on_message(|_message| async { Err(returned("first")) }).traps_in_error()
    });
    served.peer.text("a").await;
    assert_eq!(served.peer.read().await, Some(close_frame(1011, "endpoint failed")));
    served.peer.close(1011, "").await;
    let (_event, calls, notes) = served.ended().await;
    assert_eq!(calls.all().len(), 3, "open, message, error: {:?}", calls.all());
    assert_eq!(notes.all().len(), 2, "{:?}", notes.all());
}

#[tokio::test(start_paused = true)]
async fn an_error_of_on_close_goes_to_on_error_once_and_finish_follows() {
    let served = serve(|_session| Fake::silent().on_close(Err(returned("cannot save"))));
    drop(served.peer);
    let event = served.end.await.expect("no panic");
    let error = SessionError::Handler("cannot save".into());
    assert_eq!(
        served.calls.all(),
        [Call::Open, Call::Close(event), Call::Error(error), Call::Finish]
    );
    assert_eq!(served.notes.all(), ["on-close failed: cannot save"]);
}

#[tokio::test(start_paused = true)]
async fn a_trap_in_on_close_is_the_last_call() {
    let trap = trapped("endpoint.on-close");
    let fault = Err(trap.clone().into());
    let served = serve(|_session| Fake::silent().on_close(fault));
    drop(served.peer);
    let event = served.end.await.expect("no panic");
    assert_eq!(served.calls.all(), [Call::Open, Call::Close(event)]);
    assert_eq!(served.notes.all(), [trap.to_string()]);
}

#[tokio::test(start_paused = true)]
async fn a_trap_after_an_error_of_on_close_is_the_last_call() {
    let served =
        serve(|_session| Fake::silent().on_close(Err(returned("cannot save"))).traps_in_error());
    drop(served.peer);
    let event = served.end.await.expect("no panic");
    let error = SessionError::Handler("cannot save".into());
    assert_eq!(served.calls.all(), [Call::Open, Call::Close(event), Call::Error(error)]);
    assert_eq!(served.notes.all().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_trap_in_the_destructor_is_noted() {
    let served = serve(|_session| Fake::silent().traps_in_finish());
    drop(served.peer);
    let event = served.end.await.expect("no panic");
    assert_eq!(served.calls.close_and_finish(), event);
    assert_eq!(served.notes.all(), [trapped("the endpoint's destructor").to_string()]);
}

#[tokio::test(start_paused = true)]
async fn properties_last_until_on_close_has_returned() {
    let (seen, was_seen) = std::sync::mpsc::channel();
    let served = serve(|session| {
        let session = session.clone();
        Fake::silent().during_close(move || {
            seen.send((session.property("name"), session.is_open())).expect("heard");
        })
    });
    served.session.set_property("name".into(), Some("value".into())).expect("room");
    drop(served.peer);
    served.end.await.expect("no panic");
    assert_eq!(was_seen.recv(), Ok((Some("value".into()), false)));
    assert_eq!(served.session.properties(), []);
}
