//! A deployment's log: what its guests write and what the host has to say about them, kept for the
//! operator.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use tokio::sync::broadcast;

use sockhop_engine::{GuestOutput, Stream};

use crate::telemetry::escaped;

/// The most lines that are kept of one deployment.
pub const LINES_MAX: usize = 1000;

/// The most bytes of text that are kept of one deployment.
pub const BYTES_MAX: usize = 256 << 10;

/// The most bytes of one line; what is beyond is cut. A guest's error may be as long as its memory.
pub const LINE_BYTES_MAX: usize = 4 << 10;

/// The most lines that a follower may lag behind before it misses some, and is told so.
const FOLLOWER_LAG_LINES_MAX: usize = 1024;

/// Who wrote a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The host, about the deployment.
    Host,
    /// A guest, on standard output.
    Stdout,
    /// A guest, on standard error.
    Stderr,
}

impl Source {
    /// The word for it in the admin API and in the command line's output.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        }
    }
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// When it was written.
    pub at: SystemTime,
    /// By whom.
    pub source: Source,
    /// What.
    pub text: String,
}

/// The log of one deployment, over all its revisions: the last lines, and a feed of those to come.
/// Each line also goes to the host's own log, under the deployment's name.
#[derive(Debug)]
pub struct DeploymentLog {
    name: String,
    kept: Mutex<Kept>,
    feed: broadcast::Sender<Line>,
}

#[derive(Debug, Default)]
struct Kept {
    lines: VecDeque<Line>,
    bytes: usize,
}

impl DeploymentLog {
    /// An empty log.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let feed = broadcast::Sender::new(FOLLOWER_LAG_LINES_MAX);
        Self { name: name.to_owned(), kept: Mutex::default(), feed }
    }

    /// Writes a line of the host's about what an operator has done.
    pub fn note(&self, text: impl Into<String>) {
        let text = cut(text.into());
        tracing::info!("deployment={}: {}", self.name, escaped(&text));
        self.keep(Source::Host, text);
    }

    /// Writes a line of the host's about what has gone wrong.
    pub fn warn(&self, text: impl Into<String>) {
        let text = cut(text.into());
        tracing::warn!("deployment={}: {}", self.name, escaped(&text));
        self.keep(Source::Host, text);
    }

    /// The lines that are kept, oldest first, and a feed of all that come after them.
    #[must_use]
    pub fn follow(&self) -> (Vec<Line>, broadcast::Receiver<Line>) {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        // Under the lock, so that no line falls between the two.
        let feed = self.feed.subscribe();
        (kept.lines.iter().cloned().collect(), feed)
    }

    fn keep(&self, source: Source, text: String) {
        let line = Line { at: SystemTime::now(), source, text };
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.bytes = kept.bytes.saturating_add(line.text.len());
        kept.lines.push_back(line.clone());
        while kept.lines.len() > LINES_MAX || kept.bytes > BYTES_MAX {
            let Some(oldest) = kept.lines.pop_front() else { break };
            kept.bytes = kept.bytes.saturating_sub(oldest.text.len());
        }
        // Nobody may be following.
        let _followers = self.feed.send(line);
    }
}

impl GuestOutput for DeploymentLog {
    fn line(&self, stream: Stream, line: &str) {
        let source = match stream {
            Stream::Stdout => Source::Stdout,
            Stream::Stderr => Source::Stderr,
        };
        let line = cut(line.to_owned());
        // The name first: what a guest writes cannot pass for the name of another.
        let (name, stream) = (&self.name, source.as_str());
        tracing::info!("deployment={name} {stream}: {}", escaped(&line));
        self.keep(source, line);
    }
}

/// The line, if it is short enough, or its beginning with a mark.
fn cut(mut line: String) -> String {
    if line.len() > LINE_BYTES_MAX {
        line.truncate(line.floor_char_boundary(LINE_BYTES_MAX));
        line.push_str(" [cut]");
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_lines_go_first() {
        let log = DeploymentLog::new("d");
        for number in 0..=LINES_MAX {
            log.keep(Source::Host, number.to_string());
        }
        let (lines, _feed) = log.follow();
        assert_eq!((lines.len(), lines[0].text.as_str()), (LINES_MAX, "1"));
    }

    #[test]
    fn bytes_are_bounded_as_well() {
        let log = DeploymentLog::new("d");
        log.keep(Source::Host, "x".repeat(BYTES_MAX));
        log.keep(Source::Host, "y".into());
        assert_eq!(log.follow().0.len(), 1);
    }

    #[test]
    fn a_long_line_is_cut_on_a_code_point() {
        let log = DeploymentLog::new("d");
        log.warn("é".repeat(LINE_BYTES_MAX));
        let (lines, _feed) = log.follow();
        assert_eq!(lines[0].text, format!("{} [cut]", "é".repeat(LINE_BYTES_MAX / 2)));
    }

    #[test]
    fn a_follower_gets_what_comes_after_what_was_kept() {
        let log = DeploymentLog::new("d");
        log.keep(Source::Host, "before".into());
        let (lines, mut feed) = log.follow();
        log.keep(Source::Stderr, "after".into());
        assert_eq!(lines.len(), 1);
        assert_eq!(feed.try_recv().map(|line| line.text), Ok("after".into()));
    }
}
