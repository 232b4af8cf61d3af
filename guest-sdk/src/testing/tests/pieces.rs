//! Messages in pieces, in both directions.

use super::*;
use crate::{OutgoingMessage, PartialEndpoint};

/// Answers each piece with itself; gives its answer up at `x`.
struct Parrot {
    session: Session,
    answer: Option<OutgoingMessage>,
    pieces: usize,
}

#[endpoint("/parrot")]
impl PartialEndpoint for Parrot {
    fn on_open(session: Session) -> Result<Self> {
        Ok(Self { session, answer: None, pieces: 0 })
    }

    fn on_part(&mut self, piece: Message, last: bool) -> Result {
        self.pieces += 1;
        let answer = match self.answer.take() {
            Some(answer) => answer,
            None => self.session.start_message()?,
        };
        let gives_up = piece.as_text() == Some("x");
        answer.write(piece)?;
        if last {
            answer.finish()?;
        } else if !gives_up {
            self.answer = Some(answer);
        }
        Ok(())
    }
}

#[test]
fn messages_go_through_in_pieces() {
    let peer = Host::<Parrot>::in_parts().open("/parrot").unwrap();
    peer.send_pieces(["a", "b", ""]);
    assert_eq!(peer.endpoint(|parrot| parrot.pieces), Some(3));
    assert_eq!(peer.read(), Some(Message::from("ab")));
    let long = format!("x{}", "ü".repeat(64 << 10));
    peer.send(long.as_str());
    assert_eq!(peer.endpoint(|parrot| parrot.pieces), Some(3 + 1), "too much is unread");
    assert_eq!(peer.read(), Some(Message::from(long)));
    assert_eq!(peer.endpoint(|parrot| parrot.pieces), Some(3 + 3));
}

#[test]
fn pieces_are_those_that_a_host_makes() {
    let peer = Host::<Parrot>::in_parts().open("/parrot").unwrap();
    peer.send_pieces(["a", "", "b"]);
    assert_eq!(peer.endpoint(|parrot| parrot.pieces), Some(2), "an empty one is none");
    peer.read_all();
    peer.send_pieces(["y".repeat(1 << 10), "y".repeat((64 << 10) + 1)]);
    assert_eq!(peer.read_all().len(), 1);
    assert_eq!(peer.endpoint(|parrot| parrot.pieces), Some(2 + 3));
    peer.send("");
    assert_eq!(peer.read(), Some(Message::from("")), "an empty message is one");
}

#[test]
#[should_panic(expected = "text or binary, not both")]
fn no_message_is_of_two_kinds() {
    let peer = Host::<Parrot>::in_parts().open("/parrot").unwrap();
    peer.send_pieces([Message::from("a"), Message::from(vec![1])]);
}

#[test]
fn a_message_that_is_given_up_ends_the_session() {
    let peer = Host::<Parrot>::in_parts().open("/parrot").unwrap();
    peer.send_pieces(["a", "x", "b"]);
    assert_eq!(peer.closed().map(|event| event.cause), Some(CloseCause::MessageAbandoned));
    assert_eq!(peer.read(), None);
}
