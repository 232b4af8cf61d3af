//! How sessions end that their endpoint ends.

use super::*;

/// Does what it is told, and aborts when all is over.
struct Ender(Session);

fn act(session: &Session, what: &str) -> Result {
    for word in what.split('+') {
        match word {
            "close" => session.close_with(4000, "bye")?,
            "abort" => session.abort(),
            "wait" => session.send_and_wait("before")?,
            "send" => session.send("lost")?,
            "begin" => session.start_message()?.write("x")?,
            "fail" => return Err("told to".into()),
            _ => {}
        }
    }
    Ok(())
}

#[endpoint("/ender/{what}")]
impl Endpoint for Ender {
    fn on_open(session: Session, what: String) -> Result<Self> {
        act(&session, &what)?;
        Ok(Self(session))
    }

    fn on_message(&mut self, what: String) -> Result {
        act(&self.0, &what)
    }

    fn on_close(&mut self, _event: CloseEvent) -> Result {
        self.0.abort();
        Ok(())
    }
}

#[test]
fn an_abort_is_the_last_word_until_the_end_is_told() {
    let host = Host::<Ender>::new();
    for what in ["abort", "close+abort", "begin+abort"] {
        let peer = host.open("/ender/nothing").unwrap();
        peer.send(what);
        let event = peer.closed().expect(what);
        assert_eq!((event.initiator, event.cause), (Initiator::Guest, CloseCause::Requested));
        assert_eq!((event.code, event.code_sent, event.clean), (1006, None, false), "{what}");
    }
    for what in ["close", "abort+close"] {
        let peer = host.open("/ender/nothing").unwrap();
        peer.send(what);
        let code = peer.closed().map(|event| event.code);
        // Its `on_close` aborts as well, which is too late.
        assert_eq!(code, Some(if what == "close" { 4000 } else { 1006 }), "{what}");
    }
}

#[test]
fn an_abort_loses_nothing_that_was_handed_over() {
    let peer = Host::<Ender>::new().open("/ender/nothing").unwrap();
    peer.send("wait+send+abort");
    assert_eq!(peer.read_all(), ["before".into()]);
}

#[test]
fn a_peer_that_was_not_opened_is_told_how_the_session_ended() {
    let host = Host::<Ender>::new();
    for (what, code, phrase) in [
        ("fail", 1011, "endpoint failed"),
        ("close+fail", 4000, "bye"),
        ("abort+fail", 1006, ""),
        ("begin+fail", 1011, "endpoint failed"),
    ] {
        let refused = host.open(format!("/ender/{what}")).expect_err(what);
        let NotOpened::Failed { error, close } = refused else { panic!("{what}: {refused}") };
        assert_eq!(error, "told to");
        assert_eq!((close.code, close.phrase.as_str()), (code, phrase), "{what}");
    }
}
