//! Relay: a session with a peer and one with another server, each passed on to the other.

use sockhop_guest::{
    CloseEvent, Connect, Endpoint, Message, OpenSessions, Result, Session, client_endpoint,
    close_code, endpoint, export,
};

/// The property by which the server's side knows whose it is.
const PEER: &str = "peer";

/// The side of the peer: `/relay?to=ws://…`.
struct Relay {
    server: Session,
}

#[endpoint("/relay")]
impl Endpoint for Relay {
    fn on_open(session: Session) -> Result<Self> {
        let to = session.request().query_parameter("to").ok_or("say where to: /relay?to=ws://…")?;
        let offered = session.request().subprotocols;
        let connect = Connect::to(to).subprotocols(offered).property(PEER, session.id());
        let server = connect.open::<Upstream>()?.session;
        Ok(Self { server })
    }

    fn on_message(&mut self, message: Message) -> Result {
        Ok(self.server.send(message)?)
    }

    fn on_close(&mut self, event: CloseEvent) -> Result {
        close_like(&self.server, &event)
    }
}

/// The side of the server.
struct Upstream {
    peer: Session,
}

#[client_endpoint("upstream")]
impl Endpoint for Upstream {
    fn on_open(session: Session) -> Result<Self> {
        let peer = session.text_property(PEER).and_then(|id| OpenSessions::get(&id));
        Ok(Self { peer: peer.ok_or("the peer is gone")? })
    }

    fn on_message(&mut self, message: Message) -> Result {
        Ok(self.peer.send(message)?)
    }

    fn on_close(&mut self, event: CloseEvent) -> Result {
        close_like(&self.peer, &event)
    }
}

/// Closes the other side as this one was closed, as far as a code may be sent.
fn close_like(other: &Session, event: &CloseEvent) -> Result {
    let closed = other.close_with(event.code, &event.phrase);
    Ok(closed.or_else(|_| other.close_with(close_code::GOING_AWAY, "the other side is gone"))?)
}

export!(Relay, Upstream);

#[cfg(test)]
mod tests {
    use sockhop_guest::testing::{Host, NotOpened};

    use super::*;

    #[test]
    fn what_a_peer_sends_goes_to_the_server_and_so_does_its_end() {
        let host = Host::<Relay>::new().server("ws://there");
        let peer = host.open("/relay?to=ws://there").unwrap();
        peer.send("hello");
        let dialled = host.dialled();
        let [server] = dialled.as_slice() else { panic!("one connection: {dialled:?}") };
        assert_eq!((server.url(), server.endpoint()), ("ws://there", "upstream"));
        assert_eq!(server.session().text_property(PEER), Some(peer.id()));
        assert_eq!(server.read(), Some(Message::from("hello")));
        peer.close(4001, "enough");
        let closed = server.closed().expect("it was closed");
        assert_eq!((closed.code, closed.phrase.as_str()), (4001, "enough"));
    }

    #[test]
    fn a_server_that_is_not_there_closes_the_peer() {
        let host = Host::<Relay>::new();
        for path in ["/relay", "/relay?to=ws://nowhere"] {
            assert!(matches!(host.open(path), Err(NotOpened::Failed { .. })), "{path}");
        }
        assert!(host.dialled().is_empty());
    }
}
