//! Topics on the mock host, by the text of the contract.

use super::*;
use crate::{Connect, ConnectError, Topic, TopicError, client_endpoint};

/// Publishes in the topic of its path what it is sent, to all but itself.
struct Member {
    session: Session,
    topic: String,
}

#[endpoint("/topic/{topic}")]
impl Endpoint for Member {
    fn on_open(session: Session, topic: String) -> Result<Self> {
        session.subscribe(&topic)?;
        Ok(Self { session, topic })
    }

    fn on_message(&mut self, text: String) -> Result<String> {
        let outcome = Topic::named(&self.topic).except(self.session.id()).publish(text)?;
        Ok(format!("{} {}", outcome.queued, outcome.refused.join(",")))
    }

    fn on_close(&mut self, _event: CloseEvent) -> Result {
        assert!(self.session.topics().is_empty(), "it is not open any more");
        Ok(())
    }
}

#[test]
fn a_publish_reaches_the_open_subscribers_of_a_topic() {
    // Room for one message.
    let host = Host::<Member>::new().queue_limit(64);
    let [a, b, c] = ["tea", "tea", "coffee"].map(|topic| host.open(format!("/topic/{topic}")));
    let [a, b, c] = [a, b, c].map(Result::unwrap);
    a.send("hi");
    let read = [&a, &b, &c].map(Peer::read_all);
    assert_eq!(read, [vec![Message::from("1 ")], vec![Message::from("hi")], Vec::new()]);
    a.send("one");
    a.read_all();
    a.send("two");
    assert_eq!(a.read_as(), Some(format!("0 {}", b.id())), "it has not read the first");
    assert_eq!(b.read_all(), ["one"].map(Message::from));

    assert_eq!(c.session().subscribe("tea"), Ok(true));
    assert_eq!(c.session().subscribe("tea"), Ok(false));
    assert_eq!(c.session().topics(), ["coffee", "tea"]);
    let subscribers = || host.run(|| Topic::named("tea").subscribers());
    assert_eq!(subscribers(), 3);
    assert!(b.session().unsubscribe("tea") && !b.session().unsubscribe("tea"));
    a.close(1000, "");
    assert_eq!(subscribers(), 1);
    assert_eq!(a.session().subscribe("tea"), Err(TopicError::Closed));
    assert!(a.session().topics().is_empty() && !a.session().unsubscribe("tea"));
}

#[test]
fn topics_are_bounded() {
    let host = Host::<Member>::new().topic_limit(2).endpoint_topic_limit(3).topic_name_limit(4);
    let [a, b] = ["1", "2"].map(|topic| host.open(format!("/topic/{topic}")).unwrap().session());
    host.run(|| {
        assert_eq!(a.subscribe(""), Err(TopicError::EmptyName));
        assert_eq!(a.subscribe("12345"), Err(TopicError::NameTooLong(4)));
        assert_eq!(a.subscribe("éé"), Ok(true));
        assert_eq!(a.subscribe("2"), Err(TopicError::SessionFull(2)));
        assert_eq!(b.subscribe("3"), Err(TopicError::EndpointFull(3)));
        assert_eq!(b.subscribe("1"), Ok(true));
    });
    let error = b.subscribe("4").unwrap_err();
    let told = "the session is subscribed to 2 topics already, and more are not allowed";
    assert_eq!(error.to_string(), told);
    assert_eq!(a.topics(), ["1", "éé"]);
}

/// Joins another topic as the last of its sessions goes.
struct Leaver(Session);

#[endpoint("/leaver/{topic}")]
impl Endpoint for Leaver {
    fn on_open(session: Session, topic: String) -> Result<Self> {
        session.subscribe(&topic)?;
        Ok(Self(session))
    }

    fn on_message(&mut self, other: String) -> Result {
        self.0.close()?;
        let other = OpenSessions::get(&other).ok_or("nobody")?;
        assert_eq!(other.subscribe("new"), Err(TopicError::EndpointFull(2)), "tea is there still");
        Ok(())
    }
}

#[test]
fn sessions_that_are_closing_count_for_the_topics_of_the_endpoint() {
    let host = Host::<Leaver>::new().endpoint_topic_limit(2);
    let [a, b] = ["tea", "coffee"].map(|topic| host.open(format!("/leaver/{topic}")).unwrap());
    a.send(b.id());
    assert_eq!(host.run(|| b.session().subscribe("new")), Ok(true), "tea is gone");
}

/// Dials, and subscribes what it has dialled.
struct Dialler;

#[endpoint("/dialler")]
impl Endpoint for Dialler {
    fn on_open(_session: Session) -> Result<Self> {
        let dialled = Connect::to("ws://there").open::<Far>()?.session;
        assert_eq!(dialled.subscribe("tea"), Err(TopicError::Closed));
        assert_eq!(dialled.subscribe(""), Err(TopicError::EmptyName));
        let refused = Connect::to("http://there").open::<Far>().err();
        assert!(matches!(refused, Some(ConnectError::InvalidUrl(_))), "{refused:?}");
        Ok(Self)
    }

    fn on_message(&mut self, _message: Message) -> Result {
        Ok(())
    }
}

/// What serves what was dialled.
struct Far;

#[client_endpoint("far")]
impl Endpoint for Far {
    fn on_open(_session: Session) -> Result<Self> {
        Ok(Self)
    }

    fn on_message(&mut self, _message: Message) -> Result {
        Ok(())
    }
}

#[test]
fn a_connection_that_was_opened_is_none_of_the_endpoints_sessions() {
    let host = Host::<Dialler>::new().server("ws://there");
    host.open("/dialler").expect("it has held what it says");
    assert_eq!(host.dialled().len(), 1);
}
