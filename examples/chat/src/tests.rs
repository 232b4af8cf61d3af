//! The chat without a host: what its members say and read.

use sockhop_guest::Message;
use sockhop_guest::testing::{Host, Peer};

use super::*;

fn enter(host: &Host<Chat>, room: &str) -> Peer<Chat> {
    host.open(format!("/chat/{room}")).expect("everybody may")
}

/// Who has joined, and has read the welcome.
fn member(host: &Host<Chat>, room: &str, name: &str) -> Peer<Chat> {
    let peer = enter(host, room);
    join(&peer, name);
    assert!(read(&peer).is_some_and(|welcome| welcome.starts_with(r#"{"type":"welcome""#)));
    peer
}

fn join(peer: &Peer<Chat>, name: &str) {
    peer.send(format!(r#"{{"type":"join","name":"{name}"}}"#));
}

fn say(peer: &Peer<Chat>, text: &str) {
    peer.send(format!(r#"{{"type":"say","text":"{text}"}}"#));
}

fn read(peer: &Peer<Chat>) -> Option<String> {
    peer.read_as()
}

#[test]
fn who_joins_is_told_who_is_there_and_the_others_who_came() {
    let host = Host::new();
    let ada = member(&host, "tea", "Ada");
    let bob = enter(&host, "tea");
    join(&bob, " Bob ");
    let (a, b) = (ada.id(), bob.id());
    let joined = format!(r#"{{"type":"joined","id":"{b}","name":"Bob"}}"#);
    assert_eq!([read(&ada), read(&ada)], [Some(joined), None]);
    let members = format!(r#"[{{"id":"{a}","name":"Ada"}},{{"id":"{b}","name":"Bob"}}]"#);
    let whose = format!(r#""id":"{b}","room":"tea","name":"Bob""#);
    let welcome = format!(r#"{{"type":"welcome",{whose},"members":{members},"more":false}}"#);
    assert_eq!([read(&bob), read(&bob)], [Some(welcome), None]);
}

#[test]
fn what_is_said_is_heard_in_the_room_and_nowhere_else() {
    let host = Host::new();
    let (ada, silent) = (member(&host, "tea", "Ada"), enter(&host, "tea"));
    let elsewhere = member(&host, "coffee", "Eve");
    say(&ada, "hello");
    let said = format!(r#"{{"type":"said","id":"{}","name":"Ada","text":"hello"}}"#, ada.id());
    assert_eq!([read(&ada), read(&silent)], [Some(said.clone()), Some(said)]);
    assert_eq!(read(&elsewhere), None);
}

#[test]
fn what_a_peer_gets_wrong_is_answered() {
    let peer = enter(&Host::new(), "tea");
    for (message, told) in [
        (Message::from(r#"{"type":"sing"}"#), "unknown variant `sing`"),
        (Message::from(vec![1]), "a binary message where a text is expected"),
        (Message::from(r#"{"type":"say","text":"hi"}"#), "join first"),
        (Message::from(r#"{"type":"join","name":" "}"#), "the name is empty"),
    ] {
        peer.send(message);
        let answer = read(&peer).expect("an answer");
        assert!(answer.starts_with(r#"{"type":"error""#) && answer.contains(told), "{answer}");
    }
    assert!(peer.errors().is_empty(), "it is no failure of the guest's");
}

#[test]
fn who_goes_is_told_to_the_others_if_it_had_joined() {
    let host = Host::new();
    let ada = member(&host, "tea", "Ada");
    let (bob, silent) = (enter(&host, "tea"), enter(&host, "tea"));
    join(&bob, "Bob");
    ada.read_all();
    silent.close(close_code::GOING_AWAY, "");
    bob.close(close_code::GOING_AWAY, "");
    let left = format!(r#"{{"type":"left","id":"{}","name":"Bob"}}"#, bob.id());
    assert_eq!([read(&ada), read(&ada)], [Some(left), None]);
}

#[test]
fn who_reads_too_slowly_is_closed() {
    let host = Host::new().queue_limit(400);
    let (ada, bob) = (member(&host, "tea", "Ada"), member(&host, "tea", "Bob"));
    ada.read_all();
    for _ in 0..10 {
        say(&ada, "hello");
        ada.read_all();
    }
    assert_eq!(bob.closed().map(|event| event.code), Some(close_code::TRY_AGAIN_LATER));
    assert!(ada.session().is_open());
}
