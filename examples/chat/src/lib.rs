//! Chat: rooms that are kept apart, members with names, JSON on the wire.
//!
//! Nothing here is shared between sessions but what the host keeps: the rooms are the path's
//! variable, the names are properties of the sessions. So it works the same with an instance for
//! each session and with one for all.

mod event;
mod rules;

use event::{ClientEvent, Member, ServerEvent};
use sockhop_guest::{
    CloseEvent, DecodeError, Endpoint, Error, Json, OpenSessions, Result, Session, close_code,
    endpoint, export,
};

/// The session's property that holds the name of a member; who has not joined has none.
const NAME: &str = "name";

/// How many sessions of a room, oldest first, are looked at for the list of members.
const MEMBERS_LISTED_MAX: usize = 200;

struct Chat {
    session: Session,
    id: String,
    room: String,
    name: Option<String>,
}

// 32 KiB hold the longest text, even where each of its characters is a pair of JSON escapes.
#[endpoint("/chat/{room}", max_message_size = 32 * 1024)]
impl Endpoint for Chat {
    fn on_open(session: Session, room: String) -> Result<Self> {
        Ok(Self { id: session.id(), session, room, name: None })
    }

    // What a peer gets wrong is no failure of this guest, so it is answered, not returned.
    fn on_message(
        &mut self,
        message: Result<Json<ClientEvent>, DecodeError>,
    ) -> Result<Option<Json<ServerEvent>>> {
        let answer = match message {
            Ok(Json(ClientEvent::Join { name })) => self.join(&name)?,
            Ok(Json(ClientEvent::Say { text })) => self.say(&text)?,
            Err(error) => Some(refused(Error::from(error).to_string())),
        };
        Ok(answer.map(Json))
    }

    fn on_close(&mut self, _event: CloseEvent) -> Result {
        match self.name.take() {
            Some(name) => self.tell(&self.room(), ServerEvent::Left { id: self.id.clone(), name }),
            None => Ok(()),
        }
    }
}

export!(Chat);

impl Chat {
    fn join(&mut self, name: &str) -> Result<Option<ServerEvent>> {
        if self.name.is_some() {
            return Ok(Some(refused("you have joined already")));
        }
        let name = match rules::name(name) {
            Ok(name) => name,
            Err(told) => return Ok(Some(refused(told))),
        };
        // First the name, then the word, then the list: whoever joins at the same time is in the
        // list, or has yet to tell us, or both. A client that adds members by id misses nobody.
        self.session.set_property(NAME, &name)?;
        self.name = Some(name.clone());
        let others = self.room().except(&self.id);
        self.tell(&others, ServerEvent::Joined { id: self.id.clone(), name: name.clone() })?;
        let (id, room) = (self.id.clone(), self.room.clone());
        let more = self.room().count() as usize > MEMBERS_LISTED_MAX;
        Ok(Some(ServerEvent::Welcome { id, room, name, members: self.members(), more }))
    }

    fn say(&self, text: &str) -> Result<Option<ServerEvent>> {
        let Some(name) = self.name.clone() else {
            return Ok(Some(refused("join first: {\"type\":\"join\",\"name\":\"…\"}")));
        };
        let text = match rules::text(text) {
            Ok(text) => text,
            Err(told) => return Ok(Some(refused(told))),
        };
        self.tell(&self.room(), ServerEvent::Said { id: self.id.clone(), name, text })?;
        Ok(None)
    }

    /// The sessions in this room.
    fn room(&self) -> OpenSessions {
        OpenSessions::all().with_parameter("room", &self.room)
    }

    fn members(&self) -> Vec<Member> {
        let member = |id: String| {
            let name = OpenSessions::get(&id)?.text_property(NAME)?;
            Some(Member { id, name })
        };
        self.room().ids().take(MEMBERS_LISTED_MAX).filter_map(member).collect()
    }

    /// Sends an event to these sessions. One that is too slow for it is closed: its client
    /// connects again and is told who is there, which beats going on with a hole in the talk.
    fn tell(&self, whom: &OpenSessions, event: ServerEvent) -> Result {
        let outcome = whom.broadcast(Json(event))?;
        for slow in outcome.refused_sessions() {
            slow.close_with(close_code::TRY_AGAIN_LATER, "too slow for this room")?;
        }
        Ok(())
    }
}

fn refused(text: impl Into<String>) -> ServerEvent {
    ServerEvent::Error { text: text.into() }
}

#[cfg(test)]
mod tests;
