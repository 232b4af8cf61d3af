//! The lines of a log, as they come.

use bytes::{Buf as _, BytesMut};
use http_body_util::BodyExt as _;
use hyper::{StatusCode, body::Incoming};

use super::ClientError;
use crate::{admin::model::LogEntry, config::AdminAddress};

/// The most bytes of one entry. A host keeps lines of 4 KiB; written as JSON, the worst text is
/// six times as long.
const ENTRY_MAX_BYTES: usize = 1 << 20;

/// The lines of a log, as they come.
#[derive(Debug)]
pub struct LogLines {
    address: AdminAddress,
    body: Incoming,
    pending: BytesMut,
    /// Where in `pending` the search for the end of a line goes on.
    searched: usize,
}

impl LogLines {
    pub(super) fn new(address: AdminAddress, body: Incoming) -> Self {
        Self { address, body, pending: BytesMut::new(), searched: 0 }
    }

    /// The next entry, or nothing at the end: that of the lines that were kept or, for a
    /// follower, that of the host or of the deployment.
    ///
    /// # Errors
    ///
    /// [`ClientError::Broken`], [`ClientError::Strange`].
    ///
    /// # Cancellation
    ///
    /// No entry is lost when the future is dropped.
    pub async fn next(&mut self) -> Result<Option<LogEntry>, ClientError> {
        loop {
            let found = self.pending[self.searched..].iter().position(|byte| *byte == b'\n');
            if let Some(position) = found {
                let line = self.pending.split_to(self.searched + position);
                self.pending.advance(1);
                self.searched = 0;
                let entry = serde_json::from_slice(&line);
                return entry.map(Some).map_err(|error| self.strange(Some(error)));
            }
            self.searched = self.pending.len();
            if self.searched > ENTRY_MAX_BYTES {
                return Err(self.strange(None));
            }
            match self.body.frame().await {
                Some(Ok(frame)) => {
                    self.pending.extend(frame.into_data().unwrap_or_default());
                }
                Some(Err(error)) => {
                    let address = self.address.clone();
                    return Err(ClientError::Broken { address, source: error.into() });
                }
                None if self.pending.is_empty() => return Ok(None),
                None => return Err(self.strange(None)),
            }
        }
    }

    fn strange(&self, source: Option<serde_json::Error>) -> ClientError {
        ClientError::Strange { address: self.address.clone(), status: StatusCode::OK, source }
    }
}
