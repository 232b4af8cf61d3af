//! Tests of the mock host by endpoints that do what guests do.

mod batches;
mod endings;
mod keys;
mod pieces;
mod timers;
mod topics;

use std::cell::RefCell;

use super::*;
use crate::{
    CloseCause, CloseEvent, Configurator, Decision, Decode, DecodeError, Endpoint, Error,
    HandshakeRequest, Initiator, Json, Message, OpenSessions, Result, SendError, Session,
    SessionError, endpoint,
};

thread_local! {
    /// What the endpoints of this test were told after their sessions had ended.
    static LAST_WORDS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

fn last_words() -> Vec<String> {
    LAST_WORDS.take()
}

/// Does what it is told.
struct Puppet {
    session: Session,
    number: u8,
    told: Vec<String>,
}

#[derive(Decode)]
enum Order {
    /// A number is doubled.
    Double(Json<u32>),
    Do(String),
}

#[endpoint(
    "/puppet/{number}",
    max_message_size = 16,
    subprotocols = ["b", "a"],
    properties = [("role", "puppet")]
)]
impl Endpoint for Puppet {
    fn on_open(session: Session, number: u8) -> Result<Self> {
        match number {
            0 => Err("nobody is 0".into()),
            1 => {
                session.close_with(1008, "not 1")?;
                Err("nobody is 1".into())
            }
            2 => {
                session.send("welcome")?;
                session.close_with(4002, "go")?;
                Ok(Self { session, number, told: Vec::new() })
            }
            _ => Ok(Self { session, number, told: Vec::new() }),
        }
    }

    fn on_message(&mut self, order: Order) -> Result<Option<String>> {
        let order = match order {
            Order::Double(Json(number)) => return Ok(Some((2 * number).to_string())),
            Order::Do(order) => order,
        };
        match order.as_str() {
            "leave" => self.session.close()?,
            "others leave" => {
                for other in OpenSessions::all().except(self.session.id()).iter() {
                    other.close_with(4000, "asked to")?;
                }
            }
            "hold" => self.session.set_batching(true),
            "let go" => self.session.flush(),
            "two" => {
                self.session.send("first")?;
                return Ok(Some("second".to_owned()));
            }
            "leave and talk" => {
                self.session.close()?;
                return Ok(Some("too late".to_owned()));
            }
            "fail" => return Err("asked to".into()),
            "ping" => self.session.ping("there?")?,
            "abort" => self.session.abort(),
            _ => return Ok(Some(format!("{} {order}", self.number))),
        }
        Ok(None)
    }

    fn on_pong(&mut self, data: Vec<u8>) -> Result {
        self.session.send_binary(&data)?;
        Ok(())
    }

    fn on_error(&mut self, error: SessionError) {
        let message = error.find::<DecodeError>().and_then(DecodeError::message).cloned();
        self.told.push(format!("{message:?} {}", Error::from(error)));
    }

    fn on_close(&mut self, event: CloseEvent) -> Result {
        let sent = self.session.send("anybody there?");
        assert!(matches!(sent, Err(SendError::Closed)));
        assert_eq!(self.session.text_property("role").as_deref(), Some("puppet"));
        LAST_WORDS.with_borrow_mut(|words| words.push(format!("{} {}", self.number, event.code)));
        if self.number == 9 { Err("cannot say goodbye".into()) } else { Ok(()) }
    }
}

impl Drop for Puppet {
    fn drop(&mut self) {
        LAST_WORDS.with_borrow_mut(|words| words.push(format!("{} dropped", self.number)));
    }
}

fn puppet(host: &Host<Puppet>, number: u8) -> Peer<Puppet> {
    host.open(format!("/puppet/{number}")).unwrap()
}

#[test]
fn messages_are_decoded_delivered_and_answered() {
    let peer = puppet(&Host::new(), 7);
    peer.send("hello");
    peer.send(Json(21));
    assert_eq!(peer.read_as(), Some("7 hello".to_owned()));
    assert_eq!(peer.read_as(), Some(42_u8));
    assert_eq!(peer.read(), None);
    peer.send("two");
    assert_eq!(peer.read_all(), ["first", "second"].map(Message::from));
}

#[test]
fn errors_are_told_with_the_message_and_the_session_lives() {
    let peer = puppet(&Host::new(), 7);
    peer.send(vec![7]);
    peer.send("fail");
    let text = "the peer sent a binary message where a text is expected";
    let undecoded = format!(
        "the peer sent a message that is not understood: no decoder takes it: {text}; {text}"
    );
    assert_eq!(peer.errors(), [undecoded.as_str(), "asked to"]);
    let told = [format!("Some(Message::Binary([7])) {undecoded}"), "None asked to".to_owned()];
    assert_eq!(peer.endpoint(|puppet| puppet.told.clone()), Some(told.to_vec()));
    assert!(peer.session().is_open());
}

#[test]
fn the_handshake_is_what_the_peer_sent() {
    let handshake = Handshake::to("/puppet/7?name=A%20da")
        .header("Cookie", "a=b")
        .offering("c")
        .offering("a")
        .offering("b")
        .with(|request| request.secure = true);
    let session = Host::<Puppet>::new().open(handshake).unwrap().session();
    let request = session.request();
    assert_eq!(request.uri, "ws://localhost/puppet/7?name=A%20da");
    assert_eq!(request.query_parameter("name").as_deref(), Some("A da"));
    assert_eq!(request.header_text("cookie"), Some("a=b"));
    assert!(request.secure);
    assert_eq!(session.subprotocol().as_deref(), Some("a"), "the peer's first");
    assert_eq!(session.endpoint_path(), "/puppet/{number}");
    assert_eq!(session.max_message_size(), 16);
    assert_eq!(session.properties(), [("role".to_owned(), b"puppet".to_vec())]);
}

#[test]
fn a_session_that_does_not_open_says_why() {
    let host = Host::<Puppet>::new();
    let refused = host.open("/puppet").unwrap_err();
    assert_eq!(refused.to_string(), "the path /puppet is none of the endpoint's, /puppet/{number}");
    for (path, told, code) in [
        ("/puppet/0", "nobody is 0", 1011),
        ("/puppet/1", "nobody is 1", 1008),
        ("/puppet/x", "the path parameter `number` cannot be \"x\": invalid digit", 1011),
    ] {
        let refused = host.open(path).unwrap_err();
        let NotOpened::Failed { error, close } = refused else { panic!("{refused}") };
        assert!(error.starts_with(told), "{error}");
        assert_eq!(close.code, code, "{path}");
    }
    assert_eq!(host.run(|| OpenSessions::all().count()), 0);
}

#[test]
fn a_session_may_be_closed_as_it_opens() {
    let peer = puppet(&Host::new(), 2);
    assert_eq!(peer.read(), Some(Message::from("welcome")));
    assert_eq!(peer.closed().map(|event| (event.code, event.phrase)), Some((4002, "go".into())));
    assert_eq!(last_words(), ["2 4002", "2 dropped"]);
}

#[test]
fn the_end_is_told_once_however_it_comes() {
    let host = Host::new();
    for (number, end, code, initiator) in [
        (3, (|peer| peer.send("leave")) as fn(&Peer<Puppet>), 1000, Initiator::Guest),
        (4, |peer| peer.close(4004, "bye"), 4004, Initiator::Peer),
        (5, |peer| peer.close(1005, ""), 1005, Initiator::Peer),
        (6, |peer| peer.end(CloseCause::ConnectionLost), 1006, Initiator::Transport),
        (7, |peer| peer.end(CloseCause::GoingAway), 1001, Initiator::Host),
        (8, |peer| peer.send("seventeen letters"), 1009, Initiator::Peer),
        (9, |peer| peer.end(CloseCause::IdleTimeout), 1006, Initiator::Host),
    ] {
        let peer = puppet(&host, number);
        end(&peer);
        peer.send("hello?");
        peer.close(4999, "again");
        let event = peer.closed().unwrap();
        assert_eq!((event.code, event.initiator), (code, initiator));
        assert_eq!(last_words(), [format!("{number} {code}"), format!("{number} dropped")]);
        assert!(peer.session().properties().is_empty());
        let told = if number == 9 { vec!["cannot say goodbye".to_owned()] } else { Vec::new() };
        assert_eq!((peer.errors(), peer.endpoint(|_| ())), (told, None));
    }
}

#[test]
fn an_answer_after_the_close_is_not_sent_and_told_first() {
    let peer = puppet(&Host::new(), 7);
    peer.send("leave and talk");
    assert_eq!(peer.errors(), ["the answer was not sent: the session is not open"]);
    assert_eq!(last_words(), ["7 1000", "7 dropped"]);
    assert_eq!(peer.read(), None);
}

#[test]
fn sessions_of_the_endpoint_find_and_close_each_other() {
    let host = Host::new();
    let (ada, bob, eve) = (puppet(&host, 7), puppet(&host, 7), puppet(&host, 8));
    let sevens = || OpenSessions::all().with_parameter("number", "7");
    assert_eq!(host.run(|| sevens().ids().collect::<Vec<_>>()), [ada.id(), bob.id()]);
    assert_eq!(host.run(|| sevens().except(ada.id()).broadcast("hi").unwrap().queued), 1);
    assert_eq!([ada.read(), bob.read(), eve.read()], [None, Some(Message::from("hi")), None]);
    ada.send("others leave");
    assert_eq!(last_words(), ["7 4000", "7 dropped", "8 4000", "8 dropped"]);
    assert_eq!(host.run(|| OpenSessions::all().count()), 1);
    assert!(host.run(|| OpenSessions::get(&bob.id())).is_none());
    assert_eq!(OpenSessions::all().count(), 0, "outside of an event");
}

#[test]
fn a_peer_that_does_not_read_is_seen_and_felt() {
    let host = Host::new().queue_limit(2 * (64 + 4));
    let (slow, quick) = (puppet(&host, 7), puppet(&host, 7));
    for text in ["ab", "cd", "ef", "gh"] {
        slow.send(text);
    }
    assert_eq!(slow.endpoint(|puppet| puppet.session.queue().queued_bytes), Some(3 * 68));
    let outcome = host.run(|| OpenSessions::all().broadcast("hi").unwrap());
    assert_eq!((outcome.queued, outcome.refused), (1, vec![slow.id()]));
    let read: Vec<_> = slow.read_all();
    assert_eq!(read, ["7 ab", "7 cd", "7 ef", "7 gh"].map(Message::from));
    assert_eq!(quick.read(), Some(Message::from("hi")));
    assert_eq!(slow.errors(), Vec::<String>::new());
}

#[test]
fn what_is_held_back_is_not_read() {
    let peer = puppet(&Host::new(), 7);
    peer.send("hold");
    peer.send("hello");
    assert_eq!(peer.read(), None);
    peer.send("let go");
    assert_eq!(peer.read(), Some(Message::from("7 hello")));
}

#[test]
fn properties_and_messages_have_limits() {
    let host = Host::<Puppet>::new().property_limit(74).message_limit(5);
    let session = puppet(&host, 7).session();
    assert_eq!(session.max_message_size(), 5);
    assert!(session.set_property("role", "puppets").is_err());
    session.set_property("role", "puppet").unwrap();
    let refused = Host::<Puppet>::new().property_limit(73).open("/puppet/7").unwrap_err();
    let told = "the handshake is answered with status 500: the session's properties would take 74 \
                bytes; 73 are allowed";
    assert_eq!(refused.to_string(), told);
}

struct Gate;

impl Configurator for Gate {
    fn handshake(_endpoint_path: &str, request: HandshakeRequest) -> Decision {
        let accepted = Decision::accept(&request);
        match request.query.as_deref() {
            Some("status") => Decision::reject(200),
            Some("subprotocol") => accepted.subprotocol(Some("z")),
            Some("reserved") => accepted.header("Upgrade", "h2c"),
            Some("field") => accepted.header("a b", ""),
            Some("value") => accepted.header("a", "b\r\n"),
            Some("in") => accepted.header("a", "b").property("role", "guest"),
            _ => Decision::reject(403).body("no\n"),
        }
    }
}

#[test]
fn a_configurator_decides_and_is_held_to_the_rules() {
    let host = Host::<Puppet>::new().configurator::<Gate>();
    let refused = host.open("/puppet/7").unwrap_err();
    let NotOpened::Rejected { status, body, .. } = refused else { panic!("{refused}") };
    assert_eq!((status, body), (403, b"no\n".to_vec()));
    for query in ["status", "subprotocol", "reserved", "field", "value"] {
        let refused = host.open(format!("/puppet/7?{query}")).unwrap_err();
        assert!(matches!(refused, NotOpened::BadDecision(_)), "{query}: {refused}");
    }
    let peer = host.open("/puppet/7?in").unwrap();
    assert_eq!(peer.session().text_property("role").as_deref(), Some("guest"));
    peer.session().set_property("role", "puppet").unwrap();
}

#[test]
fn pings_go_out_in_their_place_and_their_answers_come_back() {
    let peer = Host::<Puppet>::new().open("/puppet/3").expect("it opens");
    peer.send("ping");
    assert_eq!(peer.controls(), [], "it has not been read");
    peer.send("x");
    let _answer = peer.read();
    assert_eq!(peer.controls(), [Control::Ping(b"there?".to_vec())]);
    assert_eq!(peer.session().queue().queued_bytes, 0);
    peer.pong("there?");
    assert_eq!(peer.read(), Some(Message::from("there?".as_bytes())));
    let long = peer.session().pong([0; 126]);
    assert_eq!(long, Err(crate::ControlError::TooLong(126)));
}

#[test]
fn an_abort_loses_what_was_queued() {
    let peer = Host::<Puppet>::new().open("/puppet/3").expect("it opens");
    peer.send("x");
    peer.send("abort");
    assert_eq!(peer.read_all(), []);
    let event = peer.closed().expect("it has ended");
    assert_eq!((event.initiator, event.cause), (Initiator::Guest, CloseCause::Requested));
    assert_eq!((event.code, event.code_sent, event.clean), (1006, None, false));
}
