//! The client's role: masked frames, and a server that ends the connection first.

use sockhop_session::{CloseCause, Initiator, Message};
use sockhop_wire::deflate::{Policy, accept_answer, offer};
use sockhop_wire::extensions::Extension;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::time::Instant;

use super::close::by_guest;
use super::fake::{Call, Fake};
use super::peer::{CLOSE, Frame, PING, PONG, close_frame, frame, text_frame};
use super::*;
use crate::connection::Compression;

/// A server of the simplest kind.
struct Server(DuplexStream);

impl Server {
    /// Sends a short frame, without a mask.
    async fn frame(&mut self, opcode: u8, payload: &[u8]) {
        let length = u8::try_from(payload.len()).expect("a short frame");
        self.0.write_all(&[&[0x80 | opcode, length], payload].concat()).await.expect("read");
    }

    /// The next frame, which is short, and its key; nothing where the connection has ended.
    async fn read(&mut self) -> Option<([u8; 4], Frame)> {
        let mut head = [0; 6];
        self.0.read_exact(&mut head).await.ok()?;
        let [first, length, key @ ..] = head;
        assert_eq!(length & 0x80, 0x80, "a client masks (RFC 6455 §5.1)");
        let mut payload = vec![0; usize::from(length & 0x7f)];
        self.0.read_exact(&mut payload).await.expect("a whole frame");
        payload.iter_mut().zip(key.iter().cycle()).for_each(|(byte, key)| *byte ^= key);
        Some((key, Frame { opcode: first & 0x0f, payload }))
    }

    async fn expect(&mut self, expected: &Frame) -> [u8; 4] {
        let (key, frame) = self.read().await.expect("a frame");
        assert_eq!(&frame, expected);
        key
    }
}

fn connected(guest: impl FnOnce(&Arc<Handle>) -> Fake) -> (Served, Server) {
    let served = Setup { role: Role::Client, ..Setup::default() }.serve(guest);
    // What the harness reads as a client's is here a server's.
    let (unused, _) = duplex(1);
    let Served { peer, session, calls, notes, end } = served;
    let server = Server(peer.into_inner());
    (Served { peer: Peer::new(unused), session, calls, notes, end }, server)
}

#[tokio::test(start_paused = true)]
async fn each_frame_is_masked_with_a_key_of_its_own() {
    let (served, mut server) = connected(|_session| Fake::echo());
    let mut keys = Vec::new();
    for _ in 0..2 {
        server.frame(1, b"hello").await;
        keys.push(server.expect(&text_frame("hello")).await);
    }
    server.frame(PING, b"there?").await;
    keys.push(server.expect(&Frame { opcode: PONG, payload: b"there?".to_vec() }).await);
    served.session.close(by_guest(4000, "bye"));
    keys.push(server.expect(&close_frame(4000, "bye")).await);
    keys.sort_unstable();
    keys.dedup();
    assert!(keys.len() > 1, "the keys do not change");
}

#[tokio::test(start_paused = true)]
async fn the_server_ends_the_connection_first() {
    let (served, mut server) = connected(|_session| Fake::silent());
    let begun = Instant::now();
    served.session.close(by_guest(1000, ""));
    server.expect(&close_frame(1000, "")).await;
    server.frame(CLOSE, &close_frame(1000, "").payload).await;
    settled().await;
    assert!(matches!(served.calls.all().last(), Some(Call::Finish)), "the guest is told at once");
    assert!(!served.end.is_finished(), "the server has not ended the connection");
    drop(server);
    let (event, ..) = served.ended().await;
    assert!(event.clean && begun.elapsed() < CLOSE_TIMEOUT);
}

#[tokio::test(start_paused = true)]
async fn a_close_of_the_server_is_answered_and_waited_on() {
    let (served, mut server) = connected(|_session| Fake::silent());
    server.frame(CLOSE, &close_frame(1001, "bye").payload).await;
    server.expect(&close_frame(1001, "bye")).await;
    settled().await;
    assert!(!served.end.is_finished(), "the server has not ended the connection");
    server.0.shutdown().await.expect("open");
    assert!(server.read().await.is_none(), "then it ends");
    let (event, ..) = served.ended().await;
    assert_eq!((event.initiator, event.code, event.clean), (Initiator::Peer, 1001, true));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_is_waited_for_as_long_as_for_a_close() {
    let (served, mut server) = connected(|_session| Fake::silent());
    let begun = Instant::now();
    served.session.close(by_guest(1000, ""));
    server.expect(&close_frame(1000, "")).await;
    server.frame(CLOSE, &close_frame(1000, "").payload).await;
    assert!(server.read().await.is_none());
    let (event, ..) = served.ended().await;
    assert!(event.clean);
    assert!((CLOSE_TIMEOUT..CLOSE_TIMEOUT * 2).contains(&begun.elapsed()));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_masks_breaks_the_protocol() {
    let (served, mut server) = connected(|_session| Fake::echo());
    server.0.write_all(&frame(1, b"hello")).await.expect("read");
    let (_, Frame { opcode, payload }) = server.read().await.expect("a Close frame");
    assert_eq!((opcode, &payload[..2]), (CLOSE, &1002_u16.to_be_bytes()[..]));
    let (event, calls, _notes) = served.ended().await;
    assert_eq!((event.cause, event.clean), (CloseCause::ProtocolError, false));
    assert_eq!(calls.messages(), []);
}

/// Both ends are ours, and what they say is compressed.
#[tokio::test(start_paused = true)]
async fn a_client_and_a_server_understand_each_other() {
    let policy = Policy { server_takeover: true, client_takeover: true, ..Policy::default() };
    let name = offer(&policy).name;
    let answer = Extension { name, parameters: Vec::new() };
    let agreed = accept_answer(&answer, &policy).expect("an answer to this offer");
    let compression = Some(Compression { agreed, level: 1, threshold_bytes: 1 });
    let setup = |role| {
        let mut setup = Setup { role, ..Setup::default() };
        setup.settings.compression.clone_from(&compression);
        setup
    };
    let (near, far) = duplex(1 << 10);
    let (_, _, _, server) = setup(Role::Server).serve_over(far, |_session| Fake::echo());
    let (session, calls, _, client) = setup(Role::Client).serve_over(near, |_| Fake::silent());
    let said: Vec<Message> = (0..20).map(|count| text(&"so much ".repeat(count * 20))).collect();
    for message in &said {
        session.send(message.clone()).expect("room");
    }
    calls.reached(1 + said.len()).await;
    assert_eq!(calls.messages(), said);
    session.close(by_guest(1000, ""));
    assert!(client.await.expect("no panic").clean);
    assert!(server.await.expect("no panic").clean);
}
