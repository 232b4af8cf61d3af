//! The PROXY protocol: a proxy says in the first bytes of a connection whose it is.

pub mod header;

use std::io;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::AsyncReadExt as _;
use tokio::time::timeout;

use self::header::{HeaderError, Told, parse};
use super::stream::Stream;

/// How much is read at a time, in bytes: a usual header and a usual request.
const READ_BYTES: usize = 2 << 10;

/// Reads the header that a connection has to begin with, and nothing behind it.
///
/// # Errors
/// [`ProxyError`]; then nothing can be known of the connection.
pub(super) async fn read(stream: &mut Stream, limit: Duration) -> Result<Option<Told>, ProxyError> {
    timeout(limit, read_all(stream)).await.map_err(|_late| ProxyError::Late)?
}

async fn read_all(stream: &mut Stream) -> Result<Option<Told>, ProxyError> {
    let mut read = BytesMut::with_capacity(READ_BYTES);
    loop {
        if stream.read_buf(&mut read).await? == 0 {
            return Err(if read.is_empty() { ProxyError::Gone } else { ProxyError::Cut });
        }
        if let Some((told, length)) = parse(&read)? {
            stream.unread(read.split_off(length).freeze());
            return Ok(told);
        }
    }
}

/// Why a connection from a proxy that sends headers cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum ProxyError {
    /// It ended in the middle of the header.
    #[error("it ended within the PROXY header")]
    Cut,
    /// It ended before anything came, as those do that only look whether somebody listens.
    #[error("it ended before the PROXY header")]
    Gone,
    /// There is no header, or none that can be used.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// The header did not come in time.
    #[error("no PROXY header came within limits.header_timeout")]
    Late,
    /// It broke.
    #[error("it was cut before the PROXY header")]
    Lost(#[from] io::Error),
}
