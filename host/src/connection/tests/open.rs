//! Nothing before `open` has returned, and nothing after it has failed.

use sockhop_session::{CloseCause, Initiator};
use tokio::sync::oneshot;

use super::fake::{Call, Fake, gone, returned, trapped};
use super::peer::{TEXT, close_frame, frame, text_frame};
use super::{Setup, serve, settled, text};

#[tokio::test(start_paused = true)]
async fn nothing_is_delivered_before_open_has_returned() {
    let (release, gate) = oneshot::channel::<()>();
    let already_read = frame(TEXT, b"came with the handshake").into();
    let mut served = Setup { already_read, ..Setup::default() }.serve(|_session| {
        Fake::silent().on_open(async {
            gate.await.expect("released");
            Ok(())
        })
    });
    served.peer.text("came later").await;
    settled().await;
    assert_eq!(served.calls.all(), [Call::Open]);
    release.send(()).expect("the guest waits");
    served.calls.reached(3).await;
    assert_eq!(served.calls.messages(), [text("came with the handshake"), text("came later")]);
}

#[tokio::test(start_paused = true)]
async fn what_is_sent_while_open_runs_is_written() {
    let (release, gate) = oneshot::channel::<()>();
    let mut served = serve(|session| {
        let session = session.clone();
        Fake::silent().on_open(async move {
            session.send(text("by the guest")).expect("room");
            gate.await.expect("released");
            Ok(())
        })
    });
    served.calls.reached(1).await;
    served.session.send(text("by another")).expect("room");
    assert_eq!(served.peer.read().await, Some(text_frame("by the guest")));
    assert_eq!(served.peer.read().await, Some(text_frame("by another")));
    assert_eq!(served.calls.all(), [Call::Open]);
    release.send(()).expect("the guest waits");
}

#[tokio::test(start_paused = true)]
async fn an_open_that_returns_an_error_is_1011_and_nothing_else() {
    let mut served = serve(|_session| Fake::silent().on_open(async { Err(returned("no seat")) }));
    served.peer.text("never seen").await;
    assert_eq!(served.peer.read().await, Some(close_frame(1011, "endpoint failed")));
    served.peer.close(1011, "").await;
    assert_eq!(served.peer.read().await, None, "the server ends the connection first");
    let (event, calls, notes) = served.ended().await;
    assert_eq!(calls.all(), [Call::Open]);
    assert_eq!((event.initiator, event.cause), (Initiator::Host, CloseCause::GuestFailed));
    assert_eq!((event.code_sent, event.code, event.clean), (Some(1011), 1011, true));
    assert_eq!(notes.all(), ["open failed: no seat"]);
}

#[tokio::test(start_paused = true)]
async fn an_open_that_traps_is_1011_and_nothing_else() {
    for trap in [trapped("endpoint.open"), gone("endpoint.open")] {
        let failed = Err(trap.clone().into());
        let mut served = serve(|_session| Fake::silent().on_open(async { failed }));
        served.peer.text("never seen").await;
        assert_eq!(served.peer.read().await, Some(close_frame(1011, "endpoint failed")));
        served.peer.close(1011, "").await;
        let (event, calls, notes) = served.ended().await;
        assert_eq!(calls.all(), [Call::Open]);
        assert_eq!(event.cause, CloseCause::GuestFailed);
        assert_eq!(notes.all(), [trap.to_string()], "noted once, for there is no other session");
    }
}

#[tokio::test(start_paused = true)]
async fn a_close_asked_for_while_open_runs_follows_it() {
    let mut served = serve(|session| {
        let session = session.clone();
        Fake::silent().on_open(async move {
            session.send(text("hello")).expect("room");
            session.close(super::close::by_guest(4000, "full"));
            Ok(())
        })
    });
    served.peer.text("never seen").await;
    assert_eq!(served.peer.read().await, Some(text_frame("hello")));
    assert_eq!(served.peer.read().await, Some(close_frame(4000, "full")));
    served.peer.close(4000, "").await;
    let (event, calls, _notes) = served.ended().await;
    assert_eq!(calls.close_and_finish(), event);
    assert_eq!(calls.messages(), []);
}
