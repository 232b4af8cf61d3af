//! The log of a deployment: the lines that are kept and, for a follower, those that come.

use std::{collections::VecDeque, convert::Infallible};

use bytes::Bytes;
use futures_util::stream;
use http_body_util::{BodyExt as _, StreamBody};
use hyper::{Response, StatusCode, Uri, body::Frame};
use tokio::sync::{OwnedSemaphorePermit, broadcast};
use tokio_util::sync::CancellationToken;

use super::{
    answer::{AnswerBody, JSON_LINES, answer, whole},
    deployments::unknown,
    error::{ApiError, ErrorCode},
    model::LogEntry,
    query::Query,
    server::Context,
};
use crate::{config::DeploymentName, deployments::log::Line};

/// The query key that asks for lines to come.
const FOLLOW: &str = "follow";

pub(super) fn log(
    context: &Context,
    name: &DeploymentName,
    uri: &Uri,
) -> Result<Response<AnswerBody>, ApiError> {
    let follows = Query::read(uri, &[FOLLOW])?.flag(FOLLOW)?;
    let log = context.operator.log(name).ok_or_else(|| unknown(name))?;
    let (kept, feed) = log.follow();
    // The feed ends when the host forgets the log, which this must not delay.
    drop(log);
    if !follows {
        let text: Vec<u8> = kept.into_iter().flat_map(|line| text_of(line.into())).collect();
        return Ok(answer(StatusCode::OK, JSON_LINES, whole(text)));
    }
    let Ok(place) = context.followers.clone().try_acquire_owned() else {
        let message = "too many callers follow logs already; end one of them";
        return Err(ApiError::new(ErrorCode::AtCapacity, message));
    };
    let follower =
        Follower { kept: kept.into(), feed, shutdown: context.shutdown.clone(), _place: place };
    Ok(answer(StatusCode::OK, JSON_LINES, follower.into_body()))
}

/// One who follows a log. A caller that does not read holds no more than this: its feed drops
/// the oldest lines, and it is told how many.
struct Follower {
    kept: VecDeque<Line>,
    feed: broadcast::Receiver<Line>,
    shutdown: CancellationToken,
    _place: OwnedSemaphorePermit,
}

impl Follower {
    fn into_body(self) -> AnswerBody {
        let lines = stream::unfold(self, async |mut follower| {
            let entry = follower.next().await?;
            let frame = Ok::<_, Infallible>(Frame::data(Bytes::from(text_of(entry))));
            Some((frame, follower))
        });
        StreamBody::new(lines).boxed_unsync()
    }

    async fn next(&mut self) -> Option<LogEntry> {
        if let Some(line) = self.kept.pop_front() {
            return Some(line.into());
        }
        let received = tokio::select! {
            received = self.feed.recv() => received,
            () = self.shutdown.cancelled() => return None,
        };
        match received {
            Ok(line) => Some(line.into()),
            Err(broadcast::error::RecvError::Lagged(missed)) => Some(LogEntry::Missed { missed }),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }
}

/// An entry as a line of JSON.
fn text_of(entry: LogEntry) -> Vec<u8> {
    match serde_json::to_vec(&entry) {
        Ok(mut text) => {
            text.push(b'\n');
            text
        }
        Err(error) => {
            tracing::error!(%error, "a line of a log cannot be written as JSON");
            Vec::new()
        }
    }
}
