//! What is said on the wire: each message is one of these, as JSON with a `type`.

use serde::{Deserialize, Serialize};

/// What a client sends.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(crate) enum ClientEvent {
    /// The first message: from here on the client is a member of the room.
    Join { name: String },
    /// Something for everybody in the room.
    Say { text: String },
}

/// What a client is sent.
#[derive(Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(crate) enum ServerEvent {
    /// The answer to `join`, with the members, the client among them. `more` says that the room
    /// has more than are listed.
    Welcome { id: String, room: String, name: String, members: Vec<Member>, more: bool },
    /// Somebody else joined.
    Joined { id: String, name: String },
    /// Somebody said something; perhaps the client itself.
    Said { id: String, name: String, text: String },
    /// A member has gone.
    Left { id: String, name: String },
    /// The client's last message was not taken, for this reason.
    Error { text: String },
}

/// Somebody in the room. Names may repeat; the id is the session's.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Member {
    pub(crate) id: String,
    pub(crate) name: String,
}

#[cfg(test)]
mod tests {
    use sockhop_guest::{Decode, Encode, Json, Message};

    use super::*;

    #[test]
    fn events_have_the_form_that_the_readme_promises() {
        let join = Json::decode(Message::from(r#"{"type":"join","name":"Ada"}"#)).unwrap();
        assert_eq!(join, Json(ClientEvent::Join { name: "Ada".to_owned() }));
        let members = vec![Member { id: "7".to_owned(), name: "Ada".to_owned() }];
        let welcome = ServerEvent::Welcome {
            id: "7".to_owned(),
            room: "tea".to_owned(),
            name: "Ada".to_owned(),
            members,
            more: false,
        };
        let expected = concat!(
            r#"{"type":"welcome","id":"7","room":"tea","name":"Ada","#,
            r#""members":[{"id":"7","name":"Ada"}],"more":false}"#
        );
        assert_eq!(Json(welcome).encode().unwrap(), Message::from(expected));
    }
}
