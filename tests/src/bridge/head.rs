//! The head of a request in HTTP/1.1, and of the answer to it.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// The longest head that is read, in bytes.
const HEAD_BYTES_MAX: usize = 64 * 1024;

/// A client's opening handshake (RFC 6455 §4.1).
#[derive(Debug)]
pub(super) struct Head {
    /// The path and the query.
    pub(super) target: String,
    /// The fields in their order, names in lower case.
    pub(super) fields: Vec<(String, String)>,
}

impl Head {
    /// Reads it, and not a byte more: frames may follow at once.
    pub(super) async fn read(client: &mut (impl AsyncRead + Unpin)) -> io::Result<Self> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(client.read_u8().await?);
            if head.len() > HEAD_BYTES_MAX {
                return Err(invalid("a head without an end"));
            }
        }
        let head = String::from_utf8(head).map_err(|_| invalid("a head that is no text"))?;
        let mut lines = head.lines();
        let target = lines.next().and_then(|line| line.split(' ').nth(1));
        let target = target.ok_or_else(|| invalid("no request line"))?.to_owned();
        let fields = lines
            .take_while(|line| !line.is_empty())
            .map(|line| {
                let (name, value) = line.split_once(':').ok_or_else(|| invalid("no field"))?;
                Ok((name.to_ascii_lowercase(), value.trim().to_owned()))
            })
            .collect::<io::Result<_>>()?;
        Ok(Self { target, fields })
    }

    /// The answer that the client's own key asks for (RFC 6455 §4.2.2), with these fields too.
    pub(super) async fn accept(
        &self,
        client: &mut (impl AsyncWrite + Unpin),
        fields: &[(String, String)],
    ) -> io::Result<()> {
        let key = self.fields.iter().find(|(name, _)| name == "sec-websocket-key");
        let (_, key) = key.ok_or_else(|| invalid("a handshake without a key"))?;
        let mut answer = format!(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Accept: {}\r\n",
            derive_accept_key(key.as_bytes())
        );
        for (name, value) in fields {
            answer.push_str(&format!("{name}: {value}\r\n"));
        }
        answer.push_str("\r\n");
        client.write_all(answer.as_bytes()).await
    }

    /// An answer with this status and no more.
    pub(super) async fn refuse(
        client: &mut (impl AsyncWrite + Unpin),
        status: u16,
    ) -> io::Result<()> {
        let answer =
            format!("HTTP/1.1 {status} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
        client.write_all(answer.as_bytes()).await
    }
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
