//! Handshakes, what they agree on, and limits that an endpoint sets.

use std::time::Duration;

use crate::testing::{Handshake, Host, NotOpened};
use crate::{
    Configurator, Decision, Endpoint, Extension, HandshakeRequest, NotifyError, Result, Session,
    WaitError, endpoint,
};

/// Says nothing but what it is told to, and counts the tokens that come back.
struct Silent {
    session: Session,
    sent: Vec<u64>,
}

#[endpoint("/silent", max_message_size = 10)]
impl Endpoint for Silent {
    fn on_open(session: Session) -> Result<Self> {
        Ok(Self { session, sent: Vec::new() })
    }

    fn on_message(&mut self, message: String) -> Result<Option<String>> {
        match message.as_str() {
            "wait" => self.session.send_and_wait("waited for")?,
            "notify" => {
                self.session.send("first")?;
                self.session.notify_sent(7)?;
                return Ok(Some("last".to_owned()));
            }
            _ => {}
        }
        Ok(None)
    }

    fn on_sent(&mut self, token: u64) -> Result {
        self.sent.push(token);
        Ok(())
    }
}

struct Gate;

impl Configurator for Gate {
    fn handshake(_path: &str, request: HandshakeRequest) -> Decision {
        match request.query_parameter("do").as_deref() {
            Some("none") => Decision::accept(&request).extensions([""; 0]),
            Some("unknown") => Decision::accept(&request).extensions(["x-mine"]),
            Some("big") => Decision::accept(&request).principal("a", vec!["b"; 64]),
            _ => Decision::accept(&request).principal("ada", ["admin"]),
        }
    }
}

fn deflate() -> Extension {
    Extension { name: "permessage-deflate".to_owned(), parameters: Vec::new() }
}

fn to(path: &str) -> Handshake {
    Handshake::to(path).with(|request| request.default_extensions = vec![deflate()])
}

#[test]
fn a_session_knows_its_extensions_and_its_principal() {
    let host = Host::<Silent>::new().configurator::<Gate>();
    let session = host.open(to("/silent")).unwrap().session();
    assert_eq!(session.extensions(), [deflate()]);
    assert_eq!(session.principal().unwrap().name, "ada");
    assert!(session.is_in_role("admin") && !session.is_in_role("ada"));
    assert_eq!(host.open(to("/silent?do=none")).unwrap().session().extensions(), []);
    let without = Host::<Silent>::new().open(to("/silent")).unwrap().session();
    assert_eq!((without.extensions(), without.principal()), (vec![deflate()], None));
    assert!(!without.is_in_role("admin"));
}

#[test]
fn what_a_host_answers_500_to_does_not_open() {
    let host = Host::<Silent>::new().configurator::<Gate>();
    for (what, told) in [("unknown", "`x-mine`"), ("big", "4161 bytes")] {
        let refused = host.open(to(&format!("/silent?do={what}"))).unwrap_err();
        assert!(matches!(&refused, NotOpened::BadDecision(text) if text.contains(told)));
    }
}

#[test]
fn limits_are_the_operators_at_most() {
    let host = Host::<Silent>::new().message_limit(20);
    let peer = host.open("/silent").unwrap();
    let session = peer.session();
    assert_eq!(session.max_message_size(), 10);
    session.set_max_message_size(u64::MAX);
    assert_eq!(session.max_message_size(), 20);
    session.set_max_message_size(3);
    let hour = Some(Duration::from_secs(3600));
    session.set_idle_timeout(hour);
    session.set_read_idle_timeout(Some(Duration::from_micros(1)));
    session.set_write_idle_timeout(hour);
    session.set_send_timeout(Some(Duration::MAX));
    assert_eq!(session.idle_timeout(), hour);
    assert_eq!(session.read_idle_timeout(), Some(Duration::from_millis(1)));
    assert_eq!(session.write_idle_timeout(), Some(Duration::from_secs(60)));
    assert_eq!(session.send_timeout(), Some(Duration::from_secs(365 * 24 * 3600)));
    session.set_idle_timeout(None);
    session.set_send_timeout(None);
    assert_eq!((session.idle_timeout(), session.send_timeout()), (None, None));
    peer.send("four");
    assert_eq!(peer.closed().unwrap().code, 1009);
}

#[test]
fn a_token_comes_back_when_what_was_before_it_was_read() {
    let peer = Host::<Silent>::new().open("/silent").unwrap();
    let sent = || peer.endpoint(|endpoint| endpoint.sent.clone()).unwrap();
    peer.send("notify");
    assert_eq!(sent(), [0; 0]);
    assert_eq!(peer.read(), Some("first".into()));
    assert_eq!(sent(), [7]);
    assert_eq!(peer.read(), Some("last".into()));
    peer.session().notify_sent(8).unwrap();
    assert_eq!(sent(), [7]);
    peer.send("");
    assert_eq!(sent(), [7, 8], "nothing was before it");
}

#[test]
fn tokens_are_bounded_and_end_with_the_session() {
    let peer = Host::<Silent>::new().open("/silent").unwrap();
    let session = peer.session();
    session.send("unread").unwrap();
    for token in 0..64 {
        session.notify_sent(token).unwrap();
    }
    assert_eq!(session.notify_sent(64), Err(NotifyError::TooMany(64)));
    session.close().unwrap();
    assert_eq!(session.notify_sent(64), Err(NotifyError::Closed));
    assert!(matches!(session.send_and_wait("late"), Err(WaitError::Closed)));
}

#[test]
fn what_is_waited_for_has_left_and_is_read_in_its_place() {
    let host = Host::<Silent>::new().queue_limit(1000);
    let peer = host.open("/silent").unwrap();
    peer.session().send("before").unwrap();
    for _ in 0..2 {
        peer.send("notify");
        assert_eq!(peer.errors().len(), 0);
        peer.send("wait");
        assert_eq!(peer.session().queue().queued_bytes, 0);
    }
    let first = peer.read_all();
    assert_eq!(first.first(), Some(&"before".into()));
    assert_eq!(first.last(), Some(&"waited for".into()));
    let piece = peer.session().start_message().unwrap();
    let refused = peer.session().send_and_wait("behind");
    assert!(matches!(refused, Err(WaitError::UnfinishedMessage)));
    drop(piece);
    assert_eq!(peer.read(), None);
    peer.session().send_and_wait("x".repeat(1000)).expect("nothing waits");
}
