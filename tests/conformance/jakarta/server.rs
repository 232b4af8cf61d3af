//! Servers of one connection, by hand.

use sockhop_tests::within;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

/// A server of one connection at a port of its own.
pub(super) struct Server {
    pub(super) listener: TcpListener,
}

impl Server {
    pub(super) async fn new() -> Self {
        Self { listener: TcpListener::bind("127.0.0.1:0").await.expect("a port") }
    }

    pub(super) fn url(&self) -> String {
        format!("ws://{}/there?x=y", self.listener.local_addr().expect("bound"))
    }

    /// The next client, and the head of its request.
    pub(super) async fn asked(&self) -> (TcpStream, String) {
        let (mut tcp, _) = within("a client", self.listener.accept()).await.expect("a client");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(within("a head", tcp.read_u8()).await.expect("a whole head"));
        }
        (tcp, String::from_utf8(head).expect("a text"))
    }

    /// The next client, let in with these fields beside those of the handshake.
    pub(super) async fn accepted(&self, fields: &str) -> (TcpStream, String) {
        let (mut tcp, head) = self.asked().await;
        let key = field(&head, "sec-websocket-key").expect("a key");
        let accept = derive_accept_key(key.as_bytes());
        let answer = format!(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Accept: {accept}\r\n{fields}\r\n"
        );
        tcp.write_all(answer.as_bytes()).await.expect("it reads");
        (tcp, head)
    }

    /// A session with the next client, in the server's role.
    pub(super) async fn session(&self, fields: &str) -> (WebSocketStream<TcpStream>, String) {
        let (tcp, head) = self.accepted(fields).await;
        (WebSocketStream::from_raw_socket(tcp, Role::Server, None).await, head)
    }

    /// Answers the next client with these bytes.
    pub(super) async fn answer(&self, answer: &str) -> String {
        let (mut tcp, head) = self.asked().await;
        tcp.write_all(answer.as_bytes()).await.expect("it reads");
        let _ended = tcp.read_to_end(&mut Vec::new()).await;
        head
    }
}

/// The value of a field in a head.
pub(super) fn field(head: &str, name: &str) -> Option<String> {
    let mut fields = head.lines().filter_map(|line| line.split_once(": "));
    fields.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned())
}

/// The next frame of a client: its first byte, its mask and its payload, unmasked.
pub(super) async fn frame(tcp: &mut TcpStream) -> (u8, [u8; 4], Vec<u8>) {
    within("a frame", async {
        let first = tcp.read_u8().await.expect("a frame");
        let length = tcp.read_u8().await.expect("a length");
        assert!(length & 0x80 != 0, "it is not masked");
        assert!(length & 0x7f < 126, "these are short");
        let mut mask = [0; 4];
        tcp.read_exact(&mut mask).await.expect("a mask");
        let mut payload = vec![0; usize::from(length & 0x7f)];
        tcp.read_exact(&mut payload).await.expect("a payload");
        payload.iter_mut().zip(mask.iter().cycle()).for_each(|(byte, mask)| *byte ^= mask);
        (first, mask, payload)
    })
    .await
}
