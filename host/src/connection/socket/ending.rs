//! The end of a connection.

use std::time::Duration;

use sockhop_wire::Role;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, timeout, timeout_at};

use super::{Incoming, Socket, buffers};

/// How long the end of a connection takes at most: a peer that may still be sending is read from
/// after the last byte was written to it, as closing a socket with unread data resets the
/// connection, and with it the Close frame on its way.
const LINGER: Duration = Duration::from_secs(1);

impl<IO: AsyncRead + AsyncWrite + Unpin> Socket<IO> {
    /// The next thing of what the peer has said and is here whole, of a connection that is gone:
    /// nobody is left to be answered.
    pub(in crate::connection) fn left_over(&mut self) -> Option<Incoming> {
        loop {
            self.owed_pong = None;
            // What breaks a rule behind it ends it no more than its loss does.
            let event = self.reader.next(&mut self.input).ok().flatten()?;
            if let Some(incoming) = self.incoming(event) {
                return Some(incoming);
            }
        }
    }

    /// Ends the connection, the server first (RFC 6455 §7.1.1): a client whose closing handshake is
    /// complete waits `until` then for the server to do so. `lingers` where the peer may still be
    /// sending.
    pub(in crate::connection) async fn end(self, lingers: bool, until: Option<Instant>) {
        let Self { mut io, input, role, .. } = self;
        drop(input);
        if let (Role::Client, Some(until)) = (role, until) {
            // A server that does not is not waited for any longer.
            let _in_time = timeout_at(until, read_to_end(&mut io)).await;
        }
        let ended = async {
            // Over TLS and HTTP/2 this waits for the peer to take what is before it.
            if io.shutdown().await.is_ok() && lingers {
                read_to_end(&mut io).await;
            }
        };
        // Either way the connection is dropped now.
        let _in_time = timeout(LINGER, ended).await;
    }
}

/// Reads what nobody wants any more.
async fn read_to_end(io: &mut (impl AsyncRead + Unpin)) {
    let mut buffer = buffers::lend();
    while let Ok(1..) = io.read_buf(&mut buffer).await {
        buffer.clear();
    }
    buffers::give_back(buffer);
}
