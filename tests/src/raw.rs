//! A client that writes its bytes by hand, for what no honest client sends.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

use crate::{Closed, within};

/// What a frame is masked with. Any four bytes serve, and these are seen at a glance in a dump.
const MASK: [u8; 4] = [0x11, 0x22, 0x33, 0x44];

/// The longest head of an answer to a handshake, in bytes.
const HEAD_BYTES_MAX: usize = 16 * 1024;

/// A frame as the host sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// FIN, the reserved bits and the opcode (RFC 6455 §5.2).
    pub first: u8,
    /// The payload.
    pub payload: Vec<u8>,
}

impl Frame {
    /// A Close frame with a code.
    #[must_use]
    pub fn close(code: u16, phrase: &str) -> Self {
        Self { first: 0x88, payload: [&code.to_be_bytes(), phrase.as_bytes()].concat() }
    }
}

/// A connection after its opening handshake.
#[derive(Debug)]
pub struct RawClient {
    tcp: TcpStream,
    /// Whether it takes the server's part: it is the client's frames that are masked.
    serves: bool,
}

impl RawClient {
    /// Connects to this path.
    ///
    /// # Panics
    ///
    /// Where the handshake is refused.
    pub async fn connect(address: SocketAddr, path: &str) -> Self {
        Self::connect_and_write(address, path, b"").await
    }

    /// As [`connect`](Self::connect), with these bytes right behind the handshake.
    ///
    /// # Panics
    ///
    /// Where the handshake is refused.
    pub async fn connect_and_write(address: SocketAddr, path: &str, behind: &[u8]) -> Self {
        match Self::handshake(address, path, "", behind).await {
            Ok(client) => client,
            Err(head) => panic!("the handshake was refused: {head}"),
        }
    }

    /// As [`connect`](Self::connect); nothing where the answer is 503.
    ///
    /// # Panics
    ///
    /// Where the handshake is refused otherwise.
    pub async fn try_connect(address: SocketAddr, path: &str) -> Option<Self> {
        match Self::connect_with(address, path, "").await {
            Ok(client) => Some(client),
            Err(head) if head.starts_with("HTTP/1.1 503 ") => None,
            Err(head) => panic!("the handshake was refused: {head:?}"),
        }
    }

    /// As [`connect`](Self::connect), with these lines in the request's head, each with its end.
    ///
    /// # Errors
    ///
    /// The head of the answer that refuses it; nothing of one where the host ends the connection.
    pub async fn connect_with(
        address: SocketAddr,
        path: &str,
        fields: &str,
    ) -> Result<Self, String> {
        Self::handshake(address, path, fields, b"").await
    }

    /// As [`connect`](Self::connect), but from an address of this machine's own choice, such as
    /// `127.0.0.2`, and with the head of the answer where the handshake is refused.
    ///
    /// # Errors
    ///
    /// The head, in lower case.
    ///
    /// # Panics
    ///
    /// Where the address is not one of this machine.
    pub async fn connect_from(
        source: Ipv4Addr,
        address: SocketAddr,
        path: &str,
    ) -> Result<Self, String> {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind(SocketAddr::from((source, 0))).expect("an address of this machine");
        let tcp = within("a connection", socket.connect(address)).await;
        let answered = Self::ask(tcp.expect("the host listens"), address, path, "", b"").await;
        answered.map_err(|head| head.to_lowercase())
    }

    /// The connection, or the head of the answer that refuses it.
    async fn handshake(
        address: SocketAddr,
        path: &str,
        fields: &str,
        behind: &[u8],
    ) -> Result<Self, String> {
        let tcp = TcpStream::connect(address).await.expect("the host listens");
        Self::ask(tcp, address, path, fields, behind).await
    }

    async fn ask(
        mut tcp: TcpStream,
        address: SocketAddr,
        path: &str,
        fields: &str,
        behind: &[u8],
    ) -> Result<Self, String> {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {address}\r\n\
             Connection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{fields}\r\n"
        );
        let bytes = [request.as_bytes(), behind].concat();
        // A host that has given up already has said so, or says nothing.
        let _written = tcp.write_all(&bytes).await;
        let mut head = Vec::new();
        // One byte at a time: what follows the head is a frame already.
        while !head.ends_with(b"\r\n\r\n") {
            let Ok(byte) = within("the answer's head", tcp.read_u8()).await else {
                return Err(String::from_utf8_lossy(&head).into_owned());
            };
            head.push(byte);
            assert!(head.len() < HEAD_BYTES_MAX, "the head has no end");
        }
        let head = String::from_utf8_lossy(&head).into_owned();
        if head.starts_with("HTTP/1.1 101 ") { Ok(Self { tcp, serves: false }) } else { Err(head) }
    }

    /// Takes the server's part after a handshake that the host has begun, and that was answered.
    #[must_use]
    pub fn serving(tcp: TcpStream) -> Self {
        Self { tcp, serves: true }
    }

    /// The connection, for who wants to write and read at the same time.
    #[must_use]
    pub fn into_tcp(self) -> TcpStream {
        self.tcp
    }

    /// Sends these bytes.
    ///
    /// # Panics
    ///
    /// Where the connection does not take them.
    pub async fn write(&mut self, bytes: &[u8]) {
        within("the host to read", self.tcp.write_all(bytes)).await.expect("the host reads");
    }

    /// Sends a frame, masked as a client's has to be, with this first byte: FIN, reserved bits and
    /// opcode.
    pub async fn send(&mut self, first: u8, payload: &[u8]) {
        if self.serves {
            return self.send_unmasked(first, payload).await;
        }
        let mut frame = vec![first];
        push_length(&mut frame, payload.len(), 0x80);
        frame.extend(MASK);
        frame.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
        self.write(&frame).await;
    }

    /// Sends a frame without a mask, which no client may.
    pub async fn send_unmasked(&mut self, first: u8, payload: &[u8]) {
        let mut frame = vec![first];
        push_length(&mut frame, payload.len(), 0);
        frame.extend(payload);
        self.write(&frame).await;
    }

    /// Waits for a frame.
    ///
    /// # Panics
    ///
    /// Where none comes, or one with a mask; or without one where the host is the client.
    pub async fn receive(&mut self) -> Frame {
        let frame = within("a frame", self.read_frame()).await;
        frame.expect("a whole frame")
    }

    /// Waits for a Close frame, and for the connection's end after it.
    ///
    /// # Panics
    ///
    /// Where something else comes.
    pub async fn closed(&mut self) -> Closed {
        let Frame { first, payload } = self.receive().await;
        assert_eq!(first, 0x88, "not a Close frame: {payload:?}");
        if self.serves {
            // It is the server that ends the connection, and the host may have done so.
            let _ended = self.tcp.shutdown().await;
        }
        let mut rest = Vec::new();
        let end = within("the connection's end", self.tcp.read_to_end(&mut rest)).await;
        assert!(end.is_err() || rest.is_empty(), "after the Close frame: {rest:?}");
        let Some((code, phrase)) = payload.split_first_chunk() else {
            assert!(payload.is_empty(), "half a code: {payload:?}");
            return Closed::new(1005, "");
        };
        let phrase = str::from_utf8(phrase).expect("a phrase is UTF-8");
        Closed::new(u16::from_be_bytes(*code), phrase)
    }

    /// Drops the connection at once, by RST: as a machine that has crashed and come back does.
    ///
    /// # Panics
    ///
    /// Where the system does not let it.
    pub fn reset(self) {
        rustix::net::sockopt::set_socket_linger(&self.tcp, Some(std::time::Duration::ZERO))
            .expect("a socket can be reset");
    }

    /// Drops the connection by FIN, without a Close frame.
    pub fn drop_connection(self) {
        drop(self);
    }

    async fn read_frame(&mut self) -> std::io::Result<Frame> {
        let first = self.tcp.read_u8().await?;
        let second = self.tcp.read_u8().await?;
        assert_eq!(second & 0x80 != 0, self.serves, "a client masks its frames, and no server");
        let length = match second & 0x7f {
            126 => u64::from(self.tcp.read_u16().await?),
            127 => self.tcp.read_u64().await?,
            length => u64::from(length),
        };
        let mut mask = [0; 4];
        if self.serves {
            self.tcp.read_exact(&mut mask).await?;
        }
        let mut payload = vec![0; usize::try_from(length).expect("it fits into memory")];
        self.tcp.read_exact(&mut payload).await?;
        payload.iter_mut().zip(mask.iter().cycle()).for_each(|(byte, mask)| *byte ^= mask);
        Ok(Frame { first, payload })
    }
}

fn push_length(frame: &mut Vec<u8>, length: usize, mask_bit: u8) {
    match length {
        0..126 => frame.push(mask_bit | u8::try_from(length).expect("below 126")),
        126..0x1_0000 => {
            frame.push(mask_bit | 126);
            frame.extend(u16::try_from(length).expect("below 2^16").to_be_bytes());
        }
        _ => {
            frame.push(mask_bit | 127);
            frame.extend((length as u64).to_be_bytes());
        }
    }
}
