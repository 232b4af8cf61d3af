//! Looks other sessions up: it does what each text tells it and answers with what came of it.

use sockhop_guest::{Endpoint, Message, OpenSessions, Result, Session, endpoint, export};
use sockhop_zoo::ByParameters;

struct Directory {
    session: Session,
}

#[endpoint("/directory/{room}")]
impl Endpoint for Directory {
    fn on_open(session: Session) -> Result<Self> {
        Ok(Self { session })
    }

    fn on_message(&mut self, text: String) -> Result<Message> {
        let words: Vec<_> = text.splitn(3, ' ').collect();
        Ok(match words[..] {
            ["id"] => self.session.id(),
            ["count"] => OpenSessions::all().count().to_string(),
            ["count", room] => OpenSessions::all().with_parameter("room", room).count().to_string(),
            ["ids"] => joined(&OpenSessions::all()),
            ["others"] => joined(&OpenSessions::all().except(self.session.id())),
            ["be", name] => self.session.set_property("name", name).map(|()| "so".to_owned())?,
            ["who", id] => with(id, |other| Ok(other.text_property("name").unwrap_or_default()))?,
            ["tell", id, text] => {
                with(id, |other| Ok(other.send(text).map(|()| "told".to_owned())?))?
            }
            ["close", id] => with(id, |other| {
                Ok(other.close_with(4002, "by another").map(|()| "closed".to_owned())?)
            })?,
            _ => return Err(format!("{text:?} is no command").into()),
        }
        .into())
    }
}

fn joined(sessions: &OpenSessions) -> String {
    sessions.ids().collect::<Vec<_>>().join(",")
}

fn with(id: &str, act: impl FnOnce(Session) -> Result<String>) -> Result<String> {
    OpenSessions::get(id).map_or_else(|| Ok("nobody".to_owned()), act)
}

export!(Directory; keys = ByParameters);
