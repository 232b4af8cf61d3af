//! Subscribes its sessions to topics and publishes to them: it does what each text tells it and
//! answers with what came of it. Each session begins in the topic of its path, unless that is `-`.

use sockhop_guest::{
    BroadcastOutcome, Endpoint, OpenSessions, Result, Session, Topic, TopicError, endpoint, export,
};

struct Subscribes {
    session: Session,
}

#[endpoint("/subscribes/{topic}")]
impl Endpoint for Subscribes {
    fn on_open(session: Session, topic: String) -> Result<Self> {
        if topic != "-" {
            session.subscribe(&topic)?;
        }
        Ok(Self { session })
    }

    fn on_message(&mut self, text: String) -> Result<String> {
        let words: Vec<_> = text.splitn(3, ' ').collect();
        Ok(match words[..] {
            ["id"] => self.session.id(),
            ["topics"] => self.session.topics().join(","),
            ["subscribe", topic] => told(self.session.subscribe(topic)),
            ["unsubscribe", topic] => self.session.unsubscribe(topic).to_string(),
            ["subscribers", topic] => Topic::named(topic).subscribers().to_string(),
            ["subscribe", topic, id] => {
                told(OpenSessions::get(id).ok_or("nobody")?.subscribe(topic))
            }
            ["close", topic, id] => {
                let other = OpenSessions::get(id).ok_or("nobody")?;
                other.close_with(4002, "by another")?;
                let (topics, again) = (other.topics(), told(other.subscribe("again")));
                let left = Topic::named(topic).subscribers();
                format!("{topics:?} {} {again} {left}", other.unsubscribe(topic))
            }
            ["publish", topic, text] => outcome(&Topic::named(topic).publish(text)?),
            ["others", topic, text] => {
                outcome(&Topic::named(topic).except(self.session.id()).publish(text)?)
            }
            ["bytes", topic, bytes] => {
                outcome(&Topic::named(topic).publish(vec![7; bytes.parse()?])?)
            }
            _ => return Err(format!("{text:?} is no command").into()),
        })
    }
}

fn told(subscribed: Result<bool, TopicError>) -> String {
    subscribed.map_or_else(|error| format!("{error:?}"), |is_new| is_new.to_string())
}

fn outcome(outcome: &BroadcastOutcome) -> String {
    format!("{} {}", outcome.queued, outcome.refused.join(","))
}

export!(Subscribes);
