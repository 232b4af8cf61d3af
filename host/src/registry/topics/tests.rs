//! Topics: who is in them, what bounds them, and that nothing of them stays.

use sockhop_session::port::Directory as _;
use sockhop_session::{CloseCause, Message, Shared, outbound::CloseRequest};

use super::super::tests::{LIMITS, entry};
use super::super::{EndpointDirectory, EndpointSessions, Registration, Registry};
use super::*;

/// More than one page of subscribers.
const MANY: usize = 3 * PAGE_SESSIONS + 1;

/// An endpoint and its sessions.
struct Bench {
    registry: Registry,
    sessions: Arc<EndpointSessions>,
    directory: EndpointDirectory,
}

impl Bench {
    fn new(limits: TopicLimits) -> Self {
        let registry = Registry::new(7);
        let sessions = registry.endpoint("d", "/e");
        let directory = sessions.directory(limits);
        Self { registry, sessions, directory }
    }

    fn open(&self) -> (Arc<Handle>, Registration) {
        let entry = entry(&self.registry, 1);
        (Arc::clone(&entry.session), self.sessions.register(entry))
    }

    fn of(&self, session: &Handle) -> Vec<String> {
        self.directory.subscriptions(session.id()).iter().map(ToString::to_string).collect()
    }

    fn subscribers(&self, topic: &str) -> Vec<u64> {
        let mut numbers = Vec::new();
        self.directory.visit_topic(topic, &mut |session| {
            numbers.push(session.id().number);
            true
        });
        numbers
    }

    /// How many topics and how many sessions with topics the table has.
    fn held(&self) -> (usize, usize) {
        let table = self.sessions.topics.read();
        (table.subscribers.len(), table.of_sessions.len())
    }
}

#[test]
fn a_session_is_in_a_topic_from_subscribing_to_unsubscribing() {
    let bench = Bench::new(LIMITS);
    let ((a, _a), (b, _b)) = (bench.open(), bench.open());
    let directory = &bench.directory;
    assert_eq!(directory.subscribe(&b, "tea"), Ok(true));
    assert_eq!(directory.subscribe(&b, "tea"), Ok(false), "it is there already");
    assert_eq!(directory.subscribe(&a, "tea"), Ok(true));
    assert_eq!(directory.subscribe(&a, "milk"), Ok(true));
    assert_eq!(bench.subscribers("tea"), [1, 2], "oldest first");
    assert_eq!(bench.of(&a), ["milk", "tea"]);
    assert!(directory.unsubscribe(a.id(), "tea"));
    assert!(!directory.unsubscribe(a.id(), "tea") && !directory.unsubscribe(a.id(), "none"));
    assert_eq!(bench.subscribers("tea"), [2]);
    assert_eq!(bench.subscribers("none"), [0; 0]);
    assert_eq!((bench.of(&a), bench.of(&b)), (vec!["milk".into()], vec!["tea".into()]));
}

#[test]
fn revisions_share_topics_and_other_endpoints_have_their_own() {
    let bench = Bench::new(LIMITS);
    let (old, _old) = bench.open();
    let new = bench.registry.endpoint("d", "/e").directory(LIMITS);
    new.subscribe(&old, "tea").expect("the same endpoint");
    assert_eq!(bench.subscribers("tea"), [1]);
    let other = bench.registry.endpoint("d", "/f").directory(LIMITS);
    other.visit_topic("tea", &mut |_| panic!("nobody is in it there"));
    assert_eq!(other.subscribe(&old, "tea"), Err(TopicError::Closed), "it is not listed there");
}

#[test]
fn names_and_numbers_of_topics_are_bounded() {
    let bench = Bench::new(LIMITS);
    let ((a, _a), (b, held)) = (bench.open(), bench.open());
    let subscribe = |session, topic| bench.directory.subscribe(session, topic);
    assert_eq!(subscribe(&a, ""), Err(TopicError::EmptyName));
    assert_eq!(subscribe(&a, "123456789"), Err(TopicError::NameTooLong(8)));
    assert_eq!(subscribe(&a, "éééé"), Ok(true), "eight bytes");
    assert_eq!((subscribe(&a, "2"), subscribe(&a, "3")), (Ok(true), Ok(true)));
    assert_eq!(subscribe(&a, "4"), Err(TopicError::SessionFull(3)));
    assert_eq!(subscribe(&a, "3"), Ok(false), "no more than before");
    assert_eq!((subscribe(&b, "3"), subscribe(&b, "4")), (Ok(true), Ok(true)));
    assert_eq!(subscribe(&b, "5"), Err(TopicError::EndpointFull(4)));
    assert_eq!(subscribe(&b, "2"), Ok(true), "one that is there already");
    assert_eq!(bench.of(&b), ["2", "3", "4"]);
    // The place of a topic is free when its last subscriber has left.
    drop(held);
    assert!(bench.directory.unsubscribe(a.id(), "2"));
    assert_eq!(subscribe(&a, "5"), Ok(true));
    assert_eq!(bench.held(), (3, 1));
}

#[test]
fn a_session_that_is_not_open_is_subscribed_to_nothing() {
    let bench = Bench::new(LIMITS);
    let (closing, held) = bench.open();
    assert_eq!(bench.directory.subscribe(&closing, "tea"), Ok(true));
    closing.close(CloseRequest::by_host(CloseCause::GoingAway));
    assert_eq!(bench.directory.subscribe(&closing, "milk"), Err(TopicError::Closed));
    drop(held);
    assert_eq!(bench.held(), (0, 0));
    // A guest may keep a handle for longer than the session is listed.
    let (unlisted, held) = bench.open();
    drop(held);
    assert!(unlisted.is_open());
    assert_eq!(bench.directory.subscribe(&unlisted, "tea"), Err(TopicError::Closed));
    assert_eq!(bench.held(), (0, 0));
}

#[test]
fn nothing_of_a_topic_stays_when_its_sessions_have_ended() {
    let limits = TopicLimits { of_session: 1000, of_endpoint: 1_000_000, ..LIMITS };
    let bench = Bench::new(limits);
    let held: Vec<_> = (0..MANY).map(|_| bench.open()).collect();
    for (number, (session, _)) in held.iter().enumerate() {
        bench.directory.subscribe(session, "all").expect("room");
        bench.directory.subscribe(session, &number.to_string()).expect("room");
    }
    // More than one page of topics.
    let (first, _) = &held[0];
    for number in 0..2 * PAGE_TOPICS {
        bench.directory.subscribe(first, &format!("x{number}")).expect("room");
    }
    assert_eq!(bench.held(), (1 + MANY + 2 * PAGE_TOPICS, MANY));
    let kept = Arc::clone(first);
    drop(held);
    assert_eq!(bench.held(), (0, 0));
    let table = bench.sessions.topics.read();
    assert!(table.subscribers.is_empty() && table.of_sessions.is_empty());
    assert_eq!(Arc::strong_count(&kept), 1, "no topic holds the session");
}

#[test]
fn a_message_for_many_is_shared_and_each_subscriber_is_shown_once() {
    let bench = Bench::new(LIMITS);
    let held: Vec<_> = (0..MANY).map(|_| bench.open()).collect();
    for (session, _) in &held {
        bench.directory.subscribe(session, "tea").expect("room");
    }
    let (_stranger, _held) = bench.open();
    let message = Arc::new(Shared::new(Message::Text("milk?".into())));
    let mut shown = Vec::new();
    bench.directory.visit_topic("tea", &mut |session| {
        session.send_shared(&message).expect("room");
        shown.push(session.id());
        true
    });
    let all: Vec<_> = held.iter().map(|(session, _)| session.id()).collect();
    assert_eq!(shown, all);
    assert_eq!(Arc::strong_count(&message), 1 + MANY, "nobody has a copy of its own");
}

#[test]
fn the_table_is_free_while_subscribers_are_shown() {
    let bench = Bench::new(LIMITS);
    let held: Vec<_> = (0..MANY).map(|_| bench.open()).collect();
    for (session, _) in &held {
        bench.directory.subscribe(session, "tea").expect("room");
    }
    let (late, _late) = bench.open();
    let mut shown = 0;
    bench.directory.visit_topic("tea", &mut |session| {
        shown += 1;
        // A lock that were held would be waited for, for ever.
        assert!(bench.directory.unsubscribe(session.id(), "tea"));
        bench.directory.subscribe(session, "milk").expect("room");
        bench.directory.subscribe(&late, "milk").expect("room");
        shown < PAGE_SESSIONS + 1
    });
    assert_eq!(shown, PAGE_SESSIONS + 1, "it ends where that is wanted");
    assert_eq!(bench.subscribers("milk").len(), PAGE_SESSIONS + 2);
}
